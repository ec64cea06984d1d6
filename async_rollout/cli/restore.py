"""`async-rollout restore`: put back what a run changed and did not finish."""

from __future__ import annotations

from async_rollout.cli.command import counted, run_command
from async_rollout.cli.console import Console
from async_rollout.cli.containers import Containers, reached
from async_rollout.cli.naming import groups_of
from async_rollout.cli.options import Account, Asking, Viewing, Where, named
from async_rollout.cli.order import Order, commands_of, spec_of


def put_back(verb: str, where: Where, order: Order, account: Account, containers: Containers, viewing: Viewing) -> int:
    """What `restore` and `rollback` do."""

    async def story(console: Console) -> int:
        from async_rollout.aws.session import connect
        from async_rollout.cli.signals import Signals, heeded
        from async_rollout.engine import fleet
        from async_rollout.engine.halt import Halt

        halt, spec, done = Halt(), spec_of(order), {"restore": fleet.restore, "rollback": fleet.rollback}[verb]
        signals = Signals(halt, console, spec, named(where.autoscaler))
        with heeded(signals):
            async with connect(**reached(account, containers, order), tell=console.tell) as cloud:
                async with groups_of(cloud, console, where.autoscaler) as names:
                    with counted(cloud, console):
                        summary = await done(cloud.groups(*names), spec, tell=console.tell, halt=halt)
                signals.code = summary.code
        return summary.code

    return run_command(verb, viewing, story, groups=where.autoscaler, typed=commands_of(order))


def restore(
    where: Where, order: Order, account: Account, containers: Containers, viewing: Viewing, asking: Asking
) -> int:
    """Put back what an unfinished run changed.

    A live run, also one on another machine, is told to stop first. It takes the options of run: the same line with
    restore in the place of run uses the same commands and limits. It never asks: with -y or without.
    """
    return put_back("restore", where, order, account, containers, viewing)
