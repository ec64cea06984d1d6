"""`async-rollout demo`: three groups rolled at once in the sandbox, its time compressed; nothing is needed.

The table at the end is computed from the simulated world's own record, never from what the rollout said of itself.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from async_rollout.cli.command import counted, run_command
from async_rollout.cli.console import Console
from async_rollout.cli.options import Viewing
from async_rollout.cli.sandbox import EXTRA
from async_rollout.core.events import Event
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.errors import UsageError
from async_rollout.render.board import Board, fold

if TYPE_CHECKING:
    from async_rollout.sandbox.world import World

SPEED = 12.0
"""The world's seconds in one second here."""


def demo(viewing: Viewing) -> int:
    """Roll three simulated groups at once; needs nothing.

    It takes less than a minute and exits 0 only if every promise held.
    """
    return run_command("demo", viewing, _story, runner=_run)


def _run(main: Callable[[], Awaitable[int]]) -> int:
    try:
        from async_rollout.sandbox.doors import wire  # noqa: F401 - is the extra there?
        from async_rollout.sandbox.virtual import run_scaled
    except ModuleNotFoundError as missing:
        raise UsageError(f"{EXTRA} ({missing.name} is not there)") from missing
    return run_scaled(main, SPEED)


async def _story(console: Console) -> int:
    from async_rollout.aws.session import connect
    from async_rollout.cli.signals import Signals, heeded
    from async_rollout.cli.verdict import before, proof
    from async_rollout.engine.fleet import roll_out
    from async_rollout.engine.halt import Halt
    from async_rollout.sandbox import Sandbox
    from async_rollout.sandbox.virtual import loop_clock

    box = Sandbox("demo", clock=loop_clock())
    spec, found, began = _order(box.world), before(box.world), time.monotonic()
    console.say(f"three groups of a simulated AWS, {SPEED:.0f} times as fast as the real one")
    halt, names, seen = Halt(), tuple(box.world.state.groups), Seen(console)
    signals = Signals(halt, console, spec, names)
    with heeded(signals):
        async with connect(session=box.session(), tell=seen.tell) as cloud:
            with counted(cloud, console):
                summary = await roll_out(cloud.groups(*names), spec, tell=seen.tell, halt=halt)
    shown = proof(box.world, found, spec, seen.took(), wall=time.monotonic() - began)
    console.records("demo", [shown.data()]) if console.json else console.result(*shown.lines())
    return summary.code or (0 if shown.held else 1)


class Seen:
    """Tells a console, and keeps how long each group took: the table's times are those of every view."""

    def __init__(self, console: Console) -> None:
        self._console, self._board = console, Board()

    def tell(self, event: Event) -> None:
        self._board = fold(self._board, event)
        self._console.tell(event)

    def took(self) -> dict[str, float]:
        """Seconds of each group, in the world."""
        return {group.name: group.took for group in self._board.groups.values()}


def _order(world: World) -> RolloutSpec:
    """With an up-check: the group without a load balancer needs one."""

    async def answers(call: HookCall) -> bool:
        return world.app_up(call.instance)

    return RolloutSpec(hooks=Hooks(up_check=answers))
