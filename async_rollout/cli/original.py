"""`aws-autoscaling-rollout`: `run` for command lines written for the original. Never asks; one after the other."""

from __future__ import annotations

import typer

from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.containers import Containers, reached
from async_rollout.cli.flat_options import with_flat_options
from async_rollout.cli.help import Helpful
from async_rollout.cli.options import Account, Fleet, Viewing, Where
from async_rollout.cli.order import Order, commands_of, spec_of
from async_rollout.cli.run import rolled
from async_rollout.core.amounts import Amount
from async_rollout.core.spec import Protected

FOOT = (
    "This is `async-rollout run` with --max-draining 0, --protected replace, --min-ready 0 and --canary-wait 0; it "
    "never asks."
)
ONE_BY_ONE = Amount(value=0)
"""A drain uses the surge's own place, as the original did."""


def app() -> typer.Typer:
    """The program: one command without a name."""
    program = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    program.command(cls=Helpful, epilog=FOOT)(with_flat_options(roll))
    return program


def roll(where: Where, order: Order, fleet: Fleet, account: Account, containers: Containers, viewing: Viewing) -> int:
    """Replace every instance of these groups, one after the other, without downtime."""

    async def story(console: Console) -> int:
        spec = spec_of(order, draining=ONE_BY_ONE, protected=Protected.REPLACE, min_ready=0.0, canary_wait=0.0)
        return await rolled(console, where, spec, fleet, reached(account, containers, order))

    return run_command("run", viewing, story, groups=where.autoscaler, typed=commands_of(order))
