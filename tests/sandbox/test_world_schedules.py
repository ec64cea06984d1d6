"""Scheduled actions that are put: due at their time, again and again, and told when AWS could not do them."""

from __future__ import annotations

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World


def test_one_that_does_not_fit_any_more_fails_and_is_told(world: World, clock: ManualClock) -> None:
    """The maximum was lowered after it was put; the world goes on, and so does the action."""
    a_group(world, maximum=6)
    world.put_scheduled("web", ScheduledAction(name="morning", at=world.now + 60, every=100.0, desired=5))
    world.update_group("web", maximum=4)
    clock.move(61.0)
    assert world.group("web").desired == 3
    told = world.look().activities_of("web")[0]
    words = "Desired capacity:5 must be between the specified min size:3 and max size:4"
    assert (told.status, told.message, told.launch, told.instance) == ("Failed", words, False, None)
    assert told.description == f"Executing scheduled action morning.  Status Reason: {words}"
    assert told.cause.endswith("a scheduled action update of AutoScalingGroup constraints to desired: 5.")
    world.update_group("web", maximum=6)
    clock.move(100.0)
    assert world.group("web").desired == 5


def test_one_repeats_by_cron_until_its_end(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=6)
    begin = world.now + 90.0
    hourly = ScheduledAction(name="up", at=begin, recurrence="30 * * * *", until=world.now + 7200.0, desired=4)
    world.put_scheduled("web", hourly)
    due = []
    for _ in range(240):
        clock.move(60.0)
        world.advance()
    due = [one.at for one in world.record if one.what is What.SCHEDULED]
    assert due == [begin, begin - 90.0 + 1800.0, begin - 90.0 + 5400.0]
    assert world.group("web").scheduled == ()


def test_what_stands_against_one(world: World) -> None:
    a_group(world, maximum=6)
    now = world.now
    good = ScheduledAction(name="good", at=now + 60, desired=4)
    world.put_scheduled("web", good)
    refused = {
        "past": (ScheduledAction(name="a", at=now - 60, desired=4), "Given start time is in the past"),
        "end": (ScheduledAction(name="a", at=now + 60, until=now + 60, desired=4), "Given end time"),
        "sizes": (ScheduledAction(name="a", at=now + 90), "At least one of"),
        "order": (ScheduledAction(name="a", at=now + 90, minimum=5, maximum=4), "must not be below zero nor fall"),
        "twice": (ScheduledAction(name="a", at=now + 60, desired=4), "scheduled start time already exists"),
    }
    for action, words in refused.values():
        with pytest.raises(AwsError, match=words):
            world.put_scheduled("web", action)
    assert world.group("web").scheduled == (good,)
    world.delete_scheduled("web", "good")
    with pytest.raises(AwsError, match="Scheduled action name not found"):
        world.delete_scheduled("web", "good")
    for number in range(125):
        world.put_scheduled("web", ScheduledAction(name=f"n{number}", at=now + 60 + number, desired=4))
    with pytest.raises(AwsError) as full:
        world.put_scheduled("web", ScheduledAction(name="more", at=now + 600, desired=4))
    assert full.value.code == "LimitExceeded"


def test_one_that_was_deleted_does_nothing(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=6)
    world.put_scheduled("web", ScheduledAction(name="up", at=world.now + 60, desired=4))
    world.delete_scheduled("web", "up")
    clock.move(120.0)
    assert world.group("web").desired == 3
