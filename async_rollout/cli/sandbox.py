"""`async-rollout sandbox`: serve a simulated AWS and print what sends any AWS client to it."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import anyio
import typer

from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.options import Viewing
from async_rollout.cli.pace import variables
from async_rollout.errors import UsageError
from async_rollout.render.safe import safe

EXTRA = "the sandbox needs its extra: pip install 'async-rollout[sandbox]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and where."""

    port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, envvar="ASYNC_ROLLOUT_PORT", show_envvar=False, show_default="any free one",
            metavar="N", help="The port on 127.0.0.1.",
        ),
    ] = 0  # fmt: skip
    scenario: Annotated[
        str,
        typer.Option(
            envvar="ASYNC_ROLLOUT_SCENARIO", show_envvar=False, metavar="NAME", help="What the world is at the start."
        ),
    ] = "demo"
    speed: Annotated[
        float,
        typer.Option(
            min=0.01, max=1000.0, envvar="ASYNC_ROLLOUT_SPEED", show_envvar=False, metavar="X",
            help="The world's seconds in one here; async-rollout keeps to them. Above 50 real work shows.",
        ),
    ] = 1.0  # fmt: skip


def sandbox(serving: Serving) -> int:
    """Serve a simulated AWS, until interrupted.

    Prints the environment variables that send any AWS client to it.
    """
    return run_command("sandbox", Viewing(), partial(serve, serving), runner=anyio.run)


async def serve(serving: Serving, console: Console) -> int:
    """Serve, say where, and end at Ctrl-C or SIGTERM, which whoever reads the first line may send at once."""
    box, environment = _opened(serving)
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as interruptions:
        try:
            async with box.serve(serving.port) as endpoint:
                named = (environment(endpoint, box.world.region) | variables(endpoint, serving.speed)).items()
                console.result(*(f"export {name}={shlex.quote(value)}" for name, value in named))
                groups = " ".join(f"-a {safe(name)}" for name in box.world.state.groups)
                console.say(f"# serving {safe(serving.scenario)} at {endpoint} ({groups}); Ctrl-C ends it")
                await anext(interruptions)
        except OSError as error:
            raise UsageError(f"port {serving.port} cannot be served: {error.strerror}") from error
    return 0


def _opened(serving: Serving) -> tuple[Any, Any]:
    """The world and the words for its door. Raises UsageError for an unknown scenario or without the extra."""
    try:
        from async_rollout.sandbox import Sandbox
        from async_rollout.sandbox.doors.http import environment
        from async_rollout.sandbox.scenarios import SCENARIOS
    except ModuleNotFoundError as missing:
        raise UsageError(f"{EXTRA} ({missing.name} is not there)") from missing
    try:
        return Sandbox(serving.scenario, speed=serving.speed), environment
    except KeyError as unknown:
        raise UsageError(f"no scenario {serving.scenario!r}; there are {', '.join(SCENARIOS)}") from unknown
