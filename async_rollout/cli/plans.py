"""Plans in words and as data: what `plan` prints, and what `run` shows before it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio

from async_rollout.core.plan import Plan
from async_rollout.engine.wording import words_of
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud

IDENTITY = 5.0
"""Seconds that STS gets to say whose account it is; a network without a way to it must not hold the plan up."""


async def whose_cloud(cloud: AwsCloud) -> dict[str, Any]:
    """Account, region and when the credentials end; the account is None where STS does not say."""
    with anyio.move_on_after(IDENTITY):
        identity = await cloud.identity()
        return {"account": identity.account, "region": identity.region, "expires_at": identity.expires_at}
    return {"account": None, "region": None, "expires_at": None}


def cloud_lines(whose: Mapping[str, Any], plans: Sequence[Plan], now: float) -> Iterator[str]:
    """Whose groups these are; and that the credentials end before the rollout does, where they do."""
    yield f"account {safe(whose['account'] or 'unknown')}, region {safe(whose['region'] or 'unknown')}"
    ends = whose["expires_at"]
    if ends is not None and ends - now < max((one.expected_seconds for one in plans), default=0.0):
        until = datetime.fromtimestamp(ends, UTC).strftime("%H:%M:%S UTC")
        yield f"note: the credentials end at {until}, in {lasting(ends - now)}, before the rollout is expected to"
        yield "      where nothing renews them by then, it pauses until something does"


def fleet_lines(plans: Sequence[Plan], max_groups: int | None, *, verbose: bool = False) -> list[str]:
    """All plans, a block a group, and how many groups go at once. verbose: each expected act too."""
    at_once = min(len(plans), max_groups or len(plans))
    count = f"{len(plans)} groups, {'all' if at_once == len(plans) else f'at most {at_once}'} at once"
    blocks = [line for plan in plans for line in plan_lines(plan, verbose=verbose)]
    return blocks + ([count] if len(plans) > 1 else [])


def plan_lines(plan: Plan, *, verbose: bool = False) -> Iterator[str]:
    """What `run` would do with one group."""
    yield f"{safe(plan.group)}: {_verb(plan)}"
    if plan.going:
        rows = [("#", "instance", "zone", "launched from", ""), *_rows(plan)]
        yield from (f"  {line}" for line in columns(rows))
    yield from (f"  {line}" for line in columns(list(_facts(plan))))
    yield from (f"  note: {safe(note)}" for note in plan.notes)
    yield from (f"  refused: {safe(why)}" for why in plan.objections)
    if verbose:
        yield from (f"  at {lasting(step.at):>7}  {safe(words_of(step.action))}" for step in plan.steps)


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells, each column as broad as its broadest cell."""
    broad = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, broad, strict=True)).rstrip()


def _verb(plan: Plan) -> str:
    if plan.objections:
        return "refused, nothing would be changed"
    return f"replaces {len(plan.old)} of {plan.members}" if plan.work else "nothing to replace"


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    for number, one in enumerate(plan.going, 1):
        odd = ["protected from scale-in"] * one.protected + [one.health] * (one.health != "Healthy")
        yield str(number), safe(one.id), safe(one.zone), safe(one.launched_from), safe(", ".join(odd))


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.skipped:
        yield "left alone", ", ".join(safe(id) for id in plan.skipped)
    if plan.work:
        more = plan.exist_at_most - plan.base
        yield "new ones from", safe(plan.template) or "unknown"
        yield "available", f"{plan.floor} at least (floor), of {plan.base}"
        yield "at once", f"{plan.ceiling} booting and serving (ceiling); at most {plan.base} + {more} instances exist"
        yield "suspends", ", ".join(plan.suspends) or "nothing"
        yield "raises", f"maximum to {plan.maximum}" if plan.maximum is not None else "no limit"
    for point, words in plan.hooks:
        yield from _hook(point, words)
    if plan.work:
        yield "time", f"{lasting(plan.expected_seconds)} expected, {lasting(plan.worst_seconds)} at worst"


def _hook(point: str, words: str) -> Iterator[tuple[str, str]]:
    """Word for word; a command of several lines stays several."""
    first, *others = words.splitlines() or [""]
    yield safe(point), safe(first)
    yield from (("", f"| {safe(line)}") for line in others)


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
        "going": [asdict(one) for one in plan.going],
        "members": plan.members,
        "template": plan.template,
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
