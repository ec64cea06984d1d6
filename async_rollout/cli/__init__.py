"""The command line: the only place for signals, environment and terminals. One file a command.

The two entry points load what they need when they are called, so that `--help` is quick.
"""

from __future__ import annotations

import gc

GARBAGE = (100_000, 50, 100)
"""Thresholds at which what is loaded, or a large reply, is not searched for garbage again and again while it grows."""


def main() -> None:
    """`async-rollout`."""
    gc.set_threshold(*GARBAGE)  # this process is ours alone; an embedding service keeps its own settings
    from async_rollout.cli.app import app

    app()(prog_name="async-rollout")


def original() -> None:
    """`aws-autoscaling-rollout`, for command lines that were written for the original."""
    gc.set_threshold(*GARBAGE)
    from async_rollout.cli.original import app

    app()(prog_name="aws-autoscaling-rollout")
