"""Twenty groups are rolled at once, half of the releases fail and are rolled back; all are killed once meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import anyio
import pytest

from async_rollout import Summary, roll_out
from async_rollout.core.events import RolloutStarted
from async_rollout.core.journal import Journal
from async_rollout.core.spec import LaunchCall, Limits
from async_rollout.core.tags import from_tags
from async_rollout.core.templates import Back
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, clock
from support.simulation import ours
from support.switches import ROLLS, launches_from, pinned, versions

SPEC = replace(ROLLS, limits=Limits(healthy=300.0), launch=LaunchCall.AUTO)
RELAPSES, SICK, GOOD = "relapses", "sick", "good"
KINDS = {f"web-{number:02}": kind for number, kind in enumerate((RELAPSES, SICK, GOOD, GOOD) * 5)}
"""What becomes of the release in each of the groups."""


@dataclass(kw_only=True)
class Fleet:
    """What came of it. backs: how far each group's way back was when all were killed, by the record."""

    world: World
    found: dict[str, Group]
    told: Told = field(default_factory=Told)
    backs: dict[str, Back | None] = field(default_factory=dict)
    summary: Summary = field(default_factory=lambda: Summary(results=()))


def built(world: World) -> None:
    """Some are larger than others, so that they are at different places at any time."""
    for number, (name, kind) in enumerate(KINDS.items()):
        fails = 60.0 if kind == RELAPSES else None
        pinned(world, name=name, size=3 + number % 5, bad=kind == SICK, fails=fails)


def way_back(group: Group) -> Back | None:
    record = from_tags({tag.key: tag.value for tag in group.tags}, group.arn)
    return record.back if isinstance(record, Journal) else None


async def rolled(kill: float | None) -> Fleet:
    """Until all are over; a kill takes the whole process, after so many seconds, and a supervisor starts it again."""
    world = World(1, clock())
    built(world)
    fleet = Fleet(world=world, found={name: world.group(name) for name in KINDS})
    with anyio.fail_after(20_000.0):
        if kill is not None:
            cloud = Wayward(world)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(roll_out, cloud.groups(*KINDS), SPEC)
                await anyio.sleep(kill)
                cloud.close()
                tasks.cancel_scope.cancel()
            world.advance()
            fleet.backs = {name: way_back(world.group(name)) for name in KINDS}
            await anyio.sleep(60.0)
        fleet.summary = await roll_out(Wayward(world).groups(*KINDS), SPEC, tell=fleet.told)
    return fleet


def set_to(world: World, name: str) -> list[str]:
    """To which versions it was set, in that order."""
    told = (one for one in world.record if one.what is What.TEMPLATE and one.group == name)
    return [one.detail.rpartition(":")[2] for one in told]


def wrong(fleet: Fleet) -> Iterator[str]:
    """A line for whatever is not as it ought to be in any of them."""
    world = fleet.world
    for result in fleet.summary.results:
        name, group, found = result.group, world.group(result.group), fleet.found[result.group]
        over = name in fleet.backs and fleet.backs[name] is None  # what is begun after its end is a new order
        codes, version = ((0, 3) if over else (0,), "2") if KINDS[name] == GOOD else ((1,), "1")
        if result.verdict.code not in codes:
            yield f"{name} has ended with {result.verdict.code}: {result.verdict.why}"
        if {*versions(world, name), launches_from(world, name)} != {version}:
            yield f"{name} has {versions(world, name)} and launches {launches_from(world, name)}"
        if set_to(world, name) != (["2"] if KINDS[name] == GOOD else ["2", "1"] * (1 + over)):
            yield f"{name} was set to {set_to(world, name)}"
        if ours(group) or group.suspended or (group.minimum, group.desired, group.maximum) != (
            found.minimum, found.desired, found.maximum,
        ):  # fmt: skip
            yield f"{name} is left as {group}"
        if not all(world.state.registered(id, one.id) for one in world.members(name) for id in group.source_ids):
            yield f"{name} has one that is out"


@pytest.mark.parametrize(("kill", "back"), [(None, None), (245.0, Back.DUE), (320.0, Back.BEGUN)])
def test_each_of_twenty_ends_as_its_own_release_does(kill: float | None, back: Back | None) -> None:
    async def story() -> Fleet:
        return await rolled(kill)

    fleet = run_virtual(story)
    assert list(wrong(fleet)) == []
    assert fleet.summary.code == 9 and len(fleet.summary.results) == len(KINDS) == 20
    backs = {event.group for event in fleet.told.of(RolloutStarted) if event.toward}
    assert backs and {KINDS[name] for name in backs} <= {RELAPSES, SICK}
    if kill is not None:
        met = {(KINDS[name], far) for name, far in fleet.backs.items()}
        assert {(RELAPSES, back), (SICK, Back.NOT), (GOOD, Back.NOT)} <= met, "it meets all that they may be at"
