"""`python tests/core/records VERSION`: plays rollouts of this release and keeps what each step leaves in VERSION.jsonl.

Run once at a release, never again for the same one: later releases resume and restore from what it wrote.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1])]

from async_rollout.core.actions import CloudAction, Record  # noqa: E402
from async_rollout.core.belief import Me  # noqa: E402
from async_rollout.core.snapshot import Stop  # noqa: E402
from async_rollout.core.spec import HookCall, HookPoint, Hooks, RolloutSpec  # noqa: E402
from async_rollout.engine.clocks import Young, always  # noqa: E402
from async_rollout.engine.halt import Halt  # noqa: E402
from async_rollout.engine.ports import Answer, Urgency  # noqa: E402
from async_rollout.engine.rollout import Rollout  # noqa: E402
from async_rollout.sandbox.doors.port import PortCloud  # noqa: E402
from async_rollout.sandbox.groups import a_group  # noqa: E402
from async_rollout.sandbox.virtual import run_virtual  # noqa: E402
from async_rollout.sandbox.world import World  # noqa: E402
from support.released import freeze  # noqa: E402 - the path comes first
from support.simulation import InstantHooks  # noqa: E402


async def good(call: HookCall) -> int:
    return 0


async def bad_before(call: HookCall) -> int:
    return 3 if call.point is HookPoint.BEFORE_TERMINATE else 0


ALL = Hooks(up_check=good, before_terminate=good, after_terminate=good)


SMALL = partial(a_group, size=2, classic=1, target_groups=1, delay=20.0)


@dataclass(frozen=True, kw_only=True)
class Played:
    """One rollout to record. stop: after so many seconds somebody presses Ctrl-C."""

    spec: RolloutSpec = field(default_factory=RolloutSpec)
    build: Callable[[World], object] = SMALL
    stop: float | None = None


PLAYS = {
    "commands": Played(spec=RolloutSpec(hooks=ALL, wait_before_terminate=5.0)),
    "wide": Played(spec=RolloutSpec(max_surge=2), build=partial(a_group, size=3, target_groups=1, maximum=9)),
    "in place": Played(spec=RolloutSpec(max_surge=0, max_unavailable=1)),
    "stopped early": Played(stop=45.0),
    "stopped while it drains": Played(stop=90.0),
    "a command that fails": Played(
        spec=RolloutSpec(hooks=Hooks(before_terminate=bad_before, after_terminate=good)),
    ),
}


class Recording(PortCloud):
    """Keeps the world as it is right after each record was written."""

    kept: list[dict[str, Any]]

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        answer = await super().act(group, action, young, urgency)
        if isinstance(action, Record):
            self.kept.append(freeze(self.world))
        return answer


def record(play: Played) -> list[dict[str, Any]]:
    """Every step of one rollout."""

    async def story() -> list[dict[str, Any]]:
        world, halt = World(7, asyncio.get_running_loop().time), Halt()
        play.build(world)
        cloud = Recording(world)
        cloud.kept = []
        me = Me(run="0a1b2c3d", holder="runner-1/0f1e2d3c/4711")
        rollout = Rollout(cloud, "web", play.spec, me, hooks=InstantHooks(), tell=lambda event: None, halt=halt)
        async with anyio.create_task_group() as tasks:
            if play.stop is not None:
                tasks.start_soon(_stop, halt, play.stop)
            await rollout.run()
            tasks.cancel_scope.cancel()
        return cloud.kept

    return run_virtual(story)


async def _stop(halt: Halt, seconds: float) -> None:
    await anyio.sleep(seconds)
    halt.request(Stop.FINISH, "Ctrl-C")


def main(version: str) -> None:
    """Write the file; one line a step."""
    steps = [{"play": name, "step": n, **kept} for name, play in PLAYS.items() for n, kept in enumerate(record(play))]
    lines = [json.dumps(one, separators=(",", ":"), sort_keys=True) for one in steps]
    with (HERE / f"{version}.jsonl").open("x", encoding="utf-8") as file:
        file.write("\n".join((*lines, "")))


if __name__ == "__main__":
    main(sys.argv[1])
