"""K1: a run is killed while a before-command runs; what goes on from it is typed without the command."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from async_rollout.core.belief import Me
from async_rollout.core.journal import Departure, Goal, Journal, Mark
from async_rollout.core.moves import move
from async_rollout.core.spec import HookCall, HookPoint, Hooks, RolloutSpec
from async_rollout.core.standing import onward, standing
from async_rollout.core.tags import from_tags
from async_rollout.core.withheld import lacks_before
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.drafts import draft_of, snapshot_of
from support.fleets import Wayward, clock
from support.simulation import InstantHooks, ours


async def leaves(call: HookCall) -> int:
    """A command that takes its time."""
    await anyio.sleep(30.0)
    return 0


async def quick(call: HookCall) -> int:
    return 0


BEFORE = RolloutSpec(hooks=Hooks(before_terminate=leaves))
AFTER = RolloutSpec(hooks=Hooks(after_terminate=quick))
NONE = RolloutSpec()
MEANT = RolloutSpec(without_commands=True)


class Doomed(PortCloud):
    """It dies, and nothing of its conductor reaches the world any more, once `when` says so."""

    def die(self) -> None:
        self.close()


async def left_by_a_kill(world: World, spec: RolloutSpec, when: str) -> Journal:
    """The record of a run that was killed as soon as this stood in it."""
    cloud = Doomed(world)
    first = Rollout(
        cloud, "web", spec, Me(run="first", holder="host-first/boot/1"),
        hooks=InstantHooks(), tell=lambda event: None, halt=Halt(),
    )  # fmt: skip
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.run)
        while not (record := record_of(world)) or when not in _said(record):
            await anyio.sleep(0.5)
        cloud.die()
        tasks.cancel_scope.cancel()
    await anyio.sleep(300.0)  # its lease is over
    return record


def _said(record: Journal) -> list[str]:
    marks = [f"before {departure.before.name}" for departure in record.departures] + [
        f"after {departure.after.name}" for departure in record.departures
    ]
    spare = ["surplus"] if record.asked > record.base and not record.departures else []
    return [*marks, *spare]


def record_of(world: World) -> Journal | None:
    group = world.state.groups["web"]
    read = from_tags({tag.key: tag.value for tag in group.tags}, group.arn)
    return read if isinstance(read, Journal) else None


def played(spec: RolloutSpec, when: str, then: RolloutSpec, goal: Goal) -> tuple[World, Journal, GroupResult]:
    async def story() -> tuple[World, Journal, GroupResult]:
        world = World(0, clock())
        a_group(world, size=3, classic=0, target_groups=1, delay=20.0)
        a_group(world, name="api", size=1, classic=0, target_groups=1, delay=20.0)
        record = await left_by_a_kill(world, spec, when)
        verb = restore if goal is Goal.RESTORE else roll_out
        summary = await verb(Wayward(world).groups("web", "api"), then, hooks=InstantHooks())
        assert summary.results[1].verdict.code == 0, "the other group went on"
        return world, record, summary.results[0]

    return run_virtual(story)


def ended_by_us(world: World) -> list[str]:
    return [one.instance for one in world.record if one.what is What.TERMINATE and one.group == "web"]


@pytest.mark.parametrize("goal", list(Goal))
def test_k1_who_is_in_its_before_command_is_left_out_and_named(goal: Goal) -> None:
    world, record, result = played(BEFORE, "before BEGUN", NONE, goal)
    (departure,) = record.departures
    assert ended_by_us(world) == []
    assert departure.id in {one.id for one in world.state.members("web")}
    assert result.verdict.code == 10, result.verdict
    assert any(departure.id in line and "before-command" in line for line in result.verdict.left), result.verdict
    assert "-b" in result.verdict.next and "--without-commands" in result.verdict.next
    group = world.state.groups["web"]
    assert {name for name, _ in group.suspended} <= {"AZRebalance", "ReplaceUnhealthy"}
    assert ours(group), "its record stands, for who has the command"


def test_k1_with_the_command_the_record_is_gone_on_from() -> None:
    world, record, result = played(BEFORE, "before BEGUN", BEFORE, Goal.REPLACE)
    assert (result.verdict.code, len(result.replaced)) == (0, 3), result.verdict
    assert ended_by_us(world)[0] == record.departures[0].id


def test_k1_left_out_once_it_can_be_ended_by_who_has_the_command() -> None:
    async def story() -> tuple[World, list[int]]:
        world = World(0, clock())
        a_group(world, size=3, classic=0, target_groups=1, delay=20.0)
        await left_by_a_kill(world, BEFORE, "before BEGUN")
        codes = []
        for spec in (NONE, NONE, BEFORE):
            summary = await restore(Wayward(world).groups("web"), spec, hooks=InstantHooks())
            codes.append(summary.code)
        return world, codes

    world, codes = run_virtual(story)
    assert codes == [10, 10, 0]
    assert ours(world.state.groups["web"]) == []


@pytest.mark.parametrize("goal", list(Goal))
def test_k1_without_commands_says_that_it_is_meant(goal: Goal) -> None:
    world, record, result = played(BEFORE, "before BEGUN", MEANT, goal)
    assert result.verdict.code == 0, result.verdict
    assert record.departures[0].id in ended_by_us(world)
    assert ours(world.state.groups["web"]) == []


def test_k1_nobody_else_goes_without_the_command_either() -> None:
    """Nothing has begun yet, so a run without it touches nothing, says what is missing, and leaves the record."""
    world, _, result = played(BEFORE, "before NOT", NONE, Goal.REPLACE)
    assert (result.verdict.code, ended_by_us(world)) == (3, []), result.verdict
    assert "-b" in result.verdict.next and "--without-commands" in result.verdict.next
    assert ours(world.state.groups["web"])


def test_k1_restore_needs_no_command_to_put_back_who_only_drains() -> None:
    world, record, result = played(BEFORE, "before NOT", NONE, Goal.RESTORE)
    assert record.departures[0].id in {one.id for one in world.state.members("web")}
    assert not {record.departures[0].id} & set(ended_by_us(world))
    assert result.verdict.code == 10, "the newcomer is one too many, and has no before-command either"
    assert any("one too many" in line for line in result.verdict.left), result.verdict
    assert ended_by_us(world) == []


def test_k1_who_is_gone_has_still_to_get_his_after_command() -> None:
    world, record, result = played(AFTER, "after BEGUN", NONE, Goal.RESTORE)
    assert result.verdict.code == 10, result.verdict
    assert any(record.departures[0].id in line and "after-command" in line for line in result.verdict.left)
    assert ours(world.state.groups["web"])


def test_k1_a_record_of_the_first_release_names_no_commands_its_departures_do() -> None:
    begun = replace(_record(), departures=(replace(_departure(), before=Mark.BEGUN),))
    assert lacks_before(NONE, begun, begun.departures[0])
    assert not lacks_before(BEFORE, begun, begun.departures[0])
    assert not lacks_before(NONE, replace(_record(), departures=(_departure(),)), _departure())


def test_k1_broken_code_terminates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above is one that can fail."""
    from async_rollout.core import laws, lease, lives, withheld

    monkeypatch.setattr(lives, "lacks_before", lambda *_: False)
    for home in (laws, lease):
        monkeypatch.setattr(home, "withheld", lambda *_: frozenset())
    world, record, result = played(BEFORE, "before BEGUN", NONE, Goal.REPLACE)
    assert record.departures[0].id in ended_by_us(world)
    assert withheld.withheld(NONE, record) == frozenset({HookPoint.BEFORE_TERMINATE})
    assert result.verdict.code == 0


def _departure():  # type: ignore[no-untyped-def]
    from async_rollout.core.journal import Departure

    return Departure(id="i-1", at=0)


def _record() -> Journal:
    from async_rollout.core.journal import Found

    return Journal(
        group="g", run="r", serial=1, holder="h", until=0, found=Found(minimum=1, desired=1, maximum=1), base=1, asked=1
    )


@pytest.mark.parametrize(
    ("mark", "words"),
    [(Mark.NOT, "has still to run"), (Mark.BEGUN, "has begun"), (Mark.FAILED, "failed")],
)
def test_k1_a_dead_one_does_not_go_without_it_either(mark: Mark, words: str) -> None:
    """Restore finishes who is dead, since it cannot come back."""
    found = draft_of("SSS", record={"commands": (HookPoint.BEFORE_TERMINATE,)})
    drained = tuple(
        replace(one, targets=()) if number == 0 else one for number, one in enumerate(found.observation.instances)
    )
    departure = Departure(id=drained[0].id, at=0, before=mark)
    belief = found.belief.noted(departure.id, unlisted=9)
    draft = replace(found, observation=replace(found.observation, instances=drained), belief=belief).departure(
        departure
    )
    done = move(draft, departure.id)
    assert (done.acts, len(done.stuck)) == ((), 1)
    assert done.stuck[0].endswith(f"its before-command {words}, and none was given")


def test_k1_the_plan_says_that_a_run_without_it_replaces_nothing() -> None:
    seen = snapshot_of("SSS", record={"commands": (HookPoint.BEFORE_TERMINATE,)})
    record = seen.observation.journal
    assert isinstance(record, Journal)
    one = standing(NONE, seen.observation, record, holder_dead=True)
    assert onward(one).startswith("replace nothing: it lacks the before-terminate command")
    assert onward(standing(BEFORE, seen.observation, record, holder_dead=True)).startswith("take it over")
