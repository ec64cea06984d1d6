"""`async-rollout sandbox`, in this process."""

from __future__ import annotations

import signal

import pytest

from async_rollout.cli.sandbox import Serving, serve


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_sandbox_may_be_interrupted_at_its_first_line(number: signal.Signals) -> None:
    """A reader that has seen the first line may send it at once."""

    class Interrupting:
        said: tuple[str, ...] = ()

        def result(self, *lines: str) -> None:
            signal.raise_signal(number)

        def say(self, *lines: str) -> None:
            self.said = lines

    desk = Interrupting()
    assert await serve(Serving(scenario="size-0"), desk) == 0
    assert "Ctrl-C ends it" in desk.said[0]
