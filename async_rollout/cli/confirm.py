"""What a run is about to do, shown on a terminal before it begins, and the question whether to do it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from async_rollout.cli.ask import agree
from async_rollout.cli.console import Console
from async_rollout.cli.naming import groups_of
from async_rollout.cli.options import Fleet, Where
from async_rollout.cli.plans import AtOnce, cloud_lines, fleet_lines, fleet_time, patiently, together_line, whose_cloud
from async_rollout.cli.summary import WHOLE, summary_lines
from async_rollout.core.plan import Plan
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.safe import safe

NAMED = 5
"""So many groups are named in the question; the table above it has them all."""


async def confirm(
    console: Console, where: Where, spec: RolloutSpec, fleet: Fleet, reach: Mapping[str, Any], *, terminal: int | None
) -> tuple[str, ...]:
    """The plan to read, and the question, at the terminal if there is one; gives the names of the groups it is about.

    Where there is nothing to do or all is refused, the run says so itself.
    """
    from async_rollout.aws.session import connect
    from async_rollout.engine.preview import plan

    async with connect(**reach, tell=console.tell, readonly=True) as cloud:
        async with groups_of(cloud, console, where.autoscaler) as names, patiently(cloud, console):
            console.say(f"looking at {len(names)} group{'s' * (len(names) != 1)}; nothing is changed yet")
            plans = await plan(cloud.groups(*names), spec)
            whose = await whose_cloud(cloud)
        at_once = AtOnce(most=fleet.max_groups, carried=cloud.groups_at_once)
        together = fleet_time(plans, at_once)
        console.say(*cloud_lines(whose, together, time.time()), *_shown(plans, at_once, verbose=console.verbose))
    workable = [group_plan for group_plan in plans if group_plan.work and not group_plan.objections]
    if terminal is not None and workable:
        count = sum(len(group_plan.old) for group_plan in workable)
        await agree(console, terminal, f"Replace {count} instance{'s' * (count != 1)} of {_named(workable)}?")
    return names


def _shown(plans: Sequence[Plan], at_once: AtOnce, *, verbose: bool) -> list[str]:
    """Each plan whole where they fit a screen or every act is wanted; else one summary of them all."""
    if len(plans) <= WHOLE or verbose:
        return fleet_lines(plans, at_once, verbose=verbose)
    return [*summary_lines(plans), together_line(plans, at_once)]


def _named(plans: Sequence[Plan]) -> str:
    names = [safe(group_plan.group) for group_plan in plans]
    return (
        ", ".join(names) if len(names) <= NAMED else f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more groups"
    )
