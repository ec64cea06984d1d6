"""Groups of several accounts and regions in one call: each event and each result says whose it is, and of which run."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import anyio
import pytest

from async_rollout.core.events import Enrolled, Event, FleetEnded, RolloutEnded, RolloutStarted
from async_rollout.core.journal import Journal
from async_rollout.core.observation import Observation
from async_rollout.core.origin import Place, place_of
from async_rollout.core.snapshot import Stop
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.preview import plan, status
from async_rollout.engine.result import GroupResult, Summary
from async_rollout.render.board import key_of
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.recorded import recordings
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, clock, world_of

IRELAND = Place(account="111111111111", region="eu-west-1")
OREGON = Place(account="222222222222", region="us-west-2")


def cloud_at(place: Place, *names: str) -> Wayward:
    world = World(1, clock(), region=place.region)
    world.account = place.account
    for name in names:
        a_group(world, name=name, size=1)
    return Wayward(world)


def of(told: Event | GroupResult) -> Place:
    return Place(account=told.account, region=told.region)


async def both(told: Told, *, stopped: bool = False) -> Summary:
    """Two groups of one name, and one more."""
    groups = (*cloud_at(IRELAND, "web").groups("web"), *cloud_at(OREGON, "web", "api").groups("web", "api"))
    halt = Halt()
    if stopped:
        halt.request(Stop.NOW, "SIGTERM", code=143)
    return await roll_out(groups, tell=told, halt=halt)


def test_two_groups_of_one_name_are_told_apart_in_every_event_and_result() -> None:
    told = Told()
    summary = run_virtual(partial(both, told))
    assert [(one.group, of(one)) for one in summary.results] == [("web", IRELAND), ("web", OREGON), ("api", OREGON)]
    runs = [one.run for one in summary.results]
    assert len(set(runs)) == 3 and all(runs)
    for result in summary.results:
        mine = [event for event in told.events if event.group == result.group and of(event) == of(result)]
        assert {event.run for event in mine if not isinstance(event, Enrolled)} == {result.run}
        assert [type(event) for event in mine if not event.run] == [Enrolled]
        assert {RolloutStarted, RolloutEnded} <= {type(event) for event in mine}
    assert {of(event) for event in told.events if event.group} == {IRELAND, OREGON}


def test_the_end_of_all_names_each_and_has_what_they_share() -> None:
    told = Told()
    summary = run_virtual(partial(both, told))
    (fleet,) = told.of(FleetEnded)
    assert [(of(end), end.group, end.run, end.code) for end in fleet.ends] == [
        (of(one), one.group, one.run, 0) for one in summary.results
    ]
    assert of(fleet) == Place()


def test_all_of_one_place_share_it() -> None:
    told = Told()
    run_virtual(lambda: roll_out(cloud_at(OREGON, "web", "api").groups("web", "api"), tell=told))
    assert of(told.of(FleetEnded)[0]) == OREGON


def test_who_is_stopped_before_its_turn_has_no_run() -> None:
    told = Told()
    summary = run_virtual(partial(both, told, stopped=True))
    assert [(of(one), one.run) for one in summary.results] == [(IRELAND, ""), (OREGON, ""), (OREGON, "")]
    assert [(of(event), event.run) for event in told.of(RolloutEnded)] == [(IRELAND, ""), (OREGON, ""), (OREGON, "")]


def test_the_run_is_that_of_the_record() -> None:
    told = Told()

    async def story() -> Observation:
        cloud = cloud_at(IRELAND, "web")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(roll_out, cloud.groups("web"), tell=told))
            await anyio.sleep(60)
            seen = await cloud.glance("web")
            (found,), (planned,) = await status(cloud.groups("web")), await plan(cloud.groups("web"))
            assert (of(found), found.run) == (IRELAND, told.of(RolloutStarted)[0].run)
            assert planned.record is not None and planned.record.run == found.run
            tasks.cancel_scope.cancel()
        return seen

    seen = run_virtual(story)
    assert isinstance(seen.journal, Journal)
    assert seen.journal.run == told.of(RolloutStarted)[0].run


@pytest.mark.parametrize("verb", [plan, status])
def test_what_only_looks_says_whose_it_is_too(verb: object) -> None:
    async def story() -> tuple[object, ...]:
        groups = (*cloud_at(IRELAND, "web").groups("web"), *cloud_at(OREGON, "web").groups("web"))
        return await verb(groups)

    assert [of(one) for one in run_virtual(story)] == [IRELAND, OREGON]


class Nameless(Wayward):
    """A cloud of somebody's own that knows no ARNs."""

    async def glance(self, group: str) -> Observation:
        seen = await super().glance(group)
        return replace(seen, group=replace(seen.group, arn=""))


def test_whose_is_not_known_is_nobodys_and_nothing_fails() -> None:
    told = Told()
    summary = run_virtual(lambda: roll_out(Nameless(world_of("web", size=1)).groups("web"), tell=told))
    assert summary.ok
    assert {of(event) for event in told.events} == {Place()} == {of(one) for one in summary.results}
    assert place_of("") == Place()


def test_one_recording_of_two_places_is_read_into_the_same_events() -> None:
    told, lines = Told(), []
    results = run_virtual(partial(both, told)).results
    view = Jsonl(lambda line: lines.append(f"{line}\n"))
    for event in told.events:
        view.tell(event)
    view.end(0)
    (run,) = recordings(lines, "x")
    assert run.events == told.events
    summary = json.loads(lines[-1])
    assert (summary["account"], summary["region"]) == ("", "")
    whose = [(one["account"], one["region"], one["group"], one["outcome"]) for one in summary["groups"]]
    assert whose == [(*key, "done") for key in dict.fromkeys(map(key_of, run.events)) if key[2]]
    assert {one["run"] for one in summary["groups"]} == {one.run for one in results}
