"""Rules by which calls go wrong. Every door asks for a verdict before each call and plays it in its own way."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from async_rollout.sandbox.simulation import EPOCH, Simulation
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError

MISSED = 0.3
"""Of the answers with a GAP, so many lack a registration too: a source's are wrong more rarely than a group's."""


HTML = b"""<!DOCTYPE html>
<html>
<head><title>503 Service Temporarily Unavailable</title></head>
<body>
<center><h1>503 Service Temporarily Unavailable</h1></center>
<hr>
</body>
</html>
"""
"""What a proxy in front of AWS says when AWS does not. botocore knows pages that begin with <html>; not this one."""


class FaultKind(StrEnum):
    """How a call goes wrong. LOST_ANSWER: executed, the answer is lost; RESET: cut before it was executed.

    GAP: an answer that lacks a member of each group and a registration of each source, of ECS a host, a task or a
    service; EMPTY: one that lists nothing, of ECS nothing in its clusters.
    EXPIRED: the credentials are no longer taken. DENIED: they do not allow this call. REFUSED: AWS says no, in the
    words of the rule; CONTENDED: it says that another change is in the way. GARBLED: executed, the answer has the
    status 200 and nothing that can be read: cut in half, a page of HTML, or empty; of a service that speaks JSON
    botocore makes an answer without any member.
    """

    THROTTLE = "throttle"
    ERROR_500 = "500"
    HTML_503 = "html503"
    LOST_ANSWER = "lost_answer"
    RESET = "reset"
    DELAY = "delay"
    STALE = "stale"
    GAP = "gap"
    EMPTY = "empty"
    EXPIRED = "expired"
    DENIED = "denied"
    REFUSED = "refused"
    CONTENDED = "contended"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule. action: a regular expression found anywhere in "service:Operation" ("elbv2:DescribeTargetHealth").

    count: so often at the most, None: always. window: only between these seconds since the world's start. seconds: of
    a DELAY, or the age of a STALE answer. silent: so long nobody is told that a RESET or LOST_ANSWER brings no answer.
    code, words: what AWS says where it says no.
    """

    kind: FaultKind
    action: str = ""
    probability: float = 1.0
    count: int | None = None
    window: tuple[float, float] | None = None
    seconds: float = 5.0
    silent: float = 0.0
    code: str = "ValidationError"
    words: str = "The request is not valid."


IN_PROGRESS = Fault(
    kind=FaultKind.CONTENDED,
    action="^autoscaling:(SetDesiredCapacity|UpdateAutoScalingGroup|TerminateInstanceInAutoScalingGroup)",
    code="ScalingActivityInProgress",
    words="Scaling activity 0ea5f0da-97c6-1d64-5127-43e061c16819 is in progress and blocks this action",
)
"""What AWS answers while an activity of the group's own has the way (aws-cli #2226)."""


CONTENTION = Fault(
    kind=FaultKind.CONTENDED,
    action="^autoscaling:LaunchInstances",
    code="ResourceContention",
    words="You already have a pending update to an Auto Scaling resource.",
)
"""What AWS answers a launch while another change of the group is under way (its model, with the status 500)."""


class Faults:
    """The rules of one world, in order; the first that strikes counts. Seeded apart from the world's own chances."""

    def __init__(self, world: Simulation, rules: Iterable[Fault] = (), *, seed: int | None = None) -> None:
        self.rules: list[Fault] = []
        self._world = world
        self._rng = random.Random(f"faults {world.seed if seed is None else seed}")
        self._missed = random.Random(f"gaps {world.seed if seed is None else seed}")
        self._of_ecs = random.Random(f"ecs {world.seed if seed is None else seed}")
        self._struck: list[int] = []
        for rule in rules:
            self.add(rule)

    def add(self, rule: Fault) -> None:
        self.rules.append(rule)
        if rule.kind is FaultKind.STALE:
            self._world.remember()

    def partial(self, state: State, kind: FaultKind) -> State:
        """The tables as an answer shows them that is not whole: a GAP, or EMPTY."""
        shown = state.copy()
        if kind is FaultKind.EMPTY:
            shown.groups, shown.rosters, shown.registrations = {}, {}, {source: {} for source in state.registrations}
            shown.hosts, shown.tasks, shown.services, shown.placed = {}, {}, {}, {}
            return shown
        for name, roster in state.rosters.items():
            lost = self._rng.choice(roster) if roster else None
            shown.rosters[name] = tuple(id for id in roster if id != lost)
        for source, listed in state.registrations.items():
            lost = self._missed.choice(list(listed)) if listed and self._missed.random() < MISSED else None
            shown.registrations[source] = {id: several for id, several in listed.items() if id != lost}
        for table in (shown.hosts, shown.tasks, shown.services):
            self._miss(table)
        return shown

    def _miss(self, table: dict[str, Any]) -> None:
        if table and self._of_ecs.random() < MISSED:
            del table[self._of_ecs.choice(list(table))]

    def garbled(self, body: bytes) -> bytes:
        """What is left of an answer's body."""
        return self._of_ecs.choice((body[: len(body) // 2], HTML, b""))

    def verdict(self, service_action: str) -> Fault | None:
        """What befalls this call ("autoscaling:SetDesiredCapacity"), None: nothing. Uses up the rule's count."""
        self._struck += [0] * (len(self.rules) - len(self._struck))
        for index, rule in enumerate(self.rules):
            if self._applies(rule, index, service_action):
                self._struck[index] += 1
                return rule
        return None

    def withholds(self, permits: Iterable[str]) -> bool:
        """Whether one of these permissions ("ec2:RunInstances") is missing, that a call needs beside its own."""
        rules = [(index, rule) for index, rule in enumerate(self.rules) if rule.kind is FaultKind.DENIED]
        self._struck += [0] * (len(self.rules) - len(self._struck))
        return any(self._applies(rule, index, permit) for permit in permits for index, rule in rules)

    def _applies(self, rule: Fault, index: int, service_action: str) -> bool:
        if rule.count is not None and self._struck[index] >= rule.count:
            return False
        since = self._world.now - EPOCH
        if rule.window is not None and not rule.window[0] <= since < rule.window[1]:
            return False
        return concerns(rule.action, service_action) and self._rng.random() < rule.probability


@lru_cache(maxsize=4096)
def concerns(pattern: str, service_action: str) -> bool:
    """Whether a rule for `pattern` is one for "service:Operation"."""
    return re.search(pattern, service_action) is not None


def refused(fault: Fault) -> AwsError:
    """AWS's no, in the words of the rule."""
    return AwsError(fault.code, fault.words, 500 if fault.code == CONTENTION.code else 400)


def expired() -> AwsError:
    """AWS's words for credentials that are over."""
    return AwsError("ExpiredToken", "The security token included in the request is expired", 403)


def denied(service_action: str) -> AwsError:
    """AWS's words for a permission that is missing; its policies know one prefix for all load balancers."""
    service, _, action = service_action.partition(":")
    prefix = "elasticloadbalancing" if service.startswith("elb") else service
    who = "User: arn:aws:iam::123456789012:user/sandbox"
    why = "because no identity-based policy allows the action"
    return AwsError("AccessDenied", f"{who} is not authorized to perform: {prefix}:{action} {why}", 403)
