"""Many groups in one call: how many at once, who is refused, and that one's trouble is no other's."""

from __future__ import annotations

import logging
from itertools import pairwise

import anyio
import pytest

from async_rollout.core.actions import CloudAction, Outcome
from async_rollout.core.events import Enrolled, Event, FleetEnded, RolloutEnded, RolloutStarted
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.ports import GroupRef
from async_rollout.engine.preview import plan, status
from async_rollout.engine.result import Summary
from async_rollout.errors import CredentialsError, RolloutError, UnknownGroupError, UnseenError, UsageError
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, asks_for_more, done_by_us, ids, lowest, not_as_found, world_of

NAMES = ("web", "api", "batch", "cron")


# --- how many at once


def begin_of(told: Told, name: str) -> float:
    """When the first look at a group was told of; that it takes part is told before."""
    events = zip(told.events, told.times, strict=True)
    return next(at for one, at in events if one.group == name and not isinstance(one, Enrolled))


def most_in_flight(told: Told, names: tuple[str, ...]) -> int:
    """The most groups that were begun and not ended at once."""
    begun = {name: begin_of(told, name) for name in names}
    ended = {name: told.at(RolloutEnded, name)[0] for name in names}
    return max(sum(begun[one] <= at < ended[one] for one in names) for at in begun.values())


@pytest.mark.parametrize(("most", "seen"), [(1, 1), (2, 2), (3, 3), (9, 4), (None, 4)])
def test_so_many_groups_are_in_flight_at_once(most: int | None, seen: int) -> None:
    async def story() -> tuple[World, Told, Summary]:
        world, told = world_of(*NAMES, size=1), Told()
        return world, told, await roll_out(Wayward(world).groups(*NAMES), tell=told, max_groups=most)

    world, told, summary = run_virtual(story)
    assert summary.ok
    assert most_in_flight(told, NAMES) == seen
    assert not_as_found(world, *NAMES, size=1) == []


def test_a_place_that_falls_free_is_taken_at_once() -> None:
    async def story() -> Told:
        told = Told()
        await roll_out(Wayward(world_of(*NAMES[:2], size=1)).groups(*NAMES[:2]), tell=told, max_groups=1)
        return told

    told = run_virtual(story)
    assert 0 <= begin_of(told, "api") - told.at(RolloutEnded, "web")[0] < 2


@pytest.mark.parametrize("most", [0, -1])
def test_no_place_at_all_is_no_order(most: int) -> None:
    async def story() -> None:
        world = world_of("web")
        with pytest.raises(UsageError, match="--max-groups"):
            await roll_out(Wayward(world).groups("web"), max_groups=most)
        assert world.calls.total() == 0

    run_virtual(story)


# --- who is refused before anything is touched


@pytest.mark.parametrize("verb", [roll_out, restore, plan, status])
def test_one_unknown_name_refuses_all_and_touches_none(verb) -> None:
    async def story() -> None:
        here, there = world_of("web", "api"), world_of("web", seed=1)
        groups = (*Wayward(here).groups("web", "wbe", "api"), *Wayward(there).groups("web", "ipa"))
        with pytest.raises(UnknownGroupError) as refused:
            await verb(groups)
        assert str(refused.value) == "no such group: ipa, wbe; nothing was touched, in no group"
        assert done_by_us(here) == done_by_us(there) == []

    run_virtual(story)


@pytest.mark.parametrize("verb", [roll_out, restore, plan, status])
@pytest.mark.parametrize("fault", [CredentialsError("expired"), UnseenError("throttled")])
def test_what_cannot_be_seen_at_first_refuses_all_with_its_own_error(verb, fault: RolloutError) -> None:
    async def blind(group: str) -> None:
        if group == "api":
            raise fault

    async def story() -> None:
        world = world_of("web", "api")
        with pytest.raises(type(fault), match=str(fault)):
            await verb(Wayward(world, look=blind).groups("web", "api"))
        assert done_by_us(world) == []

    run_virtual(story)


@pytest.mark.parametrize("verb", [roll_out, restore, plan, status])
def test_nobody_named_is_no_order(verb) -> None:
    async def story() -> None:
        with pytest.raises(UsageError, match="no group was named"):
            await verb(())

    run_virtual(story)


def test_a_name_given_twice_is_rolled_once() -> None:
    async def story() -> tuple[World, Told, Summary]:
        world, told = world_of("web", size=1), Told()
        cloud = Wayward(world)
        assert cloud.groups("web", "web") == cloud.groups("web")
        return world, told, await roll_out((*cloud.groups("web"), GroupRef(cloud, "web")), tell=told)

    world, told, summary = run_virtual(story)
    assert [one.group for one in summary.results] == ["web"]
    assert len(told.of(RolloutStarted)) == len(told.of(RolloutEnded)) == 1
    assert not_as_found(world, "web", size=1) == []


def test_groups_of_several_clouds_add_up_in_their_order() -> None:
    async def story() -> tuple[list[World], list[frozenset[str]], Summary]:
        worlds = [world_of("web", seed=seed) for seed in range(3)]
        before = [ids(world, "web") for world in worlds]
        groups = tuple(group for world in worlds for group in Wayward(world).groups("web"))
        return worlds, before, await roll_out(groups)

    worlds, before, summary = run_virtual(story)
    assert summary.ok
    assert [one.group for one in summary.results] == ["web"] * 3
    for world, old, result in zip(worlds, before, summary.results, strict=True):
        assert set(result.replaced) == old
        assert not ids(world, "web") & old
        assert not_as_found(world, "web") == []
        assert lowest(world, "web") >= 3


# --- those who are told


@pytest.mark.parametrize("at", [RolloutStarted, RolloutEnded, FleetEnded])
def test_a_listener_that_raises_is_named_once_and_dropped(at: type, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []

    class Deaf:
        def __call__(self, event: Event) -> None:
            heard.append(event)
            if type(event) is at:
                raise LookupError("no more")

        def __repr__(self) -> str:
            return "a deaf one"

    async def story() -> tuple[World, Summary]:
        world = world_of("web", "api", size=1)
        return world, await roll_out(Wayward(world).groups("web", "api"), tell=Deaf())

    with caplog.at_level(logging.WARNING, logger="async_rollout"):
        world, summary = run_virtual(story)
    assert summary.ok
    assert not_as_found(world, "web", "api", size=1) == []
    assert isinstance(heard[-1], at)
    said = f"a deaf one raised LookupError('no more') at {at.__name__} and is told no more"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_without_a_listener_and_an_order_the_defaults_hold() -> None:
    async def story() -> Summary:
        return await roll_out(Wayward(world_of("web", size=1)).groups("web"))

    assert run_virtual(story).ok


# --- one group's trouble


def test_a_bug_in_one_group_ends_that_one_only_and_is_told() -> None:
    async def bug(group: str, action: CloudAction) -> None:
        if group == "api" and asks_for_more(action):
            raise ZeroDivisionError("bug")

    async def story() -> tuple[World, Told, Summary]:
        world, told = world_of("web", "api", "batch"), Told()
        return world, told, await roll_out(Wayward(world, act=bug).groups("web", "api", "batch"), tell=told)

    world, told, summary = run_virtual(story)
    assert summary.code == 10
    verdicts = {one.group: one.verdict for one in summary.results}
    assert (verdicts["web"].code, verdicts["batch"].code) == (0, 0)
    assert not_as_found(world, "web", "batch") == []
    broken = verdicts["api"]
    assert (broken.outcome, broken.code) == (Outcome.STUCK, 10)
    assert any("suspended by us" in line for line in broken.left)
    assert not any("AlarmNotification" in line for line in broken.left), "alarms run, whatever else is broken"
    assert broken.why == "a fault of async-rollout: ZeroDivisionError('bug')"
    assert [one.verdict for one in told.of(RolloutEnded, "api")] == [broken]
    assert [(end.group, end.code) for end in told.of(FleetEnded)[0].ends] == [("web", 0), ("api", 10), ("batch", 0)]
    assert any("async-rollout:head" in what for what in not_as_found(world, "api"))


def test_a_bug_before_the_first_record_claims_no_record() -> None:
    calls = 0

    async def bug(group: str) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise ExceptionGroup("two", [ValueError("a"), ValueError("b")])

    async def story() -> tuple[World, Summary]:
        world = world_of("web")
        return world, await roll_out(Wayward(world, look=bug).groups("web"))

    world, summary = run_virtual(story)
    (result,) = summary.results
    assert (result.verdict.code, result.verdict.left, result.verdict.next) == (10, (), "")
    assert "two" in result.verdict.why
    assert done_by_us(world) == []


SICK = {
    "blind": lambda at: UnseenError("nothing to see") if at > 20 else 0.0,
    "without credentials": lambda at: CredentialsError("expired") if at > 20 else 0.0,
    "slow": lambda at: 25.0 if at > 20 else 0.0,
    "hanging": lambda at: 10_000.0 if at > 20 else 0.0,
    "broken": lambda at: RuntimeError("a bug") if at > 20 else 0.0,
}


@pytest.mark.parametrize("how", SICK)
def test_a_sick_group_delays_nobody(how: str) -> None:
    async def sickly(group: str) -> None:
        fault = SICK[how](anyio.current_time())  # type: ignore[no-untyped-call]
        if isinstance(fault, Exception):
            raise fault
        await anyio.sleep(fault)

    async def story(*, sick: bool) -> tuple[float, list[float]]:
        told = Told()
        groups = Wayward(world_of("web")).groups("web")
        if sick:
            groups += Wayward(world_of("sick", seed=1), look=sickly).groups("sick")
        with anyio.move_on_after(5_000):
            await roll_out(groups, tell=told)
        times = [round(told.times[n], 6) for n, event in enumerate(told.events) if event.group == "web"]
        return round(told.at(RolloutEnded, "web")[0], 6), times  # another order of additions rounds otherwise

    async def alone() -> tuple[float, list[float]]:
        return await story(sick=False)

    async def beside() -> tuple[float, list[float]]:
        return await story(sick=True)

    assert run_virtual(beside) == run_virtual(alone)


# --- the code of all


@pytest.mark.parametrize(
    ("sick", "codes", "code"),
    [((), [0, 0, 0], 0), (("web",), [1, 0, 0], 9), (("web", "api", "batch"), [1, 1, 1], 1)],
)
def test_the_code_of_several_groups(sick: tuple[str, ...], codes: list[int], code: int) -> None:
    async def story() -> tuple[World, Told, Summary]:
        world, told = world_of("web", "api", "batch"), Told()
        for name in sick:
            world.troubles[name].sick_versions = frozenset({"2"})
        spec = RolloutSpec(limits=Limits(healthy=120.0))
        return world, told, await roll_out(Wayward(world).groups("web", "api", "batch"), spec, tell=told)

    world, told, summary = run_virtual(story)
    assert [one.verdict.code for one in summary.results] == codes
    assert (summary.code, told.events[-1].code) == (code, code)
    assert isinstance(told.events[-1], FleetEnded)
    assert not_as_found(world, "web", "api", "batch") == []


def test_times_only_go_on() -> None:
    async def story() -> Told:
        told = Told()
        await roll_out(Wayward(world_of("web", "api", size=1)).groups("web", "api"), tell=told)
        return told

    told = run_virtual(story)
    seen = [one.at for one in told.events if one.group == "web"]
    assert all(before <= after for before, after in pairwise(seen))
