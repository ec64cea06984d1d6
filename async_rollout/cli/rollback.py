"""`async-rollout rollback`: put back what a run changed, then replace what is new by what was there before."""

from __future__ import annotations

from async_rollout.cli.containers import Containers
from async_rollout.cli.options import Account, Asking, Viewing, Where
from async_rollout.cli.order import Order
from async_rollout.cli.restore import put_back


def rollback(
    where: Where, order: Order, account: Account, containers: Containers, viewing: Viewing, asking: Asking
) -> int:
    """Put back what an unfinished run changed, then replace what is new by what was there before.

    A live run, also one on another machine, is told to do so, and this one waits until it has. It takes the options of
    run, as restore does. Of a run that has ended there is no record any more: run with --launch-template-version.
    """
    return put_back("rollback", where, order, account, containers, viewing)
