"""Facts of EC2: when an instance was launched and at which addresses, and where a template's aliases point.

Launch facts never change, so each instance is asked for once, for all groups together; one that EC2 does not show yet
is asked for again by the next look. Aliases move, so they are asked for again after a minute.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import anyio

from async_rollout.aws.calls import Ask, Body, Call, ec2, pages
from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.flights import Batch, Flights, chunks
from async_rollout.aws.launching import Resolved, Versions
from async_rollout.aws.together import Part, together

FILTER_VALUES = 200
"""Values that one EC2 filter takes."""
ALIASES_LAST = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """launched_at: attach time of the primary network interface, epoch seconds; settled: nothing more will come."""

    launched_at: float | None
    private_ip: str | None
    public_ip: str | None
    settled: bool


UNSEEN = Launch(launched_at=None, private_ip=None, public_ip=None, settled=False)
"""An instance that EC2 does not show."""


def launch_of(row: Body) -> Launch:
    """One instance of DescribeInstances.

    EC2's LaunchTime moves at stop and start, so it stands in only where the interface is gone with the instance.
    """
    state = row.get("State", {}).get("Name", "")
    interfaces = row.get("NetworkInterfaces", ())
    primary = next((one for one in interfaces if one.get("Attachment", {}).get("DeviceIndex", 0) == 0), None)
    attached = primary.get("Attachment", {}).get("AttachTime") if primary else None
    if attached is None and not interfaces and state != "pending":
        attached = row.get("LaunchTime")
    return Launch(
        launched_at=attached.timestamp() if attached else None,
        private_ip=row.get("PrivateIpAddress") or None,
        public_ip=row.get("PublicIpAddress") or None,
        settled=attached is not None and state != "pending",
    )


class Launches:
    """What is known of the instances of all groups."""

    def __init__(self, ask: Ask, flights: Flights) -> None:
        self._ask = ask
        self._known: dict[str, Launch] = {}
        self._early: dict[str, Launch] = {}
        split = partial(chunks, size=FILTER_VALUES)
        self._batch: Batch[str, Launch] = Batch(flights, self._fetch, split=split)

    async def of(self, ids: Iterable[str], booting: Container[str] = ()) -> Mapping[str, Launch]:
        """Each instance's facts; UNSEEN for one that EC2 does not show.

        booting: of these nobody needs more yet than when they were launched.
        """
        wanted = list(ids)
        early = {id for id in wanted if id in booting and id in self._early}
        open = [id for id in wanted if id not in self._known and id not in early]
        found = await self._batch.ask(open) if open else {}
        self._known |= {id: launch for id, launch in found.items() if launch.settled}
        self._early |= {id: launch for id, launch in found.items() if launch.launched_at is not None}
        return {id: self._known.get(id) or found.get(id) or self._early.get(id, UNSEEN) for id in wanted}

    async def _fetch(self, ids: tuple[str, ...]) -> Mapping[str, Launch]:
        """By filter: asked by id, one unknown id would fail the whole call."""
        call = ec2("DescribeInstances", Filters=[{"Name": "instance-id", "Values": list(ids)}])
        replies = await pages(self._ask, call)
        rows = [row for reply in replies for hold in reply.body.get("Reservations", ()) for row in hold["Instances"]]
        return {row["InstanceId"]: launch_of(row) for row in rows}


class Templates:
    """Where the aliases of launch templates point, at most a minute old."""

    def __init__(self, ask: Ask, flights: Flights) -> None:
        self._ask = ask
        self._flights = flights
        self._known: dict[str, tuple[float, Versions]] = {}

    async def of(self, keys: Iterable[str]) -> Resolved:
        """By id or name; a template that is gone is absent."""
        parts = {key: Part(partial(self._one, key)) for key in keys}
        await together(*parts.values())
        return {key: part.value for key, part in parts.items() if part.value is not None}

    async def _one(self, key: str) -> Versions | None:
        now = anyio.current_time()
        asked, known = self._known.get(key, (float("-inf"), None))
        if known is not None and now - asked < ALIASES_LAST:
            return known
        found = await self._flights.share(f"template {key}", float("-inf"), partial(self._fetch, key))
        if found is not None:
            self._known[key] = (now, found)
        return found

    async def _fetch(self, key: str) -> Versions | None:
        try:
            reply = await self._ask(_asking(key))
        except CallFailedError as failed:
            if failed.fault.kind is FaultKind.REFUSED and "NotFound" in failed.fault.code:
                return None
            raise
        return next((_versions(row) for row in reply.body.get("LaunchTemplates", ())), None)


def _asking(key: str) -> Call:
    if key.startswith("lt-"):
        return ec2("DescribeLaunchTemplates", LaunchTemplateIds=[key])
    return ec2("DescribeLaunchTemplates", LaunchTemplateNames=[key])


def _versions(row: Body) -> Versions:
    return Versions(id=row["LaunchTemplateId"], default=row["DefaultVersionNumber"], latest=row["LatestVersionNumber"])
