"""Looking without touching: the plan of several groups, and what their tags say is under way."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

import anyio
import pytest

from async_rollout.core.journal import Journal
from async_rollout.core.plan import Plan
from async_rollout.core.spec import Hooks, RolloutSpec, Scope
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.identity import identify
from async_rollout.engine.preview import Status, plan, status
from async_rollout.errors import CredentialsError
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Wayward, done_by_us, ids, world_of
from support.simulation import UNWATCHED

READS = ("Describe", "Get")


def nothing_but_reads(world: World) -> bool:
    """Of a world that nobody has rolled yet."""
    return all(name.partition(":")[2].startswith(READS) for name in world.calls) and done_by_us(world) == []


def changed_tags(world: World, edit: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Somebody edits the record's tags by hand."""
    group = world.state.groups["web"]
    tags = edit({tag.key.removeprefix("async-rollout:"): tag.value for tag in group.tags})
    gone = [tag.key for tag in group.tags]
    world.delete_tags("web", gone, who="human")
    world.put_tags("web", [Tag(key=f"async-rollout:{key}", value=value) for key, value in tags.items()], who="human")


async def under_way(world: World, at: float = 100.0) -> None:
    """A run of the group `web` that is killed after so many seconds: nothing it still does reaches the world."""
    cloud = Wayward(world)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(roll_out, cloud.groups("web"))
        await anyio.sleep(at)
        cloud.close()
        tasks.cancel_scope.cancel()


# --- plan


def test_a_plan_of_several_groups_comes_in_their_order_and_changes_nothing() -> None:
    async def story() -> tuple[World, tuple[Plan, ...]]:
        world = world_of("web", "api")
        return world, await plan(Wayward(world).groups("api", "web", "api"))

    world, plans = run_virtual(story)
    assert [one.group for one in plans] == ["api", "web"]
    for one in plans:
        assert set(one.old) == ids(world, one.group)
        assert (one.base, one.floor, one.ceiling, one.work, one.objections) == (3, 3, 4, True, ())
    assert nothing_but_reads(world)
    assert world.calls


def test_a_plan_asks_as_often_as_it_must() -> None:
    async def story() -> World:
        world = world_of("web")
        await plan(Wayward(world).groups("web"))
        return world

    calls = run_virtual(story).calls
    assert calls["autoscaling:DescribeAutoScalingGroups"] == 1
    assert calls["elbv2:DescribeTargetHealth"] == 2


def test_a_plan_keeps_to_its_order() -> None:
    async def story() -> Plan:
        world = world_of("web")
        spec = RolloutSpec(max_surge=2, scope=Scope.OUTDATED, hooks=Hooks(before_terminate="leave OLD_INSTANCE_ID"))
        return (await plan(Wayward(world).groups("web"), spec))[0]

    one = run_virtual(story)
    assert (one.ceiling, one.old, one.work) == (5, (), False)
    assert one.hooks == (("before-terminate", "leave OLD_INSTANCE_ID"),)


def test_a_plan_of_what_would_be_refused_says_why() -> None:
    async def story() -> tuple[World, Plan]:
        world = world_of("web")
        world.human_starts_refresh("web")
        return world, (await plan(Wayward(world).groups("web")))[0]

    world, one = run_virtual(story)
    assert "instance refresh" in one.objections[0]
    assert one.steps == ()
    assert nothing_but_reads(world)


def test_a_plan_of_what_is_under_way_goes_on_from_the_record_and_leaves_it() -> None:
    async def story() -> tuple[int, World, Plan]:
        world = world_of("web")
        await under_way(world, 100.0)
        before, done = world.state.groups["web"], len(done_by_us(world))
        (one,) = await plan(Wayward(world).groups("web"))
        assert world.state.groups["web"] == before
        return done, world, one

    done, world, one = run_virtual(story)
    assert (one.base, one.work) == (3, True)
    assert one.suspends == ()
    assert len(done_by_us(world)) == done


@pytest.mark.parametrize("verb", [plan, status])
def test_what_is_not_allowed_is_one_plain_error(verb: Callable[..., Awaitable[object]]) -> None:
    """Also when it is the second thing asked, of one group among several."""
    calls = []

    async def denied(group: str) -> None:
        calls.append(group)
        if group == "api":
            await anyio.sleep(0.5)
            raise CredentialsError("AccessDenied: elasticloadbalancing:DescribeTargetHealth")

    async def story() -> None:
        world = world_of("web", "api")
        with pytest.raises(CredentialsError, match="DescribeTargetHealth"):
            await verb(Wayward(world, look=denied).groups("web", "api"))

    run_virtual(story)
    assert sorted(calls) == ["api", "web"]


# --- status


def test_an_idle_group_has_nothing_under_way() -> None:
    async def story() -> tuple[World, tuple[Status, ...]]:
        world = world_of("web", "api")
        return world, await status(Wayward(world).groups("web", "api"))

    world, found = run_virtual(story)
    assert [(one.group, one.run, one.alive, one.unreadable, one.changed) for one in found] == [
        ("web", None, None, "", ()),
        ("api", None, None, "", ()),
    ]
    assert nothing_but_reads(world)


def test_of_a_group_under_way_it_says_who_where_to_and_what_is_changed() -> None:
    async def story() -> tuple[int, World, Status]:
        world = world_of("web", "api")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll_out, Wayward(world).groups("web"), UNWATCHED)
            await anyio.sleep(100.0)
            done = len(done_by_us(world))
            one, idle = await status(Wayward(world).groups("web", "api"))
            assert len(done_by_us(world)) == done
            tasks.cancel_scope.cancel()
        assert idle.run is None
        return done, world, one

    done, world, one = run_virtual(story)
    assert one.holder.split("/")[3] == str(os.getpid())
    assert (one.goal, one.cause, one.unreadable) == ("replace", "", "")
    assert one.alive is None
    assert one.until > one.at
    assert len(one.going) == 1
    assert f"{one.going[0]} is out of its load balancers" in one.changed
    assert "maximum is 5, it was 3" in one.changed
    assert len(done_by_us(world)) > done, "and it went on"


PEOPLE = [("we", 0.0, False), ("others", 0.0, None), ("others", 600.0, False), ("gone", 0.0, False)]


@pytest.mark.parametrize(("who", "after", "alive"), PEOPLE)
def test_whether_its_holder_lives_is_said_as_far_as_it_can_be_told(
    who: str, after: float, alive: object, a_dead_pid: int
) -> None:
    """This process knows which of its runs have ended; of another host only the lease tells."""
    ours = identify(Journal.__dataclass_fields__["goal"].default).holder
    place, _, started = ours.rsplit("/", 2)

    async def story() -> Status:
        world = world_of("web")
        await under_way(world, 30.0)
        holder = {"we": ours, "others": "elsewhere/boot/1/1/1", "gone": f"{place}/{a_dead_pid}/{started}"}[who]
        changed_tags(world, lambda tags: tags | {"holder": f"{tags['holder'].split(' ')[0]} {holder}"})
        await anyio.sleep(after)
        return (await status(Wayward(world).groups("web")))[0]

    assert run_virtual(story).alive is alive


def test_of_one_that_is_put_back_it_says_why() -> None:
    async def story() -> Status:
        world = world_of("web")
        await under_way(world)
        with anyio.move_on_after(30.0):  # this process knows that the killed one is over
            await restore(Wayward(world).groups("web"))
        return (await status(Wayward(world).groups("web")))[0]

    one = run_virtual(story)
    assert (one.goal, one.cause) == ("restore", "restore was ordered")


TORN = {
    "a tag is missing": lambda tags: {key: value for key, value in tags.items() if key != "holder"},
    "serials differ": lambda tags: tags | {"found": tags["found"].replace("n=", "n=9")},
    "another version": lambda tags: tags | {"head": tags["head"].replace("v=2", "v=3")},
    "another group's": lambda tags: tags | {"head": tags["head"].replace(" g=", " g=0")},
    "not ours at all": lambda tags: {"head": "$(touch HACKED)\x1b[2J"},
}


@pytest.mark.parametrize("how", TORN)
def test_a_record_that_cannot_be_read_is_said_so_and_left(how: str) -> None:
    async def story() -> tuple[World, int, Status]:
        world = world_of("web")
        await under_way(world)
        changed_tags(world, TORN[how])  # type: ignore[arg-type]
        before, done = world.state.groups["web"], len(done_by_us(world))
        (one,) = await status(Wayward(world).groups("web"))
        assert world.state.groups["web"] == before
        return world, done, one

    world, done, one = run_virtual(story)
    assert one.unreadable
    assert "\x1b" not in one.unreadable
    assert (one.run, one.alive, one.going) == (None, None, ())
    assert len(done_by_us(world)) == done


def test_it_reads_what_a_rollout_writes() -> None:
    """Through the tags: the words of the status are the record's own."""

    async def story() -> tuple[Status, dict[str, str]]:
        world = world_of("web")
        await under_way(world)
        tags = {tag.key: tag.value for tag in world.state.groups["web"].tags}
        return (await status(Wayward(world).groups("web")))[0], tags

    one, tags = run_virtual(story)
    assert tags["async-rollout:holder"].endswith(one.holder)
    assert f" run={one.run} until={one.until} " in tags["async-rollout:head"]
    assert {key.rpartition(":")[2] for key in tags if ":lane:" in key} == set(one.going)
