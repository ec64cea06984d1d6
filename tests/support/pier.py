"""A kind of traffic source that AWS does not have, with every oddity that one may have.

Instances moor at a pier. No group's row names its pier: it is found by asking. An instance has a berth there, addressed
by a handle of its own. A berth is closed, two a call and out of a small bucket, once the load balancers have let go; a
no stands inside a 200. It is empty when its ships have left, and nobody knows when that is. Cranes put what it held to
other berths, and come to rest some time after.
"""

from __future__ import annotations

from collections.abc import Sequence

from async_rollout.aws.calls import Api, Ask, Body, Call, Rate, Rejection, pages
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.traffic.health import Health, found
from async_rollout.aws.traffic.kind import NONE, Concerns, Handles, Kind
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source, Target, TargetState, unfound

LOOKS = Rate(name="harbour looks", burst=100.0, refill=20.0, watched=True)
MOVES = Rate(name="harbour moves", burst=2.0, refill=0.5)


def _rejected(operation: str, body: Body) -> Rejection | None:
    failures = body.get("Failures", ())
    words = ", ".join(f"{one['Berth']} {one['Reason']}" for one in failures)
    passing = all(one["Reason"] == "TIDE" for one in failures)
    return Rejection(code="Failures", message=words, passing=passing) if failures else None


HARBOUR = Api(
    client="harbour",
    rate=lambda operation: LOOKS if operation.startswith(("List", "Describe")) else MOVES,
    gone=frozenset({"NoSuchPier"}),
    rejected=_rejected,
)


class Pier(Kind):
    name = noun = "pier"
    api = HARBOUR
    reads = ("DescribeBerths", "DescribePier", "ListAnchored", "ListBerths", "ListPiers")
    changes = ("CloseBerths", "OpenBerths")
    turn, discovers, by_handle, asks = 1, True, True, 3

    async def discover(self, ask: Ask, group: Body) -> Sequence[str]:
        members = [one["InstanceId"] for one in group["Instances"]]
        return tuple((await ask(HARBOUR.call("ListPiers", Instances=members))).body["Piers"])

    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        return tuple([await self._described(ask, id) for id in ids])

    async def concerns(self, ask: Ask, group: Body, ids: Sequence[str]) -> Concerns:
        there = [one for one in await self.describe(ask, ids) if not one.gone]
        anchored = (await ask(HARBOUR.call("ListAnchored"))).body["Ships"]
        return Concerns(
            objections=tuple(f"{ship} is at anchor: weigh it" for ship in anchored),
            told=tuple(f"{one.name}: ships leave when they leave" for one in there),
        )

    async def _described(self, ask: Ask, id: str) -> Source:
        reply = await found(ask(HARBOUR.call("DescribePier", Pier=id)))
        if reply is None:
            return unfound(self.source(id, id))
        return self.source(id, reply.body["Name"], open_ended=True, drain_delay=reply.body["Usual"])

    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        listed = await found(pages(ask, HARBOUR.call("ListBerths", Pier=id)))
        if listed is None:
            return None
        berths = [berth for page in listed for berth in page.body["Berths"]]
        reply = await ask(HARBOUR.call("DescribeBerths", Berths=berths))
        rows = [row for row in reply.body["Berths"] if row["Instance"] in members]
        targets = tuple((row["Instance"], _read(id, row)) for row in rows if row["Open"] or row["Ships"])
        handles = {row["Instance"]: row["Berth"] for row in rows}
        return Health(at=reply.at, targets=targets, handles=handles, unsettled=reply.body["Cranes"])

    def register(self, source: str, registrations: Sequence[Registration], handles: Handles = NONE) -> tuple[Call, ...]:
        return _calls("OpenBerths", registrations, handles)

    def deregister(
        self, source: str, registrations: Sequence[Registration], handles: Handles = NONE
    ) -> tuple[Call, ...]:
        return _calls("CloseBerths", registrations, handles)


class Quay(Pier):
    """A pier that says of itself that it moves work."""

    moves_work = True


def _read(id: str, row: Body) -> Target:
    state = TargetState.HEALTHY if row["Open"] else TargetState.DRAINING
    return Target(source=id, port=None, state=state, reason="" if row["Open"] else f"{row['Ships']} ships are in")


def _calls(verb: str, ones: Sequence[Registration], handles: Handles) -> tuple[Call, ...]:
    return tuple(HARBOUR.call(verb, Berths=list(some)) for some in chunks([handles[one.instance] for one in ones], 2))
