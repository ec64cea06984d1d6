"""`async-rollout run`: roll groups; resumes by itself what a killed run began."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from async_rollout.cli.ask import agree, can_ask
from async_rollout.cli.conduct import conduct, counted
from async_rollout.cli.desk import Desk
from async_rollout.cli.options import Account, Asking, Fleet, Order, Viewing, Where, named, spec_of
from async_rollout.cli.plans import cloud_lines, fleet_lines, fleet_time, patiently, whose_cloud
from async_rollout.core.plan import Plan
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.safe import safe

NAMED = 5
"""So many groups are named in the question; the table above it has them all."""


def run(where: Where, order: Order, fleet: Fleet, account: Account, viewing: Viewing, asking: Asking) -> int:
    """Replace every instance of groups, without downtime.

    It goes on by itself with what a killed run began. On a terminal it shows the plan and asks first, unless -y is
    given or CI is set.
    """

    async def story(desk: Desk) -> int:
        spec = spec_of(order)
        if can_ask():
            await _shown(desk, where, spec, fleet, account, ask=not asking.yes)
        return await rolled(desk, where, spec, fleet, account)

    return conduct("run", viewing, story, groups=where.autoscaler)


async def rolled(desk: Desk, where: Where, spec: RolloutSpec, fleet: Fleet, account: Account) -> int:
    """Roll the groups, heeding the signals until all is closed; gives the exit code."""
    from async_rollout.aws.session import connect
    from async_rollout.cli.signals import Signals, heeded
    from async_rollout.engine.fleet import roll_out
    from async_rollout.engine.halt import Halt

    halt, names = Halt(), named(where.autoscaler)
    signals = Signals(halt, desk, spec, names)
    with heeded(signals):
        async with connect(**asdict(account), tell=desk.tell) as cloud:
            with counted(cloud, desk):
                summary = await roll_out(
                    cloud.groups(*names),
                    spec,
                    tell=desk.tell,
                    max_groups=fleet.max_groups,
                    fail_fast=fleet.fail_fast,
                    halt=halt,
                )
            signals.code = summary.code
    return summary.code


async def _shown(desk: Desk, where: Where, spec: RolloutSpec, fleet: Fleet, account: Account, *, ask: bool) -> None:
    """The plan to read, and the question. Where there is nothing to do or all is refused, the run says so itself."""
    from async_rollout.aws.session import connect
    from async_rollout.engine.preview import plan

    names = named(where.autoscaler)
    desk.say(f"looking at {len(names)} group{'s' * (len(names) != 1)}; nothing is changed yet")
    async with connect(**asdict(account), tell=desk.tell, readonly=True) as cloud:
        async with patiently(cloud, desk):
            plans = await plan(cloud.groups(*names), spec)
            whose = await whose_cloud(cloud)
        together = fleet_time(plans, fleet.max_groups)
        desk.say(*cloud_lines(whose, together, time.time()), *fleet_lines(plans, fleet.max_groups))
    workable = [one for one in plans if one.work and not one.objections]
    if ask and workable:
        count = sum(len(one.old) for one in workable)
        await agree(desk, f"Replace {count} instance{'s' * (count != 1)} of {_named(workable)}?")


def _named(plans: Sequence[Plan]) -> str:
    names = [safe(one.group) for one in plans]
    return (
        ", ".join(names) if len(names) <= NAMED else f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more groups"
    )
