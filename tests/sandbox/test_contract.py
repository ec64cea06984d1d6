"""One world, three doors: the same moment gives the same observation through each, and the same acts the same world.

port is the simulation's own reading of the world; wire and http go through the real aws layer, botocore and the codec.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace

import aioboto3
import anyio
import pytest
from aiobotocore.session import AioSession

from async_rollout.aws.session import connect
from async_rollout.core.actions import (
    CloudAction,
    Deregister,
    Launch,
    MarkHealthy,
    Need,
    Needs,
    Order,
    Register,
    Registration,
    Resume,
    SetCapacity,
    SetTemplate,
    Suspend,
    Terminate,
    VersionOf,
)
from async_rollout.core.observation import Observation
from async_rollout.engine.ports import Cloud, Done, Refused
from async_rollout.errors import UnknownGroupError
from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors import codec
from async_rollout.sandbox.doors.http import environment, serve
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, ScheduledAction
from async_rollout.sandbox.records import Hook as LifecycleHook
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.world import World
from support.differences import differences, plain

EVERYTHING: Needs = frozenset(
    {*Need, VersionOf(""), VersionOf("1"), VersionOf("9"), VersionOf("$Latest"), VersionOf("lc:web-2026")}
)
AT_ONCE = (0.0, 0.0)

REQUEST = re.compile(r" \(request [0-9a-f-]+\)$")
"""Only a wire has ids of requests."""


@asynccontextmanager
async def doors(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Cloud]]:
    """All three, open to one world."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(serve(world))
        for name, value in environment(endpoint).items():
            monkeypatch.setenv(name, value)
        yield {
            "port": PortCloud(world, latency=AT_ONCE),
            "wire": await stack.enter_async_context(connect(session=session(world, latency=AT_ONCE))),
            "http": await stack.enter_async_context(connect(endpoint=endpoint, session=ordinary())),
        }


def ordinary() -> aioboto3.Session:
    """As a user's own, from the environment; the model files are not read anew each time."""
    core = AioSession()
    core.register_component("data_loader", codec.loader())
    return aioboto3.Session(botocore_session=core)


async def same(clouds: dict[str, Cloud], needs: Needs = EVERYTHING, group: str = "web") -> Observation:
    """Look through every door and compare; gives one of the observations."""
    observations = {name: await cloud.look(group, needs, anyio.current_time()) for name, cloud in clouds.items()}
    for name in ("wire", "http"):
        assert list(differences(plain(observations[name]), plain(observations["port"]), name)) == []
    return observations["port"]


async def test_a_small_rollout_looks_the_same(
    world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_group(world, outdated=3, maximum=4, edit=_public)
    async with doors(world, monkeypatch) as clouds:
        found = await same(clouds)
        assert len(found.sources) == 3 and all(len(one.targets) == 3 for one in found.instances)
        old = found.instances[0].id
        world.suspend("web", ["AZRebalance", "ReplaceUnhealthy"])
        world.set_desired_capacity("web", 4)
        assert (await same(clouds)).group.desired == 4
        states = [await _later(world, clock, clouds) for _ in range(8)]  # booting, in service, proven
        assert {"Pending", "InService", "initial", "healthy"} <= set().union(*states)
        for source in world.group("web").source_ids:
            world.deregister(source, old)
        assert "draining" in await _later(world, clock, clouds)
        clock.move(30.0)
        assert (await same(clouds)).instance(old).targets == ()  # type: ignore[union-attr]
        world.terminate(old, decrement=True)
        assert "Terminating" in await _later(world, clock, clouds, 5.0)
        clock.move(60.0)
        assert (await same(clouds)).instance(old) is None


def _public(group: Group) -> Group:
    return replace(group, public=True)


async def _later(world: World, clock: ManualClock, clouds: dict[str, Cloud], seconds: float = 10.0) -> set[str]:
    """Some seconds on, every door agrees; what lifecycle and target states are seen then.

    Not asked for everything: the aws layer's request buckets go by the wall clock here.
    """
    clock.move(seconds)
    seen = await same(clouds, frozenset({Need.TARGETS, Need.ACTIVITIES}))
    return {one.lifecycle for one in seen.instances} | {
        target.state for one in seen.instances for target in one.targets
    }


def _odd_port(world: World) -> None:
    world.register(world.group("web").target_groups[0], world.members("web")[0].id, 9999)


def _unlike(world: World) -> None:
    """Everything that a group can have beside what the others have."""
    sources = (("arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-0", "vpc-lattice"),)
    hooks = (
        LifecycleHook(name="in", launching=True, heartbeat=120.0),
        LifecycleHook(name="out", launching=False, heartbeat=60.0),
    )
    changes = {"other_sources": sources, "hooks": hooks, "warm_pool": True, "health_check_type": "EC2,ELB"}
    world.human_edits("web", lambda group: replace(group, **changes))
    world.schedule("web", ScheduledAction(name="later", at=world.now + 3600.0, every=60.0, minimum=1, desired=2))
    world.human_starts_refresh("web")


def _failing(world: World) -> None:
    world.troubles["web"].failing_launches = 2
    world.troubles["web"].launch_message = "No <room> & board: \u00e9"
    world.human_sets("web", maximum=5, desired=4)


def _sick(world: World) -> None:
    world.break_app(world.members("web")[0].id)
    world.kill(world.members("web")[1].id)
    world.set_health(world.members("web")[2].id, "Unhealthy")


def _edges(world: World) -> None:
    world.human_sets("web", minimum=0, maximum=9)
    world.protect("web", [world.members("web")[0].id], protected=True)
    world.enter_standby("web", [world.members("web")[1].id], decrement=True)


def _both_kinds(world: World) -> None:
    world.human_edits("web", lambda group: replace(group, spot=50))


def _spot_above_a_base(world: World) -> None:
    world.human_edits("web", lambda group: replace(group, spot=100, on_demand_base=1))


def _nothing(world: World) -> None:
    """As it was found."""


@pytest.mark.parametrize(
    ("scenario", "change"),
    [
        ("at-max", _odd_port),
        ("at-max", _unlike),
        ("at-max", _failing),
        ("at-max", _sick),
        ("health-elb", _sick),
        ("at-max", _edges),
        ("size-0", _nothing),
        ("launch-hook", _nothing),
        ("mixed-instances", _nothing),
        ("mixed-instances", _both_kinds),
        ("mixed-instances", _spot_above_a_base),
        ("launch-configuration", _nothing),
        ("suspended", _nothing),
    ],
)
async def test_odd_groups_look_the_same(
    scenario: str, change: Callable[[World], None], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(scenario, seed=3, clock=clock)
    async with doors(world, monkeypatch) as clouds:
        await same(clouds)
        change(world)
        await same(clouds)
        for _ in range(4):
            await _later(world, clock, clouds, 17.0)


async def test_needs_are_kept_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_group(world)
    async with doors(world, monkeypatch) as clouds:
        for needs in (frozenset(), frozenset({Need.SURVEY}), frozenset({Need.ACTIVITIES}), frozenset({Need.TARGETS})):
            seen = await same(clouds, needs)
            assert seen.health_seen is (Need.TARGETS in needs)
        for cloud in clouds.values():
            with pytest.raises(UnknownGroupError):
                await cloud.look("nobody", frozenset(), anyio.current_time())


def acts(world: World) -> Iterable[CloudAction]:
    """Every kind of act that a rollout does, some of them refused."""
    first, second, third = (one.id for one in world.members("web"))
    everywhere = tuple(Registration(source=id, instance=first) for id in world.group("web").source_ids)
    target_group = world.group("web").target_groups[0]
    yield Suspend(processes=("AZRebalance", "ReplaceUnhealthy"))
    yield Order(text="stop please")
    yield SetCapacity(desired=9)
    yield SetCapacity(maximum=5)
    yield SetCapacity(desired=4)
    yield Launch(zone="eu-west-1b", count=2, token="doors/1")
    yield SetCapacity(maximum=9)
    yield from [Launch(zone="eu-west-1b", count=2, token="doors/2")] * 2
    yield Launch(zone="eu-west-1c", count=2, token="doors/2")
    yield Launch(zone="eu-west-1f", count=1, token="doors/3")
    template = world.group("web").template
    assert template is not None
    for spelled in (f"{template.id}:1", f"{template.id}:9", f"{template.id}:", "lc:nobody", f"{template.id}:$Latest"):
        yield SetTemplate(spelled=spelled)
    yield Deregister(registrations=everywhere)
    yield Deregister(registrations=(Registration(source=target_group, instance=second, port=8080),))
    yield Register(registrations=(Registration(source=target_group, instance=second, port=8080),))
    yield MarkHealthy(instances=(second, third))
    yield Terminate(instance=first, shrink=True)
    yield Terminate(instance="i-0123456789abcdef0", shrink=True)
    yield Terminate(instance=second, shrink=True)
    yield Terminate(instance=third, shrink=True)  # below the minimum
    yield Resume(processes=("AZRebalance",))


async def test_acts_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[object]] = {}
    for name in ("port", "wire", "http"):
        clock = ManualClock()
        world = build("at-max", seed=5, clock=clock)
        world.troubles["web"].quota = 5
        async with doors(world, monkeypatch) as clouds:
            cloud = clouds[name]
            await cloud.look("web", frozenset(), anyio.current_time())
            told[name] = []
            for action in acts(world):
                answer = await cloud.act("web", action)
                told[name].append(
                    (answer.code, REQUEST.sub("", answer.message)) if isinstance(answer, Refused) else answer
                )
                clock.move(5.0)
        told[name] += [(one.at, one.what, one.who, one.instance, one.detail) for one in world.record]
        told[name].append(asdict(world.group("web")))
    assert list(differences(told["wire"], told["port"], "wire")) == []
    assert list(differences(told["http"], told["port"], "http")) == []
    assert sum(isinstance(one, Done) for one in told["port"]) == 17
    launches = [(len(one.launched), len(one.errors)) for one in told["port"] if isinstance(one, Done) and one.launched]
    assert launches == [(1, 1)] * 2
