"""One rollout of one group, told from its cloud's side: what the loop looked at, did and said, and when."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Me
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.virtual import run_virtual
from support.fleets import BeforeAct, BeforeLook, Told, Wayward, nothing, world_of
from support.simulation import InstantHooks

SPEC = RolloutSpec()
DONE = (Outcome.DONE, 0)


class Story:
    """One rollout of the group `web`, told from its cloud's side."""

    def __init__(
        self,
        *,
        look: BeforeLook = nothing,
        act: BeforeAct = nothing,
        spec: RolloutSpec = SPEC,
        cloud: Callable[..., Wayward] = Wayward,
        cancelled_at: float = 50_000.0,
        order: tuple[float, Stop] | None = None,
    ) -> None:
        self.told, self.halt, self.order = Told(), Halt(), order
        self._look, self._act, self._spec, self._made, self._cancelled_at = look, act, spec, cloud, cancelled_at
        self.ended = 0.0
        self.result: GroupResult | None = None
        run_virtual(self._run)

    async def _run(self) -> None:
        self.world = world_of("web")
        self.cloud = self._made(self.world, look=self._look, act=self._act)
        me = Me(run="run", holder="host/boot/1")
        rollout = Rollout(
            self.cloud, "web", self._spec, me, hooks=InstantHooks(), tell=self.told, halt=self.halt
        )  # fmt: skip
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._press)
            with anyio.move_on_after(self._cancelled_at):
                self.result = await rollout.run()
            self.ended = anyio.current_time()
            tasks.cancel_scope.cancel()

    async def _press(self) -> None:
        if self.order is not None:
            await anyio.sleep(self.order[0])
            self.halt.request(self.order[1], "a signal")

    @property
    def verdict(self) -> tuple[Outcome, int]:
        assert self.result is not None
        return self.result.verdict.outcome, self.result.verdict.code

    @property
    def why(self) -> str:
        assert self.result is not None
        return self.result.verdict.why

    @property
    def looks(self) -> list[float]:
        return [at for at, _ in self.cloud.looks]
