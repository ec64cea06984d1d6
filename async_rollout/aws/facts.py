"""Facts of EC2: when an instance was launched and at which addresses, and where a template's aliases point.

Launch facts never change, so each instance is asked for once, for all groups together; one that EC2 does not show yet
is asked for again by the next look. Aliases move, so they are asked for again after a minute.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import anyio

from async_rollout.aws.calls import Ask, Body, Call, ec2, pages
from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.launching import Resolved, Versions
from async_rollout.aws.single_flight import Batch, Flights, chunks
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


NOT_RUN = ("stopping", "stopped", "shutting-down", "terminated")
"""EC2's states of whom it does not run."""


@dataclass(frozen=True, slots=True)
class Down:
    """What EC2 says of one that is marked Unhealthy: its state where it does not run it, else empty; its code why."""

    state: str = ""
    reason: str = ""


def down_of(row: Body) -> Down:
    """One instance of DescribeInstances."""
    state = row.get("State", {}).get("Name", "")
    return Down(state, (row.get("StateReason") or {}).get("Code") or "") if state in NOT_RUN else Down()


UNSEEN = Launch(launched_at=None, private_ip=None, public_ip=None, settled=False)
"""An instance that EC2 does not show."""


def launch_of(row: Body) -> Launch:
    """One instance of DescribeInstances.

    EC2's LaunchTime moves at stop and start, so it stands in only where the interface is gone with the instance.
    """
    state = row.get("State", {}).get("Name", "")
    interfaces = row.get("NetworkInterfaces", ())
    primary = next(
        (interface for interface in interfaces if interface.get("Attachment", {}).get("DeviceIndex", 0) == 0), None
    )
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

    def asks(self, ids: Iterable[str], booting: Container[str] = ()) -> bool:
        """Whether EC2 has to be asked for one of them."""
        return any(self._is_open(id, booting) for id in ids)

    def _is_open(self, id: str, booting: Container[str]) -> bool:
        return id not in self._known and not (id in booting and id in self._early)

    async def of(self, ids: Iterable[str], booting: Container[str] = ()) -> Mapping[str, Launch]:
        """Each instance's facts; UNSEEN for one that EC2 does not show.

        booting: of these nobody needs more yet than when they were launched.
        """
        wanted = list(ids)
        open = [id for id in wanted if self._is_open(id, booting)]
        found = await self._batch.ask(open) if open else {}
        self._known |= {id: launch for id, launch in found.items() if launch.settled}
        self._early |= {id: launch for id, launch in found.items() if launch.launched_at is not None}
        return {id: self._known.get(id) or found.get(id) or self._early.get(id, UNSEEN) for id in wanted}

    async def _fetch(self, ids: tuple[str, ...]) -> Mapping[str, Launch]:
        return {id: launch_of(row) for id, row in (await _rows(self._ask, ids)).items()}


async def _rows(ask: Ask, ids: tuple[str, ...]) -> Mapping[str, Body]:
    """By filter: asked by id, one unknown id would fail the whole call."""
    call = ec2("DescribeInstances", Filters=[{"Name": "instance-id", "Values": list(ids)}])
    replies = await pages(ask, call)
    rows = [row for reply in replies for hold in reply.body.get("Reservations", ()) for row in hold["Instances"]]
    return {row["InstanceId"]: row for row in rows}


class Running:
    """Whether EC2 runs those that are marked Unhealthy: who is terminated stays so, all others are asked for again."""

    def __init__(self, ask: Ask, flights: Flights) -> None:
        self._ask = ask
        self._ended: dict[str, Down] = {}
        self._batch: Batch[str, Down] = Batch(flights, self._fetch, split=partial(chunks, size=FILTER_VALUES))

    def asks(self, ids: Iterable[str]) -> bool:
        """Whether EC2 has to be asked for one of them."""
        return any(id not in self._ended for id in ids)

    async def of(self, ids: Iterable[str]) -> Mapping[str, Down]:
        """What EC2 says of each; nothing of one that runs, or that it does not show."""
        wanted = list(ids)
        open = [id for id in wanted if id not in self._ended]
        found = await self._batch.ask(open) if open else {}
        self._ended |= {id: down for id, down in found.items() if down.state == "terminated"}
        return {id: down for id in wanted if (down := self._ended.get(id) or found.get(id)) and down.state}

    async def _fetch(self, ids: tuple[str, ...]) -> Mapping[str, Down]:
        return {id: down_of(row) for id, row in (await _rows(self._ask, ids)).items()}


class Templates:
    """Where the aliases of launch templates point, at most a minute old."""

    def __init__(self, ask: Ask, flights: Flights) -> None:
        self._ask = ask
        self._known: dict[str, tuple[float, Versions]] = {}
        self._batch: Batch[str, Versions] = Batch(flights, self._fetch, split=_alike)

    def asks(self, keys: Iterable[str]) -> bool:
        """Whether what is known of one of them is too old, or nothing is."""
        now = anyio.current_time()
        return not all(key in self._known and now - self._known[key][0] < ALIASES_LAST for key in keys)

    async def of(self, keys: Iterable[str]) -> Resolved:
        """By id or name; a template that is gone is absent.

        Where one is to be asked for again, all that are known go along: one call a minute for all groups together. If
        AWS refuses that one, each group asks for its own: what is wrong with one is nobody else's.
        """
        wanted, now = list(keys), anyio.current_time()
        if self.asks(wanted):
            asked = list(dict.fromkeys((*wanted, *self._known)))
            found = await self._batch.ask(asked)
            if len(asked) > 1:
                found |= await self._each([key for key in wanted if key not in found])
            left = {key: known for key, known in self._known.items() if key not in asked}
            self._known = left | {key: (now, versions) for key, versions in found.items()}
        return {key: self._known[key][1] for key in wanted if key in self._known}

    async def _each(self, keys: Sequence[str]) -> dict[str, Versions]:
        parts = [Part(partial(self._fetch, (key,))) for key in keys]
        await together(*parts)
        return {key: versions for part in parts for key, versions in part.value.items()}

    async def _fetch(self, keys: tuple[str, ...]) -> Mapping[str, Versions]:
        """One that is gone is absent; so are all if AWS refuses several at once."""
        try:
            replies = await pages(self._ask, _asking(keys))
        except CallFailedError as failed:
            refused = failed.fault.kind is FaultKind.REFUSED
            if refused and (len(keys) > 1 or "NotFound" in failed.fault.code):
                return {}
            raise
        rows = [row for reply in replies for row in reply.body.get("LaunchTemplates", ())]
        return {row[name]: _versions(row) for row in rows for name in NAMES if row.get(name) in keys}


NAMES = ("LaunchTemplateId", "LaunchTemplateName")
"""A template is asked for by the one or the other."""


def _alike(keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Ids and names are asked for in calls of their own."""
    ids = [key for key in keys if key.startswith("lt-")]
    names = [key for key in keys if not key.startswith("lt-")]
    return [*chunks(ids, FILTER_VALUES), *chunks(names, FILTER_VALUES)]


def _asking(keys: tuple[str, ...]) -> Call:
    if keys[0].startswith("lt-"):
        return ec2("DescribeLaunchTemplates", LaunchTemplateIds=list(keys))
    return ec2("DescribeLaunchTemplates", LaunchTemplateNames=list(keys))


def _versions(row: Body) -> Versions:
    return Versions(id=row["LaunchTemplateId"], default=row["DefaultVersionNumber"], latest=row["LatestVersionNumber"])
