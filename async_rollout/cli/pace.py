"""Whose seconds a command lives by: the sandbox's, where its variables lead there; this machine's everywhere else.

The whole event loop goes at the sandbox's speed, so sleeps, limits, `-w` and AWS's times are of one clock. Commands and
the limit of a stop by a signal stay in real seconds: processes know no others.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping

import anyio

from async_rollout.errors import UsageError

SANDBOX, SPEED = "ASYNC_ROLLOUT_SANDBOX", "ASYNC_ROLLOUT_SANDBOX_SPEED"
"""The endpoint that the speed holds for, and the speed; `async-rollout sandbox` prints both."""
ENDPOINT, IGNORED = "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
FASTEST = 1000.0


def variables(endpoint: str, speed: float) -> dict[str, str]:
    """What has a command keep the sandbox's time."""
    return {SANDBOX: endpoint, SPEED: f"{speed:g}"}


def pace(environment: Mapping[str, str] = os.environ) -> float:
    """The world's seconds in one here. Other than 1 only if every call goes to the endpoint that the speed is of.

    Raises UsageError for a speed that is none.
    """
    named = environment.get(SANDBOX)
    endpoints = {value for name, value in environment.items() if name.startswith(ENDPOINT)}
    if not named or endpoints != {named} or environment.get(IGNORED, "").lower() == "true":
        return 1.0
    text = environment.get(SPEED, "1")
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise UsageError(f"{SPEED}={text!r} is no speed: above 0, at most {FASTEST:g}")
    return speed


def paced(main: Callable[[], Awaitable[int]]) -> int:
    """Run a command's story at that pace."""
    speed = pace()
    if speed == 1:
        return anyio.run(main)
    from async_rollout.sandbox.virtual import run_scaled

    return run_scaled(main, speed)
