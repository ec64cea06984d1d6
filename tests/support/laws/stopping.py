"""Runs that are stopped or killed, and what goes on from them; with the sabotages that these worlds show."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio

from async_rollout.core import lease, lives
from async_rollout.core.journal import Goal
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from support.laws.breaking import Sabotage, both, no, swap
from support.laws.ought import Ought
from support.laws.playing import Part, play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC


async def _slow(call: HookCall) -> int:
    await anyio.sleep(60.0)
    return 0


def _typed_without(goal: Goal) -> list[str]:
    """Killed in its before-command; the next one is typed without it."""
    given = replace(SPEC, hooks=Hooks(before_terminate=_slow))
    parts = Part(lives=13), Part(run="two", at=190.0, goal=goal, spec=SPEC)
    played = play(given, *parts, build=partial(small, maximum=2))
    code = played.results["two"].verdict.code
    lines = [f"law 10: it ended with {code}"] if code != 10 else []
    return lines + [line for line in wrong(played, Ought(code=10)) if "law 10:" in line]


def typed_without() -> list[str]:
    """As `run` and as `restore`."""
    return [line for goal in Goal for line in _typed_without(goal)]


def nothing_withheld(spec: RolloutSpec, journal: object) -> frozenset[object]:
    return frozenset()


STOPPING = (
    Sabotage(name="a command not given again is thought not to be needed", law="law 10:", guard="law 10:",
             story=typed_without,
             spoil=both(swap(lives, "lacks_before", no), swap(lease, "withheld", nothing_withheld))),
)  # fmt: skip
