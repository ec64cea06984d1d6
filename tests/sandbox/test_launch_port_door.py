"""LaunchInstances through the port: Done with what came, and what faults make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from async_rollout.core.actions import Launch
from async_rollout.engine.ports import Answer, Done, Refused, Unknown
from async_rollout.sandbox.doors.port import PATIENCE, PortCloud
from async_rollout.sandbox.faults import CONTENTION, Fault, FaultKind
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.world import World
from support.doorway import through

B = "eu-west-1b"
ONE = Launch(zone="eu-west-1a", count=1, token="t")
CALL = "autoscaling:LaunchInstances"


def test_the_port_tells_what_came_and_why_the_rest_did_not() -> None:
    async def story(world: World, cloud: PortCloud) -> None:
        world.troubles["web"] = Troubles(quota=4)
        answer = await cloud.act("web", Launch(zone=B, count=3, token="t"))
        (new,) = world.members("web")[3:]
        assert isinstance(answer, Done) and answer.launched == (new.id,)
        (error,) = answer.errors
        assert error.code == "VcpuLimitExceeded" and error.message.startswith("You have requested more vCPU capacity")
        assert (await cloud.act("web", Launch(zone=B, count=3, token="t"))) == answer
        assert (world.calls[CALL], world.group("web").desired) == (2, 4)

    through(story)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"warm_pool": True}, "UnsupportedOperation"),
        ({"maximum": 3}, "ValidationError"),
        ({"configuration": "old", "template": None}, "ValidationError"),
    ],
)
def test_the_port_tells_a_refusal_as_final(edit: dict[str, Any], code: str) -> None:
    async def story(world: World, cloud: PortCloud) -> Answer:
        world.put_group(replace(world.group("web"), **edit))
        return await cloud.act("web", ONE)

    answer = through(story)
    assert isinstance(answer, Refused) and (answer.code, answer.passing, answer.denied) == (code, False, False)


@pytest.mark.parametrize(
    ("rule", "answer", "came"),
    [
        (Fault(kind=FaultKind.LOST_ANSWER), Unknown, 1),
        (Fault(kind=FaultKind.RESET), Unknown, 0),
        (Fault(kind=FaultKind.ERROR_500), Unknown, 0),
        (Fault(kind=FaultKind.THROTTLE), Refused, 0),
        (Fault(kind=FaultKind.DENIED), Refused, 0),
        (Fault(kind=FaultKind.REFUSED), Refused, 0),
        (CONTENTION, Refused, 0),
        (Fault(kind=FaultKind.DELAY, seconds=9.0), Done, 1),
    ],
)
def test_faults_of_the_port_and_the_same_again(rule: Fault, answer: type[Answer], came: int) -> None:
    async def story(world: World, cloud: PortCloud) -> None:
        first = await cloud.act("web", ONE)
        assert isinstance(first, answer)
        passing = rule.kind in (FaultKind.THROTTLE, FaultKind.CONTENDED)
        assert getattr(first, "passing", False) is passing
        assert len(world.members("web")) == 3 + came
        second = await cloud.act("web", ONE)
        assert isinstance(second, Done) and second.launched == (world.members("web")[3].id,)
        assert len(world.members("web")) == 4

    through(story, faults=(replace(rule, action=CALL, count=1),))


def test_a_lost_answer_may_be_long_in_being_lost() -> None:
    async def story(world: World, cloud: PortCloud) -> float:
        began = anyio.current_time()
        assert isinstance(await cloud.act("web", ONE), Unknown)
        return anyio.current_time() - began

    lost = Fault(kind=FaultKind.LOST_ANSWER, action=CALL, silent=25.0)
    assert 25.0 < through(story, faults=(lost,)) < 26.0


def test_while_the_first_is_under_way_the_second_learns_nothing_and_then_the_same() -> None:
    async def story(world: World, cloud: PortCloud) -> None:
        world.troubles["web"].answering = 20.0
        told: dict[str, Answer] = {}

        async def ask(name: str) -> None:
            told[name] = await cloud.act("web", ONE)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "first")
            await anyio.sleep(10.0)
            await ask("second")
            assert "first" not in told
        second = told["second"]
        assert isinstance(second, Unknown) and second.why.startswith("IdempotentCallInProgress: ")
        await ask("third")
        assert told["third"] == told["first"] == Done(launched=(world.members("web")[3].id,))

    through(story)


def test_the_port_waits_as_long_as_a_cloud_layer_would() -> None:
    async def story(world: World, cloud: PortCloud) -> None:
        world.troubles["web"].answering = PATIENCE + 10.0
        began = anyio.current_time()
        assert isinstance(await cloud.act("web", ONE), Unknown)
        assert PATIENCE <= anyio.current_time() - began < PATIENCE + 1.0
        again = await cloud.act("web", ONE)
        assert isinstance(again, Unknown) and again.why.startswith("IdempotentCallInProgress: ")
        await anyio.sleep(15.0)
        assert await cloud.act("web", ONE) == Done(launched=(world.members("web")[3].id,))

    through(story)
