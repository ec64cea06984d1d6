"""`python tests/render/released VERSION`: plays rollouts of this release and keeps what it told of them in VERSION/.

Run once at a release, never again for the same one: later releases replay what it wrote. One file a play, in it one
or several runs, as `--events` appends them. Only names that every release has are used here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio

HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[2]))  # a release's own tree may come first: PYTHONPATH

import async_rollout as ar  # noqa: E402
from async_rollout.core.events import Called, Event  # noqa: E402
from async_rollout.render.jsonl import Jsonl  # noqa: E402
from async_rollout.sandbox.virtual import loop_clock, run_virtual  # noqa: E402
from async_rollout.sandbox.world import World  # noqa: E402

Told = list[str]


class Killed(BaseException):
    """What ends a run as a kill does: nothing more is told of it."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One call. stop: whoever runs it presses Ctrl-C after so many seconds. killed: it is killed then.

    failing: the before-command of these groups ends with 3. bare: without commands. back: it is a restore.
    """

    groups: Sequence[str] = ("web",)
    stop: tuple[float, ar.Stop] | None = None
    killed: float | None = None
    failing: Sequence[str] = ()
    bare: bool = False
    back: bool = False
    on_failure: ar.OnFailure = ar.OnFailure.RESTORE


@dataclass(frozen=True, kw_only=True)
class Play:
    """Several runs in one world, one after the other."""

    scenario: str = "size-1"
    runs: Sequence[Run] = field(default_factory=lambda: (Run(),))


PLAYS = {
    "done": Play(scenario="demo", runs=(Run(groups=("web", "batch")),)),
    "some-turned-back": Play(scenario="demo", runs=(Run(groups=("api", "batch"), failing=("api",)),)),
    "turned-back": Play(runs=(Run(failing=("web",)),)),
    "paused": Play(runs=(Run(failing=("web",), on_failure=ar.OnFailure.PAUSE), Run())),
    "stopped": Play(runs=(Run(stop=(60.0, ar.Stop.FINISH)),)),
    "stopped-and-resumed": Play(scenario="at-max", runs=(Run(stop=(90.0, ar.Stop.NOW)), Run())),
    "killed-and-resumed": Play(scenario="at-max", runs=(Run(killed=150.0), Run())),
    "killed-and-restored": Play(scenario="at-max", runs=(Run(killed=90.0), Run(back=True))),
    "warned": Play(scenario="demo", runs=(Run(groups=("batch",), bare=True),)),
    "never-healthy": Play(scenario="never-healthy", runs=(Run(),)),
}


def spec_of(world: World, run: Run) -> ar.RolloutSpec:
    """With commands at every point, unless it is to have none."""

    async def up(call: ar.HookCall) -> bool:
        return world.app_up(call.instance)

    async def before(call: ar.HookCall) -> int:
        return 3 if call.group in run.failing else 0

    async def after(call: ar.HookCall) -> int:
        return 0

    hooks = ar.Hooks() if run.bare else ar.Hooks(up_check=up, before_terminate=before, after_terminate=after)
    return ar.RolloutSpec(hooks=hooks, on_failure=run.on_failure)


async def told(box: ar.Sandbox, run: Run, lines: Told) -> None:
    """The lines of one run."""
    view, halt = Jsonl(lambda line: lines.append(f"{line}\n")), ar.Halt()
    dead = False

    def tell(event: Event) -> None:
        if not dead:
            view.tell(event)

    async def end() -> None:
        nonlocal dead
        if run.stop is not None:
            await anyio.sleep(run.stop[0])
            halt.request(run.stop[1], "Ctrl-C", code=130)
        if run.killed is not None:
            await anyio.sleep(run.killed)
            dead = True
            raise Killed

    with suppress(Killed):
        async with ar.connect(session=box.session(), tell=tell) as cloud:
            spec, groups = spec_of(box.world, run), cloud.groups(*run.groups)
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(end)
                    verb = ar.restore if run.back else ar.roll_out
                    summary = await verb(groups, spec, tell=tell, halt=halt)
                    tasks.cancel_scope.cancel()
            except BaseExceptionGroup as several:
                raise several.exceptions[0] from None
            view.tell(Called(calls=dict(cloud.calls)))
            view.end(summary.code)


def played(play: Play) -> Told:
    """The lines of all its runs."""

    async def story() -> Told:
        box, lines = ar.Sandbox(play.scenario, clock=loop_clock()), Told()
        for run in play.runs:
            await told(box, run, lines)
        return lines

    return run_virtual(story)


def main(version: str) -> None:
    """Write the files."""
    folder = HERE / version
    folder.mkdir()
    for name, play in PLAYS.items():
        (folder / f"{name}.jsonl").write_text("".join(played(play)), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
