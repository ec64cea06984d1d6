"""One call to AWS and one reply: the words which the rest of this folder speaks.

A `Call` names the API operation as AWS does and is compared by what it says, so two who ask the same can share it.
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
class Call:
    """One API call. group: whose group it is for, empty when it is for many (events name it).

    urgency: who goes first where AWS's bucket is nearly empty. young: asked when its turn has come, see `Young`.
    """

    service: str
    operation: str
    params: Body
    group: str = ""
    urgency: Urgency = Urgency.USUAL
    young: Young = field(default=always, compare=False)

    @property
    def reads(self) -> bool:
        """Whether it can change nothing, told by its name alone."""
        return self.operation.startswith(("Describe", "Get"))

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


def autoscaling(operation: str, **params: Any) -> Call:
    return Call(service="autoscaling", operation=operation, params=params)


def elb(operation: str, **params: Any) -> Call:
    return Call(service="elb", operation=operation, params=params)


def elbv2(operation: str, **params: Any) -> Call:
    return Call(service="elbv2", operation=operation, params=params)


def ec2(operation: str, **params: Any) -> Call:
    return Call(service="ec2", operation=operation, params=params)


async def pages(ask: Ask, call: Call, *, given: str = "NextToken", wanted: str = "NextToken") -> list[Reply]:
    """All pages of one call. given: the token's name in the reply; wanted: its name in the request.

    botocore has no paginator for half of what is asked here, and a page may be short while more follow.
    """
    replies = [await ask(call)]
    while token := replies[-1].body.get(given):
        replies.append(await ask(replace(call, params={**call.params, wanted: token})))
    return replies
