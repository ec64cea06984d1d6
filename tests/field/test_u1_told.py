"""`plan` of a group that is under way, or was left in the middle, says what the record says, and foresees nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import anyio
import pytest

from async_rollout.cli.plans import AtOnce, fleet_lines, plan_data
from async_rollout.cli.status import status_lines
from async_rollout.core.plan import Plan
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.preview import Status, plan, status
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Wayward, clock, done_by_us, ids, world_of

INVENTED = re.compile(r"still drains|could not end|never came|assume|expected|at worst| at +\d")
"""Words of a future that was played."""


@dataclass(kw_only=True)
class Seen:
    """A plan at one moment, what status said, and the truth of the world. fell: old ones that are gone for good."""

    plan: Plan
    status: Status
    found: frozenset[str]
    there: frozenset[str]
    run: str

    @property
    def lines(self) -> list[str]:
        return fleet_lines([self.plan], AtOnce())


async def seen(world: World, found: frozenset[str], spec: RolloutSpec) -> Seen:
    before, acts = world.state.groups["web"], len(done_by_us(world))
    (one,) = await plan(Wayward(world).groups("web"), spec)
    (two,) = await status(Wayward(world).groups("web"))
    assert len(done_by_us(world)) == acts or world.state.groups["web"] != before
    tags = {tag.key: tag.value for tag in before.tags}
    run = re.search(r" run=(\w+) ", tags.get("async-rollout:head", ""))
    return Seen(plan=one, status=two, found=found, there=ids(world, "web"), run=run[1] if run else "")


def killed_at(at: float, spec: RolloutSpec, *, later: float = 0.0, toward: str = "run") -> Seen:
    """A run (or a restore of a killed one) that lives so many seconds, is killed, and is looked at so much later."""

    async def story() -> Seen:
        world = world_of("web")
        found = ids(world, "web")
        cloud = Wayward(world)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll_out, cloud.groups("web"), spec)
            await anyio.sleep(at)
            cloud.close()
            tasks.cancel_scope.cancel()
        if toward == "restore":
            with anyio.move_on_after(40.0):  # the process knows that the killed one is over
                await restore(Wayward(world).groups("web"), spec)
        await anyio.sleep(later)
        return await seen(world, found, spec)

    return run_virtual(story)


def alive_at(*moments: float, spec: RolloutSpec) -> list[Seen]:
    """The plan beside a run that goes on."""

    async def story() -> list[Seen]:
        world = world_of("web")
        found = ids(world, "web")
        came: list[Seen] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll_out, Wayward(world).groups("web"), spec)
            began = clock()()
            for at in moments:
                await anyio.sleep(began + at - clock()())
                came.append(await seen(world, found, spec))
            tasks.cancel_scope.cancel()
        return came

    return run_virtual(story)


SPEC = RolloutSpec()


def test_u1_beside_a_live_run_the_plan_is_what_the_record_says() -> None:
    for one in alive_at(*(25.0 + 20.0 * step for step in range(11)), spec=SPEC):
        assert set(one.plan.old) <= one.found, "a new one is called old"
        record, text = one.plan.record, "\n".join(one.lines)
        assert record is not None and record.run == one.run and record.alive is None
        assert not set(record.new) & one.found
        assert record.began == 0 or record.old == 3
        assert one.plan.steps == () and one.plan.expected_seconds == one.plan.worst_seconds == 0.0
        assert not INVENTED.search(text), text
        assert f"is under way, by run {one.run}" in text and "unless renewed" in text
        assert "run would wait for its holder" in text
        assert plan_data(one.plan)["record"]


def test_u1_what_is_left_goes_down_as_it_is_replaced() -> None:
    came = alive_at(*(40.0 + 10.0 * step for step in range(40)), spec=SPEC)
    counts = [(one.plan.record.replaced, len(one.plan.old)) for one in came if one.plan.record]
    assert [left for _, left in counts] == sorted((left for _, left in counts), reverse=True)
    assert {replaced for replaced, _ in counts} >= {0, 1, 2}
    assert all(replaced + left <= 3 for replaced, left in counts)


@pytest.mark.parametrize("at", [30.0, 130.0, 200.0, 230.0])
def test_u1_of_a_killed_run_it_says_who_held_it_and_what_is_left(at: float) -> None:
    one = killed_at(at, SPEC, later=200.0)
    record, text = one.plan.record, "\n".join(one.lines)
    assert record is not None and record.alive is False
    assert set(one.plan.old) == one.found & one.there, "what is there of the old ones is what is left"
    assert "was left in the middle" in text and "not renewed for" in text
    assert not INVENTED.search(text), text
    assert "next: async-rollout run -a web   or   async-rollout restore -a web" in text


def test_u1_who_is_on_its_way_out_is_said_with_how_far_it_is() -> None:
    async def long(call: HookCall) -> bool:
        await anyio.sleep(1_000.0)
        return True

    steps = {out.step for at in range(100, 230, 10) for out in _out(killed_at(float(at), SPEC))}
    assert {"draining", "shutting down"} <= steps
    begun = killed_at(300.0, RolloutSpec(hooks=Hooks(before_terminate=long)))
    assert [out.step for out in _out(begun)] == ["drained, its before-terminate command has begun"]
    assert any("its before-terminate command has begun" in line for line in begun.lines)


def _out(one: Seen) -> tuple:  # type: ignore[type-arg]
    assert one.plan.record is not None
    return one.plan.record.out


def test_u1_of_one_that_is_put_back_it_says_why() -> None:
    one = killed_at(150.0, SPEC, toward="restore")
    assert one.plan.record is not None and one.plan.record.goal == "restore"
    assert any("restore, because restore was ordered" in line for line in one.lines)
    assert not INVENTED.search("\n".join(one.lines))


def test_u1_a_record_that_cannot_be_read_refuses_and_foresees_nothing() -> None:
    async def story() -> Plan:
        world = world_of("web")
        world.put_tags("web", [Tag(key="async-rollout:head", value="n=1 v=99 of another release")], who="human")
        (one,) = await plan(Wayward(world).groups("web"))
        return one

    one = run_virtual(story)
    assert one.objections and one.steps == () and one.old == ()


def test_u1_a_record_older_than_a_watch_counts_all_as_old() -> None:
    one = killed_at(200.0, SPEC, later=7 * 3600.0)
    assert set(one.plan.old) == one.there
    assert any("begin anew, since the record is older than 6 h" in line for line in one.lines)


def test_u3_a_healthy_run_is_let_go_on() -> None:
    (one,) = alive_at(150.0, spec=SPEC)
    lines = list(status_lines(one.status))
    text = "\n".join(lines)
    assert "next: let it go on; how far it is:  async-rollout status -a web" in text
    (way,) = [line for line in lines if "restore" in line]
    assert "to stop it and put the group back:" in way and "Ctrl-C where it runs" in way
    assert re.search("replaced: [01] of 3, since", text)


def test_u3_restore_is_a_way_on_once_the_lease_is_over() -> None:
    lines = list(status_lines(killed_at(150.0, SPEC, later=200.0).status))
    assert lines[-1] == "  next: async-rollout run -a web   or   async-rollout restore -a web"
    assert "not renewed for" in lines[0]
