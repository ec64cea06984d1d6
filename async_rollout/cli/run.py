"""`async-rollout run`: roll groups; resumes by itself what a killed run began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from async_rollout.cli.ask import may_begin, seat
from async_rollout.cli.command import counted, run_command
from async_rollout.cli.console import Console
from async_rollout.cli.containers import Containers, reached
from async_rollout.cli.naming import groups_of
from async_rollout.cli.options import Account, Asking, Fleet, Viewing, Where, named
from async_rollout.cli.order import Order, commands_of, spec_of
from async_rollout.core.spec import RolloutSpec


def run(
    where: Where, order: Order, fleet: Fleet, account: Account, containers: Containers, viewing: Viewing, asking: Asking
) -> int:
    """Replace every instance of groups, without downtime.

    It goes on by itself with what a killed run began. It shows the plan and asks first, unless -y is given or CI is
    set; without a terminal to ask at, one of the two has to be.
    """

    async def story(console: Console) -> int:
        spec, meant, reach = spec_of(order), where, reached(account, containers, order)
        with seat() as terminal:
            may_begin(terminal, yes=asking.yes)
            if terminal is not None:
                from async_rollout.cli.confirm import confirm

                names = await confirm(console, where, spec, fleet, reach, terminal=None if asking.yes else terminal)
                meant = Where(autoscaler=list(names))
        return await rolled(console, meant, spec, fleet, reach)

    return run_command("run", viewing, story, groups=where.autoscaler, typed=commands_of(order))


async def rolled(console: Console, where: Where, spec: RolloutSpec, fleet: Fleet, reach: Mapping[str, Any]) -> int:
    """Roll the groups, heeding the signals until all is closed; gives the exit code. reach: for `connect`."""
    from async_rollout.aws.session import connect
    from async_rollout.cli.signals import Signals, heeded
    from async_rollout.engine.fleet import roll_out
    from async_rollout.engine.halt import Halt

    halt = Halt()
    signals = Signals(halt, console, spec, named(where.autoscaler))
    with heeded(signals):
        async with connect(**reach, tell=console.tell) as cloud:
            async with groups_of(cloud, console, where.autoscaler) as names:
                with counted(cloud, console):
                    summary = await roll_out(
                        cloud.groups(*names),
                        spec,
                        tell=console.tell,
                        max_groups=fleet.max_groups,
                        fail_fast=fleet.fail_fast,
                        halt=halt,
                    )
            signals.code = summary.code
    return summary.code
