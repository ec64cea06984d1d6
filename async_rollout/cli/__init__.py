"""The command line: the only place for signals, environment and terminals. One file a command.

The two entry points load what they need when they are called, so that `--help` is quick.
"""

from __future__ import annotations


def main() -> None:
    """`async-rollout`."""
    from async_rollout.cli.app import app

    app()(prog_name="async-rollout")


def original() -> None:
    """`aws-autoscaling-rollout`, for command lines that were written for the original."""
    from async_rollout.cli.original import app

    app()(prog_name="aws-autoscaling-rollout")
