"""In and out of sources that address an instance by a handle of their own."""

from __future__ import annotations

from async_rollout.aws.act import Acts
from async_rollout.aws.calls import Body, Call
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.moves import Place, moves
from async_rollout.aws.single_flight import Flights
from async_rollout.aws.throttle import Throttle
from async_rollout.core.actions import Deregister, Registration
from async_rollout.engine.clocks import always
from async_rollout.engine.ports import Answer, Refused, Urgency
from async_rollout.sandbox.virtual import run_virtual
from support.pier import Pier


def test_one_without_a_berth_is_named_and_not_sent() -> None:
    place = Place(kind=Pier(), handles={"i-1": "berth-1", "i-2": "berth-2", "i-3": "berth-3"})
    ones = tuple(Registration(source="pier-9", instance=f"i-{number}") for number in (1, 2, 3, 4))
    found = moves(Deregister(registrations=ones), lambda source: place)
    assert [call.params for call in found.rounds[0]] == [{"Berths": ["berth-1", "berth-2"]}, {"Berths": ["berth-3"]}]
    assert found.unknown == ones[3:]

    async def main() -> Answer:
        acts = Acts(Throttle(no_call, clock=AwsClock()), Flights(), lambda: 0.0, lambda group, source: place)
        return await acts.do("web", Deregister(registrations=ones[3:]), always, Urgency.USUAL)

    assert run_virtual(main) == Refused(code="NotListed", message="no handle of i-4 at pier-9", passing=True)


async def no_call(call: Call) -> Body:
    raise AssertionError(call)
