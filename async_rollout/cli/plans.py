"""Plans in words and as data: what `plan` prints, and what `run` shows before it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import anyio

from async_rollout.core.plan import Plan
from async_rollout.engine.wording import words_of
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud

IDENTITY = 5.0
"""Seconds that STS gets to say whose account it is; a network without a way to it must not hold the plan up."""


async def whose_cloud(cloud: AwsCloud) -> dict[str, str | None]:
    """Account and region; the account is None where STS does not say."""
    with anyio.move_on_after(IDENTITY):
        identity = await cloud.identity()
        return {"account": identity.account, "region": identity.region}
    return {"account": None, "region": None}


def cloud_line(whose: Mapping[str, str | None]) -> str:
    """Whose groups these are."""
    return f"account {safe(whose['account'] or 'unknown')}, region {safe(whose['region'] or 'unknown')}"


def fleet_lines(plans: Sequence[Plan], max_groups: int | None, *, verbose: bool = False) -> list[str]:
    """All plans, a block a group, and how many groups go at once. verbose: each expected act too."""
    at_once = min(len(plans), max_groups or len(plans))
    count = f"{len(plans)} groups, {'all' if at_once == len(plans) else f'at most {at_once}'} at once"
    blocks = [line for plan in plans for line in plan_lines(plan, verbose=verbose)]
    return blocks + ([count] if len(plans) > 1 else [])


def plan_lines(plan: Plan, *, verbose: bool = False) -> Iterator[str]:
    """What `run` would do with one group."""
    yield f"{safe(plan.group)}: {_verb(plan)}"
    yield from (f"  {number}. {safe(id)}" for number, id in enumerate(plan.old, 1))
    yield from _changes(plan)
    for point, words in plan.hooks:
        yield from _hook(point, words)
    if plan.work:
        yield f"  expected: {lasting(plan.expected_seconds)}; at worst: {lasting(plan.worst_seconds)}"
    yield from (f"  note: {safe(note)}" for note in plan.notes)
    yield from (f"  refused: {safe(why)}" for why in plan.objections)
    if verbose:
        yield from (f"  at {lasting(step.at):>7}  {safe(words_of(step.action))}" for step in plan.steps)


def _verb(plan: Plan) -> str:
    if plan.objections:
        return "refused, nothing would be changed"
    if not plan.work:
        return "nothing to replace"
    return f"replaces {len(plan.old)} of {plan.base}, in this order:"


def _changes(plan: Plan) -> Iterator[str]:
    if plan.skipped:
        yield f"  left alone: {', '.join(safe(id) for id in plan.skipped)}"
    if not plan.work:
        return
    yield f"  suspends: {', '.join(plan.suspends) or 'nothing'}"
    yield f"  raises: {f'maximum to {plan.maximum}' if plan.maximum is not None else 'no limit'}"
    more = plan.exist_at_most - plan.base
    yield f"  floor {plan.floor}, ceiling {plan.ceiling}; at most {plan.base} + {more} instances exist"


def _hook(point: str, words: str) -> Iterator[str]:
    """Word for word; a command of several lines stays several."""
    first, *others = words.splitlines() or [""]
    yield f"  {safe(point)}: {safe(first)}"
    yield from (f"  {' ' * len(point)}| {safe(line)}" for line in others)


def plan_data(plan: Plan) -> dict[str, object]:
    """One plan as `--output json` gives it."""
    return {
        "group": plan.group,
        "work": plan.work,
        "base": plan.base,
        "floor": plan.floor,
        "ceiling": plan.ceiling,
        "exist_at_most": plan.exist_at_most,
        "old": plan.old,
        "skipped": plan.skipped,
        "suspends": plan.suspends,
        "maximum": plan.maximum,
        "hooks": dict(plan.hooks),
        "expected_seconds": plan.expected_seconds,
        "worst_seconds": plan.worst_seconds,
        "notes": plan.notes,
        "objections": plan.objections,
        "steps": [{"at": step.at, "action": words_of(step.action)} for step in plan.steps],
    }
