"""`async-rollout plan`: what `run` would do. Its client raises on any call that is not a read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.containers import Containers, reached
from async_rollout.cli.naming import groups_of
from async_rollout.cli.options import Account, Fleet, Viewing, Where
from async_rollout.cli.order import Order, spec_of
from async_rollout.cli.plans import AtOnce, cloud_lines, fleet_lines, fleet_time, patiently, plan_data, whose_cloud
from async_rollout.core.plan import Plan

WORK = 8
REFUSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is told, and how."""

    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", envvar="ASYNC_ROLLOUT_DETAILED_EXITCODE", show_envvar=False,
            help="Exit 8 if there is anything to replace.",
        ),
    ] = False  # fmt: skip
    json: Annotated[
        bool,
        typer.Option("--json", envvar="ASYNC_ROLLOUT_JSON", show_envvar=False, help="The same as --output json."),
    ] = False


def plan(
    where: Where, order: Order, fleet: Fleet, account: Account, containers: Containers, viewing: Viewing, detail: Detail
) -> int:
    """Show what run would do; change nothing.

    Exits 3 if run would refuse a group.
    """

    async def story(console: Console) -> int:
        from async_rollout.aws.session import connect
        from async_rollout.engine.preview import plan as planned

        spec = spec_of(order)
        async with (
            connect(**reached(account, containers, order), tell=console.tell, readonly=True) as cloud,
            patiently(cloud, console),
        ):
            async with groups_of(cloud, console, where.autoscaler) as names:
                plans = await planned(cloud.groups(*names), spec)
            whose = await whose_cloud(cloud)
            at_once = AtOnce(most=fleet.max_groups, carried=cloud.groups_at_once)
        if console.json:
            console.records("plan", [{**whose, **plan_data(group_plan)} for group_plan in plans])
        else:
            blocks = fleet_lines(plans, at_once, verbose=console.verbose)
            together = fleet_time(plans, at_once)
            console.result(*cloud_lines(whose, together, time.time()), *blocks)
        return _code(plans, detailed=detail.detailed_exitcode)

    shown = replace(viewing, output="json") if detail.json else viewing
    return run_command("plan", shown, story, groups=where.autoscaler)


def _code(plans: Sequence[Plan], *, detailed: bool) -> int:
    if any(group_plan.objections for group_plan in plans):
        return REFUSED
    return WORK if detailed and any(group_plan.work for group_plan in plans) else 0
