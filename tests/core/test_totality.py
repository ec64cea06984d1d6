"""Where a union or a record grows, something here notices: each member is drawn, kept, told, guarded and done.

What is left out on purpose stands in a set beside its test, with why.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from async_rollout.core import actions as act
from async_rollout.core.effect import Expected, effect
from async_rollout.core.journal import Departure, Found, Goal, Journal, Mark, Removal
from async_rollout.core.laws import objection
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.core.tags import from_tags, to_tags
from async_rollout.core.templates import Back
from async_rollout.core.walkthrough import WALKTHROUGH
from async_rollout.core.wording import words_of
from async_rollout.sandbox.doors.acts import steps
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.drawn import journal, looked, observation
from support.drawn_records import ARN, departures, journals

SETTINGS = settings(max_examples=400, phases=[Phase.generate], database=None, suppress_health_check=[*HealthCheck])
SEEN = observation("S S S")
WEB = act.Registration(source="tg1", instance=SEEN.instances[0].id, port=80)
ACTIONS: dict[Any, act.Action] = {
    act.Record: act.Record(journal=journal(SEEN.group)),
    act.Erase: act.Erase(),
    act.Order: act.Order(text="stop run0 host/boot/1"),
    act.Probe: act.Probe(run="run0", present=True),
    act.Suspend: act.Suspend(processes=("AZRebalance",)),
    act.Resume: act.Resume(processes=("AZRebalance",)),
    act.SetCapacity: act.SetCapacity(desired=4),
    act.SetTemplate: act.SetTemplate(spelled="lt-0123456789abcdef0:7"),
    act.SetSizes: act.SetSizes(minimum=2, desired=5, maximum=9),
    act.Launch: act.Launch(zone="eu-west-1a", count=1, token="run0-1"),
    act.Deregister: act.Deregister(registrations=(WEB,)),
    act.Register: act.Register(registrations=(WEB,)),
    act.MarkHealthy: act.MarkHealthy(instances=(WEB.instance,)),
    act.Terminate: act.Terminate(instance=WEB.instance, shrink=True),
    act.EnterStandby: act.EnterStandby(instance=WEB.instance),
    act.RunHook: act.RunHook(point=HookPoint.BEFORE_TERMINATE, instance=WEB.instance),
}
"""One of each kind."""
WITHOUT_CALLS = {act.RunHook}  # a command of the operator's own
WITHOUT_EFFECT = {act.Order, act.RunHook}  # neither changes what is seen of the group
WITHOUT_GUARD = {act.Record, act.Order, act.Probe}  # tags of our own: they take nothing from anybody


def test_there_is_one_of_each_kind_of_action() -> None:
    assert ACTIONS.keys() == set(get_args(act.Action))


@pytest.mark.parametrize("kind", ACTIONS)
def test_each_action_is_told_in_words_of_its_own(kind: Any) -> None:
    words = [words_of(one) for one in ACTIONS.values()]
    assert words_of(ACTIONS[kind]) and len(set(words)) == len(words)


@pytest.mark.parametrize("kind", sorted(ACTIONS.keys() - WITHOUT_CALLS, key=str))
def test_each_action_is_made_of_calls_to_aws(kind: Any) -> None:
    world = World(1)
    a_group(world, size=1)
    action = ACTIONS[kind]
    (id,) = (one.id for one in world.members("web"))
    here = act.Registration(source=world.group("web").target_groups[0], instance=id, port=None)
    if isinstance(action, act.Deregister | act.Register):
        action = replace(action, registrations=(here,))
    if isinstance(action, act.Erase):
        assert list(steps(world, "web", action)) == []  # where there is no record nothing is taken off
        for one in steps(world, "web", act.Record(journal=journal(SEEN.group))):
            one.do()
    assert list(steps(world, "web", action))


@pytest.mark.parametrize("kind", sorted(ACTIONS.keys() - WITHOUT_EFFECT, key=str))
def test_the_effect_of_each_action_is_foreseen(kind: Any) -> None:
    """The plan plays it, and `left` is told by it."""
    out = replace(SEEN.instances[0], targets=(), health="Unhealthy")
    suspended = replace(SEEN.group, suspended=frozenset({"AZRebalance"} if kind is act.Resume else ()))
    shown = replace(SEEN, group=suspended)
    if kind in (act.Register, act.MarkHealthy):
        shown = replace(shown, instances=(out, *SEEN.instances[1:]))
    before = Expected(observation=replace(shown, journal=None if kind in (act.Record, act.Probe) else SEEN.journal))
    assert effect(before, ACTIONS[kind]) != before


@pytest.mark.parametrize("kind", ACTIONS)
def test_each_action_is_asked_of_the_guards(kind: Any) -> None:
    """Without a record nothing may be done: what no guard asks would pass."""
    unrecorded = looked(RolloutSpec(), replace(SEEN, journal=None))
    assert (objection(RolloutSpec(), unrecorded, (), ACTIONS[kind]) is None) is (kind in WITHOUT_GUARD)


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_stands_in_the_walkthrough_or_is_named_here(stage: Stage) -> None:
    parked = {Stage.STANDBY, Stage.PARKING, Stage.PARKED, Stage.STRANDED}
    aside = {Stage.AILING, Stage.SERVING, Stage.RETURNING, *parked}  # nothing new comes of them
    assert (stage in {one.stage for one in WALKTHROUGH}) is (stage not in aside)


REQUIRED = {"group", "holder"}  # the same in every one of them: of one group, written by one machine


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Journal)} - REQUIRED))
def test_each_field_of_the_record_is_drawn_and_kept_in_its_tags(name: str) -> None:
    """Changed alone, it comes back from the tags: a field that is not kept would come back as it was."""
    one = find(journals(), lambda record: True, settings=SETTINGS)
    other = find(journals(), lambda record: getattr(record, name) != getattr(one, name), settings=SETTINGS)
    turns = ("goal", "cause", "templates")  # the one has a cause, the other has none
    together = turns if name in turns else (name,)
    changed = replace(one, **{each: getattr(other, each) for each in together})
    back = from_tags(to_tags(changed), ARN)
    assert isinstance(back, Journal)
    came, meant, before = (
        set(each) if name == "suspended" else each  # a set in all but its type
        for each in (getattr(back, name), getattr(changed, name), getattr(one, name))
    )
    assert came == meant != before


@pytest.mark.parametrize("name", [one.name for one in fields(Departure)])
def test_each_field_of_a_departure_is_drawn_and_kept_in_its_tag(name: str) -> None:
    one = find(departures, lambda departure: True, settings=SETTINGS)
    other = find(departures, lambda departure: getattr(departure, name) != getattr(one, name), settings=SETTINGS)
    changed = replace(one, **{name: getattr(other, name)})
    record = find(journals(), lambda record: not record.departures, settings=SETTINGS)
    back = from_tags(to_tags(replace(record, departures=(changed,))), ARN)
    assert isinstance(back, Journal)
    assert back.departures == (changed,) != (one,)


@pytest.mark.parametrize("letters", [Mark, Removal, Goal, Back])
def test_each_state_that_tags_keep_has_a_letter_of_its_own(letters: Any) -> None:
    assert len(letters) == len(letters.__members__)  # two of one letter would be two names of one


def test_what_is_found_is_kept_whole() -> None:
    record = find(journals(), lambda one: True, settings=SETTINGS)
    for number, one in enumerate(fields(Found), start=1):
        changed = replace(record, found=replace(record.found, **{one.name: number + 70}))
        back = from_tags(to_tags(changed), ARN)
        assert isinstance(back, Journal)
        assert back.found == changed.found != record.found
