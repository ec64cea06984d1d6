"""One call to AWS and one reply: the words which the rest of this folder speaks.

A `Call` names the API operation as AWS does and is compared by what it says, so two who ask the same can share it.
What else is to be known of a service (its request buckets, its permissions, how it says no) its `Api` says, which each
of its calls carries: nobody who sends a call has to know the service.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Urgency

Body = Mapping[str, Any]
"""A parsed reply, as botocore hands it over. Goes no further than the pure translation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One of AWS's request buckets. burst: calls at once; refill: calls a second, all of them, not our share.

    watched: every group that is under way draws from it look after look, so it bounds how many groups that may be.
    """

    name: str
    burst: float
    refill: float
    watched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A no that stands in a reply which says that all went well (200). code, message: AWS's own words.

    passing: another change was in the way, so the very same call may be taken a moment later. unanswered: it is no
    answer at all, so nothing is known of what was asked.
    """

    code: str
    message: str
    passing: bool = False
    unanswered: bool = False


def _taken(operation: str, body: Body) -> Rejection | None:
    """Of a service that says no by an error alone, every other reply is a yes."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One AWS service, as whoever calls it has to know it.

    client: botocore's name. rate: the bucket that an operation draws from. prefix: its name in permissions, where that
    is another. gone: its error codes for what is no more, without `Exception` behind. rejected: the no in a reply to an
    operation that says 200, None where there is none.
    """

    client: str
    rate: Callable[[str], Rate]
    prefix: str = ""
    gone: frozenset[str] = frozenset()
    rejected: Callable[[str, Body], Rejection | None] = _taken

    def call(self, operation: str, **params: Any) -> Call:
        return Call(api=self, operation=operation, params=params)

    def permission(self, operation: str) -> str:
        """What a policy calls it, such as `ec2:DescribeInstances`."""
        return f"{self.prefix or self.client}:{operation}"


def is_read(operation: str) -> bool:
    """Whether it can change nothing, told by its name alone."""
    return operation.startswith(("Describe", "Get", "List"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API call. group: whose group it is for, empty when it is for many (events name it).

    urgency: who goes first where AWS's bucket is nearly empty. young: asked when its turn has come, see `Young`.
    """

    api: Api
    operation: str
    params: Body
    group: str = ""
    urgency: Urgency = Urgency.USUAL
    young: Young = field(default=always, compare=False)

    @property
    def service(self) -> str:
        """botocore's name of the service."""
        return self.api.client

    @property
    def reads(self) -> bool:
        """Whether it can change nothing."""
        return is_read(self.operation)

    @property
    def rate(self) -> Rate:
        """The bucket that it draws from."""
        return self.api.rate(self.operation)

    @property
    def key(self) -> str:
        """What is asked, as text: equal keys may share one answer."""
        return json.dumps([self.service, self.operation, self.params], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """AWS's answer. at: AWS's time, epoch seconds, from the Date header."""

    body: Body
    at: float


Ask = Callable[[Call], Awaitable[Reply]]
"""How a read is asked: shared, throttled, retried. Raises CallFailedError."""


def one_bucket(rate: Rate) -> Callable[[str], Rate]:
    """The rate of every operation, of a service that has one bucket for all."""

    def every(operation: str) -> Rate:
        return rate

    return every


AUTOSCALING = Api(
    client="autoscaling", rate=one_bucket(Rate(name="autoscaling", burst=40.0, refill=10.0, watched=True))
)
"""Auto Scaling publishes no rates: as ELB's."""
EC2 = Api(client="ec2", rate=one_bucket(Rate(name="ec2", burst=100.0, refill=20.0)))
"""AWS's guide on request throttling."""
STS = Api(client="sts", rate=one_bucket(Rate(name="sts", burst=100.0, refill=20.0)))


def autoscaling(operation: str, **params: Any) -> Call:
    return AUTOSCALING.call(operation, **params)


def ec2(operation: str, **params: Any) -> Call:
    return EC2.call(operation, **params)


async def pages(ask: Ask, call: Call, *, given: str = "NextToken", wanted: str = "NextToken") -> list[Reply]:
    """All pages of one call. given: the token's name in the reply; wanted: its name in the request.

    botocore has no paginator for half of what is asked here, and a page may be short while more follow.
    """
    replies = [await ask(call)]
    while token := replies[-1].body.get(given):
        replies.append(await ask(replace(call, params={**call.params, wanted: token})))
    return replies
