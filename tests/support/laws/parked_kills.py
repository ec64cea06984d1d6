"""Rollouts whose before-command fails, stopped everywhere: whoever comes next parks the same ones, and ends nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from async_rollout.core.journal import Goal
from async_rollout.core.spec import HookPoint, Hooks
from async_rollout.sandbox.history import What
from support.laws.kill_worlds import SPEC, Story, of
from support.laws.kills import End, Fate, Way, told
from support.simulation import ours

FAILING = replace(SPEC, hooks=Hooks(before_terminate="leave"))
IN_PLACE = replace(FAILING, max_surge=0, max_unavailable=1)


def _failing(story: Story) -> Story:
    return replace(story, failing=(HookPoint.BEFORE_TERMINATE,))


WORLDS: Mapping[str, Story] = MappingProxyType(
    {
        "below the maximum": _failing(of(FAILING, minimum=1, maximum=4)),
        "two at the maximum": _failing(of(FAILING, size=2, minimum=2, maximum=2)),
        "in place": _failing(of(IN_PLACE, size=2, minimum=0, maximum=2)),
        "health by ELB": _failing(of(FAILING, minimum=1, edit=lambda group: replace(group, health_check_type="ELB"))),
    }
)


def stopped(story: Story, then: Goal, way: Way, *, every: int, first: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Stopped at one point in so many, the number of each and what went wrong; the last one is not stopped."""
    undisturbed = told(story, Fate(), then)
    yield -1, wrong(undisturbed)
    for at in range(first, len(undisturbed.points), every):
        end = told(story, Fate(way=way, at=at), then, same_machine=at % 2 == 0)
        yield at, wrong(end) if end.struck else [f"it never came to point {at}"]


def wrong(end: End) -> list[str]:
    """What is not as it should be after all, in words."""
    run, group = end.run, end.run.left
    members = run.world.members("web")
    serving = [one.id for one in members if one.in_service]
    stood = [one.id for one in members if one.lifecycle == "Standby"]
    deeds = [one for one in run.world.record if one.who == "owner"]
    parked = Counter(one.instance for one in deeds if one.what is What.STANDBY)
    ended = {one.instance for one in deeds if one.what is What.TERMINATE}.intersection(run.found_ids)
    sizes = [(each.minimum, each.desired, each.maximum) for each in (group, run.found)]
    told = {id for _, id in end.commands.ended}
    failed = told.intersection(run.found_ids)  # our own surplus goes whatever its command says
    checks = {
        f"law 16: it ended with {run.result.verdict.code}, {stood} stand by": run.result.verdict.code in (0, 6),
        f"law 10: {sorted(ended)} were terminated, and their command failed": not ended,
        f"law 4: parked were {dict(parked)}": set(parked.values()) <= {1} and set(parked) == set(stood) <= told,
        f"law 10: the command of {sorted(failed)} failed, and nobody stands by": bool(stood) or not failed,
        f"law 7: sizes are {sizes[0]}, {sizes[1]} were found": sizes[0] == sizes[1],
        f"law 7: {len(serving)} serve of {group.desired}": len(serving) == group.desired,
        f"law 7: {group.suspended} stay suspended": not group.suspended,
        f"law 7: {ours(group)} are left": not ours(group),
        "law 7: one that serves is missing from a source": all(
            run.world.state.registered(source, id) for source in group.source_ids for id in serving
        ),
        "law 7: one that stands by is at a source": not any(
            run.world.state.registered(source, id) for source in group.source_ids for id in stood
        ),
    }
    return [line for line, holds in checks.items() if not holds]
