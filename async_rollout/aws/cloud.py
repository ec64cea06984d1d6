"""The real cloud behind `engine.ports.Cloud`: one account and region. Only glue."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from async_rollout.aws import traffic
from async_rollout.aws.act import Acts
from async_rollout.aws.bucket import SHARE
from async_rollout.aws.calls import STS, Body, Call
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.faults import CallFailedError, as_seen
from async_rollout.aws.room import Room
from async_rollout.aws.single_flight import Flights
from async_rollout.aws.sources import Sources
from async_rollout.aws.sweep import Sweep
from async_rollout.aws.throttle import Send, Throttle
from async_rollout.aws.traffic.kind import Kind
from async_rollout.aws.translate import tags_of
from async_rollout.core.actions import CloudAction, Erase, Needs, Record
from async_rollout.core.events import Event
from async_rollout.core.observation import Observation
from async_rollout.core.origin import Origin, Place, place_of, stamped
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, GroupRef, Tell, Urgency
from async_rollout.errors import BrokenError

Expiry = Callable[[], Awaitable[float | None]]
"""When the credentials end, epoch seconds; None: never, or not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose cloud it is. account and arn are None where STS would not say.

    expires_at: when the credentials end (epoch seconds), if they do and botocore knows.
    """

    region: str
    account: str | None = None
    arn: str | None = None
    expires_at: float | None = None


class AwsCloud:
    """One account and region. Made by `connect`.

    send: puts one call on the wire, once.
    region: its name.
    tell: called with each event of the calls, which says their account and region; None: nobody is told.
    readonly: whether any call that is not a read raises BrokenError before it is sent; False.
    jitter: gives a chance between 0 and 1, for the pauses before a repeat.
    expiry: tells when the credentials end; None: not known.
    api_share: of AWS's request buckets, which belong to everybody in the account and region, what it may draw; 0.5.
    kinds: of traffic sources, that it knows; empty: all that there are, as `traffic.KINDS` has them.

    calls holds what was sent, by operation; place its region, and its account once a group was seen.
    """

    def __init__(
        self,
        send: Send,
        *,
        region: str,
        tell: Tell | None = None,
        readonly: bool = False,
        jitter: Callable[[], float] = random.random,
        expiry: Expiry | None = None,
        api_share: float = SHARE,
        kinds: Sequence[Kind] = (),
    ) -> None:
        self._region, self._expiry, self._tell = region, expiry, tell
        self.place = Place(region=region)
        self._runs: dict[str, str] = {}
        self._flights = Flights()
        way, told = _reading(send) if readonly else send, self._told if tell else None
        self._throttle = Throttle(way, clock=AwsClock(), tell=told, jitter=jitter, share=api_share)
        sources = Sources(tuple(kind.opened() for kind in kinds or traffic.KINDS))
        self._sweep = Sweep(self._throttle, self._flights, sources)
        self._room = Room(self._throttle, self._sweep.widths)
        self._acts = Acts(self._throttle, self._flights, self._sweep.window, sources.place)

    @property
    def calls(self) -> Counter[str]:
        """What was sent so far, by operation, repeats included."""
        return self._throttle.calls

    def groups(self, *names: str) -> tuple[GroupRef, ...]:
        """Groups of this cloud by their names, each once, for `roll_out` and its like. Asks nothing of AWS."""
        return tuple(GroupRef(self, name) for name in dict.fromkeys(names))

    async def glance(self, group: str) -> Observation:
        """The row of that group alone: see `engine.ports.Cloud.glance`."""
        try:
            return self._seen(await self._sweep.glance(group))
        except CallFailedError as failed:
            raise as_seen(failed) from failed

    @property
    def groups_at_once(self) -> int:
        """How many groups of those that were seen AWS's request buckets carry at once for sure."""
        return self._room.sure

    def carries(self, groups: int) -> bool:
        """Whether so many groups may be under way at once: see `engine.ports.Cloud.carries`."""
        return self._room.carries(groups)

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        """One complete observation. group, needs, after, urgency: see `engine.ports.Cloud.look`."""
        try:
            row, observation = await self._sweep.look(group, needs, after, urgency)
        except CallFailedError as failed:
            raise as_seen(failed) from failed
        self._acts.saw(group, tags_of(row.body))
        return self._seen(observation)

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        """Do one thing. group, action, young, urgency: see `engine.ports.Cloud.act`."""
        if isinstance(action, Record):
            self._runs[group] = action.journal.run
        answer = await self._acts.do(group, action, young, urgency)
        if isinstance(action, Erase):
            self._runs.pop(group, None)
        return answer

    def _seen(self, observation: Observation) -> Observation:
        self.place = Place(account=place_of(observation.group.arn).account, region=self._region)
        return observation

    def _told(self, event: Event) -> None:
        """Before any group was seen nobody knows whose it is: that call is told as this region's, of no group."""
        known = event if self.place.account else replace(event, group="")
        whose = Origin(account=self.place.account, region=self.place.region, run=self._runs.get(known.group, ""))
        if self._tell is not None:
            self._tell(stamped(known, whose))

    async def under_way(self) -> tuple[str, ...]:
        """Names of all groups that hold a record of ours. Raises CredentialsError or UnseenError."""
        try:
            return await self._sweep.under_way()
        except CallFailedError as failed:
            raise as_seen(failed) from failed

    async def names(self) -> tuple[str, ...]:
        """Names of all groups there are. Raises CredentialsError or UnseenError."""
        try:
            return await self._sweep.names()
        except CallFailedError as failed:
            raise as_seen(failed) from failed

    async def identity(self) -> Identity:
        """Account and region, as far as STS says. Never raises for what AWS answered."""
        expires = await self._expiry() if self._expiry else None
        try:
            reply = await self._throttle.ask(STS.call("GetCallerIdentity"))
        except CallFailedError:
            return Identity(region=self._region, expires_at=expires)
        said = reply.body
        return Identity(region=self._region, account=said.get("Account"), arn=said.get("Arn"), expires_at=expires)

    async def close(self) -> None:
        """End what is under way. `session.connect` does so."""
        await self._flights.close()


def _reading(send: Send) -> Send:
    async def only_reads(call: Call) -> Body:
        if not call.reads:
            raise BrokenError(f"{call.operation} would change something, and this cloud was opened to look only")
        return await send(call)

    return only_reads
