"""Rollouts whose launches AWS answers, stopped everywhere: the worlds, who comes after, and what no launch may become.

A launch that was asked for is lost if nobody keeps or ends what it brought, doubled if it brings more than was meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from async_rollout.core.journal import Goal
from async_rollout.core.spec import LaunchCall
from async_rollout.core.zones import spread
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.history import What
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.simulation import AWS, OWNER, Simulation
from support.laws.kill_worlds import SPEC, Story, of, small
from support.laws.kills import End, Fate, Way, picture, told, wrong
from support.simulation import Run

CALL = "autoscaling:LaunchInstances"
AUTO = replace(SPEC, launch=LaunchCall.AUTO)


@dataclass(frozen=True, kw_only=True)
class Next:
    """Who comes after the first: what for, by which call, and what goes wrong with its own."""

    goal: Goal = Goal.REPLACE
    launch: LaunchCall = LaunchCall.AUTO
    faults: tuple[Fault, ...] = ()

    def of(self, story: Story) -> Story:
        return replace(story, next=replace(story.spec, launch=self.launch), faults=self.faults)


_NO_PERMISSION = (Fault(kind=FaultKind.DENIED, action=CALL),)
NEXT: Mapping[str, Next] = MappingProxyType(
    {
        "again": Next(),
        "without the permission": Next(faults=_NO_PERMISSION),
        "by desired capacity": Next(launch=LaunchCall.DESIRED),
        "restore": Next(goal=Goal.RESTORE),
        "restore without the permission": Next(goal=Goal.RESTORE, faults=_NO_PERMISSION),
    }
)
"""Whoever comes next, by name."""


def _first_zone_dry(world: Simulation, **shape: object) -> None:
    small(world, **shape)  # type: ignore[arg-type]
    world.troubles["web"].dry_zones = frozenset(world.state.groups["web"].zones[:1])


def _slow(world: Simulation, **shape: object) -> None:
    small(world, **shape)  # type: ignore[arg-type]
    world.troubles["web"].answering = 25.0


_TWO = {"size": 2, "old": 2, "zones": 2, "maximum": 2}
_READ = {
    "the field does not rise": Readings(raises_desired=False),
    "the maximum is no bound": Readings(bounded_by_maximum=False),
    "Launch may be suspended": Readings(needs_launch=False),
    "neither rises nor is bound": Readings(raises_desired=False, bounded_by_maximum=False, needs_launch=False),
}
ANSWERED: Mapping[str, Story] = MappingProxyType(
    {
        "one": of(AUTO),
        "two zones": of(AUTO, **_TWO),
        "two in one call": of(replace(AUTO, max_surge=2), **_TWO | {"zones": 1}),
        "two at once": of(replace(AUTO, max_surge=2), **_TWO),
        "surge and gap": of(replace(AUTO, max_unavailable=1), **_TWO),
        "the first zone is dry": Story(build=partial(_first_zone_dry, zones=2), spec=AUTO),
        "AWS works on it": Story(build=partial(_slow, zones=2), spec=AUTO),
        **{name: replace(of(AUTO, **_TWO), readings=readings) for name, readings in _READ.items()},
        "two in one call that do not rise": replace(
            of(replace(AUTO, max_surge=2), **_TWO | {"zones": 1}), readings=Readings(raises_desired=False)
        ),
    }
)
"""Every story by name: what is left open by AWS read in each way, and what may come of one call."""


def stopped(
    story: Story, then: Next, *, launches: bool, every: int, first: int = 0
) -> Iterator[tuple[Fate, list[str]]]:
    """Stopped in each way: how, and what is wrong. launches: only at launches, and at what is beside them.

    every: each way takes one point in so many, the next way its own; first: which.
    """
    undisturbed = told(story, Fate(), then.goal)
    points = undisturbed.points
    yield Fate(), list(lines_of(story, undisturbed, then, undisturbed))
    chosen = [at for at in range(len(points)) if not launches or CALL in points[max(0, at - 1) : at + 2]]
    for number, way in enumerate(Way, first):
        for at in chosen[number % every :: every]:
            yield once(story, then, way, at, undisturbed)


def once(story: Story, then: Next, way: Way, at: int, undisturbed: End) -> tuple[Fate, list[str]]:
    """Stopped at one point in one way."""
    fate = Fate(way=way, at=at)
    end = told(then.of(story), fate, then.goal, same_machine=at % 2 == 0)
    over = way is Way.WAITING and at == len(undisturbed.points) - 1
    return fate, list(lines_of(story, end, then, undisturbed, over=over)) if end.struck else [
        "it never came to this point"
    ]


def lines_of(story: Story, end: End, then: Next, undisturbed: End, *, over: bool = False) -> Iterable[str]:
    """Every law of a stopped rollout, and those of launches. over: the last act had been taken as it was stopped."""
    more = int(end.stopped and (then.launch is LaunchCall.DESIRED or bool(then.faults)))  # AWS chose the zones
    more += story.old if over or end.way is Way.CANCELLED else 0  # where all is put back, whoever comes begins anew
    return (
        *wrong(story, end, then.goal, picture(undisturbed.run)),
        *no_launch_is_lost(end.run),
        *no_launch_is_doubled(end.run, more=more),
    )


def launched(run: Run) -> list[tuple[str, tuple[str, ...]]]:
    """Each call of LaunchInstances that AWS took as a new one, by the world's own count: its token and what came."""
    told = [one.detail for one in run.world.record if one.what is What.LAUNCH_INSTANCES and ": " in one.detail]
    return [(detail.split(" ")[0], tuple(detail.partition(": ")[2].split())) for detail in told]


def no_launch_is_lost(run: Run) -> Iterator[str]:
    """Law 7: whoever came by a launch is a member, or was ended by us; and none is more than desired counts."""
    ended = {one.instance for one in run.world.record if one.what is What.TERMINATE and one.who == OWNER}
    for token, ids in launched(run):
        if lost := set(ids) - run.members - ended:
            yield f"law 7: {sorted(lost)} came by {token} and were ended by nobody of ours"
    if len(run.members) != run.left.desired:
        yield f"law 7: {len(run.members)} members, desired is {run.left.desired}"


def no_launch_is_doubled(run: Run, *, more: int = 0) -> Iterator[str]:
    """Law 6: no token launches twice, and as many came as went: each old one has one successor. more: beyond them."""
    for token, often in Counter(token for token, ids in launched(run) if ids).items():
        if often > 1:
            yield f"law 6: {token} launched {often} times"
    came = {one.instance for one in run.world.record if one.what is What.LAUNCH and one.who == AWS} - run.found_ids
    gone = run.found_ids - run.members
    if len(came & run.members) != len(gone):
        yield f"law 6: {len(came & run.members)} new ones for {len(gone)} that went"
    if len(came) > len(run.found_ids) + more:
        yield f"law 6: {len(came)} were launched for {len(run.found_ids)}"
    zones = Counter(dict.fromkeys(run.left.zones, 0))
    zones.update(one.zone for one in run.world.state.members(run.group))
    if spread(zones) > 1:
        yield f"law 6: {dict(zones)} at the end: one more launch is to come"
