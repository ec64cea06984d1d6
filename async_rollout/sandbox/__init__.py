"""A simulated AWS to rehearse in: one world with real delays, several doors to it.

    sandbox = Sandbox("demo", speed=20)
    await roll_out(...)                    # against sandbox.cloud(), or any AWS client against its other doors
    sandbox.world.record                   # what happened, and whose doing it was

Importing this package costs nothing; the world is loaded when it is first used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import aioboto3  # type: ignore[import-untyped]

    from async_rollout.sandbox.doors.port import PortCloud
    from async_rollout.sandbox.faults import Faults
    from async_rollout.sandbox.world import World

__all__ = ["Sandbox"]


class Sandbox:
    """One world and the doors to it. `faults` are rules that every door keeps to; none at first.

    scenario: a name of `sandbox.scenarios`; "demo". KeyError if there is none of that name.
    seed: what is random in the world is drawn from it; 0.
    speed: the world's seconds in one second of the wall clock; 1.
    clock: gives seconds, in place of the wall clock (a virtual or scaled loop's `time`); None: the wall clock.
    """

    def __init__(
        self, scenario: str = "demo", seed: int = 0, speed: float = 1.0, *, clock: Callable[[], float] | None = None
    ) -> None:
        from async_rollout.sandbox.faults import Faults
        from async_rollout.sandbox.scenarios import build

        self.world: World = build(scenario, seed=seed, clock=clock or (lambda: time.monotonic() * speed))
        self.faults: Faults = Faults(self.world)
        self._speed = speed

    def cloud(self, *, latency: tuple[float, float] = (0.05, 0.2)) -> PortCloud:
        """The port door: an `engine.ports.Cloud` on this world.

        latency: the least and the most seconds of the loop that a call takes; 0.05 and 0.2.
        """
        from async_rollout.sandbox.doors.port import PortCloud

        return PortCloud(self.world, faults=self.faults, latency=latency)

    def session(self, *, latency: tuple[float, float] = (0.05, 0.2)) -> aioboto3.Session:
        """The wire door: an aioboto3 session whose clients talk to this world without a socket.

        latency: as of `cloud`.
        """
        from async_rollout.sandbox.doors.wire import session

        return session(self.world, self.faults, latency=latency)

    def serve(self, port: int = 0) -> AbstractAsyncContextManager[str]:
        """The http door, open as long as the block lasts; gives its URL. See `sandbox.doors.http.environment`.

        port: on 127.0.0.1; 0: any free one.

        A call takes as long as AWS's do: 80 to 250 ms of the world's time.
        """
        from async_rollout.sandbox.doors.http import AWS_LATENCY, serve

        return serve(self.world, self.faults, port=port, speed=self._speed, latency=AWS_LATENCY)
