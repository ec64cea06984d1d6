"""The real cloud behind `engine.ports.Cloud`: one account and region. Only glue."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
from async_rollout.aws.translate import tags_of
from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.observation import Observation
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
    """One account and region. Made by `session.connect`; `send` puts one call on the wire, once.

    readonly: any call that is not a read raises BrokenError before it is sent. api_share: of AWS's request buckets,
    which belong to everybody in the account and region, what this cloud may draw. calls: what was sent, by operation.
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
    ) -> None:
        self._region, self._expiry = region, expiry
        self._flights = Flights()
        way = _reading(send) if readonly else send
        self._throttle = Throttle(way, clock=AwsClock(), tell=tell, jitter=jitter, share=api_share)
        sources = Sources()
        self._sweep = Sweep(self._throttle, self._flights, sources)
        self._room = Room(self._throttle, self._sweep.widths)
        self._acts = Acts(self._throttle, self._flights, self._sweep.window, sources.place)

    @property
    def calls(self) -> Counter[str]:
        """What was sent so far, by operation, repeats included."""
        return self._throttle.calls

    def groups(self, *names: str) -> tuple[GroupRef, ...]:
        """Groups of this cloud by name, for `roll_out` and its like. Asks nothing."""
        return tuple(GroupRef(self, name) for name in dict.fromkeys(names))

    async def glance(self, group: str) -> Observation:
        """The group's row alone: see `engine.ports.Cloud.glance`."""
        try:
            return await self._sweep.glance(group)
        except CallFailedError as failed:
            raise as_seen(failed) from failed

    @property
    def groups_at_once(self) -> int:
        """How many groups of those that were seen AWS's request buckets carry at once for sure."""
        return self._room.sure

    def carries(self, groups: int) -> bool:
        """Whether so many may be under way at once: see `engine.ports.Cloud.carries`."""
        return self._room.carries(groups)

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        """One complete observation: see `engine.ports.Cloud.look`."""
        try:
            row, observation = await self._sweep.look(group, needs, after, urgency)
        except CallFailedError as failed:
            raise as_seen(failed) from failed
        self._acts.saw(group, tags_of(row.body))
        return observation

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        """Do one thing: see `engine.ports.Cloud.act`."""
        return await self._acts.do(group, action, young, urgency)

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
