"""C8: a hundred acts wait for AWS's bucket, and four of them are throttled. None leaves on an old look."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest

from async_rollout.aws.bucket import Bucket
from async_rollout.core.actions import CloudAction, Deregister, Erase, Record, Registration, Resume, SetCapacity
from async_rollout.core.belief import Me
from async_rollout.core.journal import Found, Journal
from async_rollout.core.policy import OLDEST_LOOK
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Answer, Done, Late, Refused, Unknown, Urgency
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.virtual import run_virtual
from support.laws.queued import ARN, Wire, overtaken, stopping, waited
from support.simulation import InstantHooks, new_world


def test_c8_none_of_a_hundred_acts_is_sent_on_an_old_look() -> None:
    came = waited(100, 4)
    assert max(came.ages) <= OLDEST_LOOK
    assert came.answers["Done"] == 100
    assert came.answers["Late"] > 0, "the row was long enough to make some late"
    assert came.ended < 70.0, "who is too late costs the bucket nothing: 100 acts at two a second, four throttles"


def test_c8_after_a_pause_the_age_is_asked_again() -> None:
    """The first attempt was throttled; by the next the look is old. AWS's word stands: surely not done."""
    wire = Wire(throttles=9)
    answers = _acted(wire, Resume(processes=("Launch",)), until=1.0)
    assert [type(answer) for answer in answers] == [Refused]
    assert [call.operation for at, call in wire.sent if at > 1.0] == []
    assert len(wire.sent) == 2


def _acted(wire: Wire, *actions: CloudAction, until: float) -> list[Answer]:
    """Acts of one group, one after the other, whose look is young until then."""

    async def main() -> list[Answer]:
        cloud = wire.cloud()
        return [await cloud.act("web", action, lambda: anyio.current_time() <= until) for action in actions]

    return run_virtual(main)


def test_c8_what_is_late_was_not_sent_at_all() -> None:
    wire = Wire()
    assert _acted(wire, SetCapacity(desired=3), _record(1), Erase(), until=-1.0) == [Late()] * 3
    assert wire.sent == []


def test_c8_half_an_act_is_unknown() -> None:
    """Two load balancers: the second request's turn comes when the look is too old."""

    async def main() -> tuple[Answer, int]:
        wire = Wire()
        cloud, asked = wire.cloud(), iter((True, False))
        sources = (ARN.format("blue"), ARN.format("green"))
        both = tuple(Registration(source=source, instance="i-1", port=80) for source in sources)
        return await cloud.act("web", Deregister(registrations=both), lambda: next(asked)), len(wire.sent)

    assert run_virtual(main) == (Unknown(why="the rest of it was not sent"), 1)


def _record(serial: int) -> Journal | Any:
    found = Found(minimum=1, desired=1, maximum=1)
    return Record(
        journal=Journal(group="0" * 16, run="r", serial=serial, holder="h", until=1, base=1, asked=1, found=found)
    )


def test_c8_records_that_go_together_leave_the_late_one_behind() -> None:
    async def main() -> tuple[dict[str, Answer], list[set[str]]]:
        wire, answers = Wire(), dict[str, Answer]()
        cloud = wire.cloud()

        async def write(group: str, young: Young) -> None:
            answers[group] = await cloud.act(group, _record(1), young)

        async with anyio.create_task_group() as tasks:
            for group in ("a", "b", "c"):
                tasks.start_soon(write, group, (lambda: False) if group == "b" else always)
        return answers, [{tag["ResourceId"] for tag in call.params["Tags"]} for _, call in wire.sent]

    assert run_virtual(main) == ({"a": Done(), "b": Late(), "c": Done()}, [{"a", "c"}])


def test_c8_a_record_that_nobody_waits_for_any_more_stays_behind() -> None:
    async def main() -> list[set[str]]:
        wire = Wire()
        cloud = wire.cloud()
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(cloud.act, f"g{number}", Resume(processes=("Launch",)))
            await anyio.sleep(0.05)
            for group in ("a", "b", "c"):
                tasks.start_soon(partial(_given_up if group == "b" else _kept, cloud, group))
        return [{tag["ResourceId"] for tag in call.params["Tags"]} for _, call in wire.sent if "Tags" in call.params]

    assert run_virtual(main) == [{"a", "c"}]


async def _kept(cloud: Any, group: str) -> None:
    await cloud.act(group, _record(1))


async def _given_up(cloud: Any, group: str) -> None:
    with anyio.move_on_after(0.1):
        await _kept(cloud, group)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_c8_the_more_urgent_goes_first_and_then_who_came_first(share: float) -> None:
    async def main() -> list[tuple[Urgency, int]]:
        bucket, went = Bucket(burst=4, refill=4, share=share), list[tuple[Urgency, int]]()

        async def draw(urgency: Urgency, number: int) -> None:
            await bucket.draw(urgency)
            went.append((urgency, number))

        for _ in range(4):
            await bucket.draw(Urgency.STOP)
        async with anyio.create_task_group() as tasks:
            for number in range(2):
                for urgency in reversed(Urgency):
                    tasks.start_soon(draw, urgency, number)
        return went

    assert run_virtual(main) == [(urgency, number) for urgency in Urgency for number in range(2)]


def test_c8_a_stop_takes_the_whole_bucket_and_the_usual_half_of_it() -> None:
    async def burst(urgency: Urgency) -> int:
        bucket, drawn = Bucket(burst=20, refill=4, share=0.5), 0
        with anyio.move_on_after(0.01):
            while True:
                await bucket.draw(urgency)
                drawn += 1
        return drawn

    assert [run_virtual(partial(burst, urgency)) for urgency in (Urgency.STOP, Urgency.USUAL)] == [20, 10]


@pytest.mark.parametrize("urgency", Urgency)
def test_c8_the_smallest_share_lets_calls_through(urgency: Urgency) -> None:
    """A twentieth of a burst of twenty, less what is kept back, is less than one call."""

    async def main() -> float:
        bucket = Bucket(burst=19.4, refill=4, share=0.05)
        for _ in range(3):
            await bucket.draw(urgency)
        return anyio.current_time()

    assert run_virtual(main) <= 10.1


def test_c8_what_is_being_stopped_goes_before_all_that_waits() -> None:
    assert overtaken() == []
    last = max(at for at, call in stopping(60).sent if call.urgency is Urgency.STOP)
    assert last < 16.0, "sixty on the whole bucket, four a second and ten at once; half of it would take thirty"


class Noting(PortCloud):
    """Remembers how urgent each act was."""

    urgencies: list[Urgency]

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        self.urgencies = [*getattr(self, "urgencies", []), urgency]
        return await super().act(group, action, young, urgency)


def test_c8_all_acts_after_stop_now_are_a_stops() -> None:
    async def main() -> tuple[int, list[Urgency]]:
        cloud, halt = Noting(new_world()), Halt()
        rollout = Rollout(
            cloud, "web", RolloutSpec(), Me(run="r", holder="h"), hooks=InstantHooks(), tell=lambda _: None, halt=halt
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rollout.run)
            await anyio.sleep(100)
            before = len(cloud.urgencies)
            halt.request(Stop.NOW)
        return before, cloud.urgencies

    before, urgencies = run_virtual(main)
    assert set(urgencies[:before]) == {Urgency.USUAL}
    assert len(urgencies) > before
    assert set(urgencies[before:]) == {Urgency.STOP}
