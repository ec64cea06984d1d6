"""What each act is expected to do to a group, and what time is expected to bring."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import (
    Deregister,
    Erase,
    MarkHealthy,
    Order,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.effect import BOOT, SHUTDOWN, Expected, effect, elapse
from async_rollout.core.observation import Source, TargetState
from async_rollout.core.plan import worst
from async_rollout.core.spec import RolloutSpec
from support.drawn import AT, ident, observation


def after(drawing: str, *actions: object, seconds: float = 0.0) -> Expected:
    state = Expected(observation=observation(drawing))
    for action in actions:
        state = effect(state, action)  # type: ignore[arg-type]
    return elapse(state, AT + seconds) if seconds else state


def states(state: Expected, number: int) -> list[TargetState]:
    return [target.state for target in state.observation.instances[number].targets]


def out(number: int) -> tuple[Registration, ...]:
    return tuple(Registration(source=name, instance=ident(number), port=80) for name in ("tg1", "tg2"))


def test_tags() -> None:
    record = after("SSS").observation.journal
    assert after("SSS", Erase()).observation.journal is None
    assert after("SSS", Erase(), Record(journal=record)).observation.journal == record  # type: ignore[arg-type]
    assert after("SSS", Probe(run="r", at=7)).observation.probes == {"r": 7}
    assert after("SSS", Probe(run="r"), Probe(run="r", present=False)).observation.probes == {}
    assert after("SSS", Order(text="stop")) == after("SSS")


def test_processes_and_sizes() -> None:
    then = after("SSS", Resume(processes=("AZRebalance",)), Suspend(processes=("Launch",))).observation.group
    assert then.suspended == {"AlarmNotification", "ReplaceUnhealthy", "ScheduledActions", "Launch"}
    assert after("SSS", SetCapacity(maximum=12)).observation.group.maximum == 12


def test_a_launch_boots_and_then_serves_everywhere() -> None:
    state = after("SSS", SetCapacity(desired=4))
    (new,) = state.observation.instances[3:]
    assert (state.observation.group.desired, new.lifecycle, new.targets) == (4, "Pending", ())
    assert elapse(state, AT + BOOT - 1).observation.instances[3].booting
    assert states(elapse(state, AT + BOOT), 3) == [TargetState.HEALTHY] * 2


def test_a_drain_lasts_as_long_as_the_longest_delay() -> None:
    assert states(after("SSS", Deregister(registrations=out(0))), 0) == [TargetState.DRAINING] * 2
    assert states(after("SSS", Deregister(registrations=out(0)), seconds=59.0), 0) == [TargetState.DRAINING] * 2
    assert states(after("SSS", Deregister(registrations=out(0)), seconds=60.0), 0) == []


def test_a_drain_lasts_as_long_as_all_turns_together() -> None:
    seen = observation("SSS")
    first, second = seen.sources
    seen = replace(seen, sources=(first, replace(second, turn=1, drain_delay=25.0)))
    state = effect(Expected(observation=seen), Deregister(registrations=out(0)))
    assert states(elapse(state, AT + 84.0), 0) == [TargetState.DRAINING] * 2
    assert states(elapse(state, AT + 85.0), 0) == []
    assert worst(RolloutSpec(), seen, 1) - worst(RolloutSpec(), observation("SSS"), 1) == 2 * 25.0


def test_a_terminate_that_shrinks_takes_its_place_along_and_one_that_keeps_launches_another() -> None:
    shrunk = after("SSSS", Terminate(instance=ident(0), shrink=True))
    kept = after("SSSS", Terminate(instance=ident(0), shrink=False))
    assert (shrunk.observation.group.desired, len(shrunk.observation.instances)) == (3, 4)
    assert (kept.observation.group.desired, len(kept.observation.instances)) == (4, 5)
    assert shrunk.observation.instances[0].leaving
    assert elapse(shrunk, AT + SHUTDOWN).observation.instance(ident(0)) is None


def test_what_goes_back_serves_again_and_a_mark_is_taken_off() -> None:
    assert states(after("DSS", Register(registrations=out(0))), 0) == [TargetState.HEALTHY] * 2
    assert [one.health for one in after("MSM", MarkHealthy(instances=(ident(0),))).observation.instances] == [
        "Healthy", "Healthy", "Unhealthy",
    ]  # fmt: skip


def test_what_is_not_there_is_not_drained() -> None:
    state = Expected(observation=replace(observation("S"), instances=()))
    assert effect(state, Deregister(registrations=out(0))).observation.instances == ()


@pytest.mark.parametrize(("limit", "expected"), [(1800.0, 360.0), (200.0, 200.0)])
def test_of_a_drain_without_a_known_end_a_plan_expects_no_more_than_is_usual(limit: float, expected: float) -> None:
    delayed = Source(id="tg", kind="target group", name="tg", drain_delay=30.0)
    moving = Source(id="q", kind="quay", name="west", drain_delay=limit, open_ended=True, turn=1)
    seen = replace(observation("S S"), sources=(delayed, moving))
    assert (seen.expected_drain, seen.longest_drain) == (30.0 + expected, 30.0 + limit)
