"""A group of three behind two target groups and a made-up pier, rolled through the real aws layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import anyio
import pytest

from async_rollout.aws import traffic
from async_rollout.aws.calls import Body, Call
from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import Wire
from async_rollout.aws.traffic.kind import Kind
from async_rollout.core.belief import Me
from async_rollout.core.events import Event
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.harbour import Harbour
from support.pier import Pier
from support.simulation import UNWATCHED, InstantHooks

DELAY = 30.0
"""Of the load balancers of the group, seconds."""


@dataclass
class Story:
    """A group of three, two target groups and a pier; what was sent, told, and how each run ended."""

    harbour: Harbour
    order: tuple[str, ...]
    """The old instances, the oldest first."""
    sent: list[tuple[float, Call]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    results: list[GroupResult] = field(default_factory=list)
    gap: tuple[float, float] = (inf, inf)
    """When target groups leave out who drains, from and to, in seconds after the first was deregistered."""
    carried: int = 0
    """How many groups like this one the buckets carry for sure, at the end."""

    @property
    def members(self) -> frozenset[str]:
        return frozenset(one.id for one in self.harbour.world.members("web"))

    @property
    def as_found(self) -> bool:
        """All of the old ones are there and nobody else, each open."""
        return self.members == set(self.order) and all(map(self.harbour.is_open, self.order))

    def seen(self, body: Body) -> Body:
        """What AWS says, but for the gap."""
        rows = body.get("TargetHealthDescriptions")
        began = next((at for at, _ in self.calls("DeregisterTargets")), inf)
        if rows is None or not self.gap[0] <= anyio.current_time() - began < self.gap[1]:
            return body
        return {**body, "TargetHealthDescriptions": [one for one in rows if one["TargetHealth"]["State"] != "draining"]}

    def calls(self, *operations: str) -> list[tuple[float, Call]]:
        return [(at, call) for at, call in self.sent if call.operation in operations]

    def told(self, kind: type[Event]) -> str:
        return "; ".join(str(event) for event in self.events if isinstance(event, kind))

    def first(self, operation: str, id: str) -> float:
        """When a call of that operation first was about an instance, or its berth; infinity if never."""
        names = {id, *(berth for berth, one in self.harbour.berths.items() if one.instance == id)}
        about = (at for at, call in self.calls(operation) if any(f'"{name}"' in call.key for name in names))
        return min(about, default=inf)


def of_harbour(**fields: Any) -> Callable[[Story], object]:
    """Prepares the service. True stands for the oldest instance alone."""

    def prepare(story: Story) -> None:
        for name, value in fields.items():
            setattr(story.harbour, name, frozenset(story.order[:1]) if value is True else value)

    return prepare


def rolled(
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Story], object] = lambda story: None,
    *,
    goals: Sequence[Goal] = (Goal.REPLACE,),
    killed: float = inf,
    stop: tuple[float, Stop] | None = None,
    kind: Kind | None = None,
    **order: Any,
) -> Story:
    """Rolled through the real aws layer. goals: one conductor after the other; the first killed, or stopped."""
    monkeypatch.setattr(traffic, "KINDS", (*traffic.KINDS, kind or Pier()))  # the one line

    async def main() -> Story:
        world = World(1, loop_clock())
        a_group(world, classic=0, size=3, delay=DELAY)
        story = Story(Harbour(world), tuple(one.id for one in world.members("web")))
        prepare(story)
        wire = Wire(session(world), region="eu-west-1", endpoint=None, readonly=False)
        for number, goal in enumerate(goals):
            dead = anyio.Event()

            async def send(call: Call, dead: anyio.Event = dead) -> Body:
                if dead.is_set():
                    await anyio.sleep_forever()
                story.sent.append((anyio.current_time(), call))
                await anyio.sleep(0.1)
                return story.harbour.send(call) if call.service == "harbour" else story.seen(await wire.send(call))

            cloud = AwsCloud(send, region="eu-west-1", jitter=lambda: 0.5)
            halt, me = Halt(), Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
            spec, hooks = replace(UNWATCHED, **order), InstantHooks()
            rollout = Rollout(cloud, "web", spec, me, hooks=hooks, tell=story.events.append, halt=halt)
            async with anyio.create_task_group() as tasks:
                if number == 0:
                    tasks.start_soon(_ended_early, halt, tasks.cancel_scope, dead, killed, stop)
                story.results.append(await rollout.run())
                tasks.cancel_scope.cancel()
            story.carried = cloud.groups_at_once
            await cloud.close()
        await wire.close()
        return story

    return run_virtual(main)


async def _ended_early(
    halt: Halt, scope: anyio.CancelScope, dead: anyio.Event, killed: float, stop: tuple[float, Stop] | None
) -> None:
    at, order = stop or (inf, Stop.NOW)
    await anyio.sleep(min(at, killed))
    if killed < at:
        dead.set()  # nothing of it reaches AWS any more
        scope.cancel()
    halt.request(order, "enough", code=143)
