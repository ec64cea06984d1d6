"""Plans in words and as data: what `plan` prints, and what `run` shows before it asks."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio

from async_rollout.cli.columns import columns
from async_rollout.cli.recorded import recorded_lines
from async_rollout.core.plan import Plan
from async_rollout.core.wording import told_of, words_of
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud
    from async_rollout.cli.console import Console

IDENTITY = 5.0
"""Seconds that STS gets to say whose account it is; a network without a way to it must not hold the plan up."""

PATIENCE = 10.0
"""Seconds in which nothing is seen, at the most."""


async def whose_cloud(cloud: AwsCloud) -> dict[str, Any]:
    """Account, region and when the credentials end; the account is None where STS does not say."""
    with anyio.move_on_after(IDENTITY):
        identity = await cloud.identity()
        return {"account": identity.account, "region": identity.region, "expires_at": identity.expires_at}
    return {"account": None, "region": None, "expires_at": None}


@asynccontextmanager
async def patiently(cloud: AwsCloud, console: Console, *, every: float = PATIENCE) -> AsyncIterator[None]:
    """Say that the look at many groups goes on: AWS's request buckets make it last minutes."""

    async def remind() -> None:
        while True:
            await anyio.sleep(every)
            console.say(f"still looking, {sum(cloud.calls.values())} calls so far")

    async with anyio.create_task_group() as beside:
        beside.start_soon(remind)
        yield
        beside.cancel_scope.cancel()


def cloud_lines(whose: Mapping[str, Any], time: Time, now: float) -> Iterator[str]:
    """Whose groups these are; and that the credentials end before the rollout does, where they do or may."""
    yield f"account {safe(whose['account'] or 'unknown')}, region {safe(whose['region'] or 'unknown')}"
    ends = whose["expires_at"]
    if ends is not None and ends - now < time.worst:
        until = datetime.fromtimestamp(ends, UTC).strftime("%H:%M:%S UTC")
        sure = "before the rollout is expected to" if ends - now < time.expected else "before the rollout does at worst"
        yield f"note: the credentials end at {until}, in {lasting(ends - now)}, {sure}"
        yield "      where nothing renews them by then, it pauses until something does"


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Seconds that all groups take together."""

    expected: float
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """How many groups go at once: as the owner says, and as AWS's request rate carries. None: all."""

    most: int | None = None
    carried: int | None = None

    def of(self, count: int) -> int:
        """Of so many."""
        return min(count, self.most or count, self.carried or count)

    def wait(self, count: int) -> int:
        """Of so many those that wait because AWS's request rate carries no more."""
        return max(0, min(count, self.most or count) - (self.carried or count))


def fleet_time(plans: Sequence[Plan], at_once: AtOnce) -> Time:
    """Groups begin in turn, each as soon as there is room for it; those under way are not foreseen, and not counted."""
    busy = [plan for plan in plans if plan.work and not plan.objections and plan.record is None]
    places = at_once.of(len(busy)) or 1
    return Time(
        expected=_together([plan.expected_seconds for plan in busy], places),
        worst=_together([plan.worst_seconds for plan in busy], places),
    )


def _together(each: Sequence[float], at_once: int) -> float:
    ends = [0.0] * at_once
    for seconds in each:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


def fleet_lines(plans: Sequence[Plan], at_once: AtOnce, *, verbose: bool = False) -> list[str]:
    """All plans, a block a group; of several groups then a table, and how many go at once. verbose: each act too."""
    blocks = [line for plan in plans for line in plan_lines(plan, verbose=verbose)]
    return blocks + (list(_overview(plans, at_once)) if len(plans) > 1 else [])


def _overview(plans: Sequence[Plan], at_once: AtOnce) -> Iterator[str]:
    """A line a group: with many of them, the blocks have scrolled by before anybody is asked."""
    head = ("group", "replaces", "launched from", "floor-ceiling", "time (at worst)")
    yield ""
    yield from columns([head, *map(_in_short, plans)])
    yield together_line(plans, at_once)


def together_line(plans: Sequence[Plan], at_once: AtOnce) -> str:
    """How many groups go at once, how many wait for their turn, and how long all take."""
    places, waits = at_once.of(len(plans)), at_once.wait(len(plans))
    together = fleet_time(plans, at_once)
    turn = f" ({waits} wait{'s' * (waits == 1)} for a turn: the calls this account allows)" if waits else ""
    count = f"{len(plans)} groups, {'all' if places == len(plans) else f'at most {places}'} at once{turn}"
    begun = sum(plan.record is not None for plan in plans)
    but = f"; {begun} under way or left in the middle not counted" if begun else ""
    return f"{count}: {lasting(together.expected)} expected, {lasting(together.worst)} at worst{but}"


def _in_short(plan: Plan) -> tuple[str, ...]:
    if plan.record is not None:
        left = f"{len(plan.old)} left of {plan.record.old}" if plan.record.old else f"{len(plan.old)} left"
        return safe(plan.group), left, _origin(plan), f"{plan.floor}-{plan.ceiling}", "not foreseen"
    if plan.objections or not plan.work:
        return safe(plan.group), "refused" if plan.objections else "nothing", "", "", ""
    time = f"{lasting(plan.expected_seconds)} ({lasting(plan.worst_seconds)})"
    count = f"{len(plan.old)} of {plan.members}"
    return safe(plan.group), count, _origin(plan), f"{plan.floor}-{plan.ceiling}", time


def _origin(plan: Plan) -> str:
    """What old ones were launched from, and what new ones are."""
    old = list(dict.fromkeys(safe(instance.launched_from) for instance in plan.going))
    new = safe(plan.template) or "unknown"
    if old == [new]:
        return f"{new} (unchanged)"
    home, _, version = new.rpartition(":")
    same = home and all(origin.startswith(f"{home}:") for origin in old)
    return f"{' and '.join(old) or 'unknown'} -> {version if same else new}"


def plan_lines(plan: Plan, *, verbose: bool = False) -> Iterator[str]:
    """What `run` would do with one group."""
    if plan.record is not None:
        yield from recorded_lines(plan, plan.record)
        return
    yield f"{safe(plan.group)}: {_verb(plan)}"
    if plan.going:
        rows = [("#", "instance", "zone", "launched from", ""), *_rows(plan)]
        yield from (f"  {line}" for line in columns(rows))
    yield from (f"  {line}" for line in columns(list(_facts(plan))))
    yield from (f"  note: {safe(note)}" for note in plan.notes)
    yield from (f"  refused: {safe(why)}" for why in plan.objections)
    if verbose:
        yield from (f"  at {lasting(step.at):>7}  {safe(words_of(step.action))}" for step in plan.steps)


def _verb(plan: Plan) -> str:
    if plan.objections:
        return "refused, nothing would be changed"
    return f"replaces {len(plan.old)} of {plan.members}" if plan.work else "nothing to replace"


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    for number, instance in enumerate(plan.going, 1):
        odd = ["in Standby"] * instance.standby + ["protected from scale-in"] * instance.protected
        odd += [instance.health] * (instance.health != "Healthy")
        yield str(number), safe(instance.id), safe(instance.zone), safe(instance.launched_from), safe(", ".join(odd))


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.skipped:
        yield "left alone", ", ".join(safe(id) for id in plan.skipped)
    if plan.work:
        more = plan.exist_at_most - plan.base
        yield "launched from", _origin(plan)
        if plan.sets:
            yield "sets", f"what is launched from to {safe(told_of(plan.sets))}"
        yield "available", f"{plan.floor} at least (floor), of {plan.base}"
        yield "at once", f"{plan.ceiling} booting and serving (ceiling); at most {plan.base} + {more} instances exist"
        yield from _suspends(plan.suspends)
        yield "raises", f"maximum to {plan.maximum}" if plan.maximum is not None else "no limit"
    for point, words in plan.hooks:
        yield from _hook(point, words)
    if plan.work:
        yield "time", f"{lasting(plan.expected_seconds)} expected, {lasting(plan.worst_seconds)} at worst"


def _suspends(processes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two a line, for terminals of 80 columns."""
    yield "suspends", ", ".join(processes[:2]) or "nothing"
    if rest := processes[2:]:
        yield "", ", ".join(rest)


def _hook(point: str, words: str) -> Iterator[tuple[str, str]]:
    """Word for word; a command of several lines stays several."""
    first, *others = words.splitlines() or [""]
    yield safe(point), safe(first)
    yield from (("", f"| {safe(line)}") for line in others)


def plan_data(plan: Plan) -> dict[str, object]:
    """One plan as `--output json` gives it."""
    return {
        "account": plan.account,
        "region": plan.region,
        "run": plan.record.run if plan.record else "",
        "group": plan.group,
        "work": plan.work,
        "base": plan.base,
        "floor": plan.floor,
        "ceiling": plan.ceiling,
        "exist_at_most": plan.exist_at_most,
        "old": plan.old,
        "going": [asdict(instance) for instance in plan.going],
        "members": plan.members,
        "template": plan.template,
        "sets": plan.sets,
        "skipped": plan.skipped,
        "suspends": plan.suspends,
        "maximum": plan.maximum,
        "hooks": dict(plan.hooks),
        "expected_seconds": plan.expected_seconds,
        "worst_seconds": plan.worst_seconds,
        "notes": plan.notes,
        "objections": plan.objections,
        "record": asdict(plan.record) if plan.record else None,
        "steps": [{"at": step.at, "action": words_of(step.action)} for step in plan.steps],
    }
