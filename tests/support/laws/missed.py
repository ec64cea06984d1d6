"""Scheduled actions that fall due during a run, and the ways to break what makes up for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core import catch_up, decide, finish
from async_rollout.core.draft import Draft
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, around, no, nothing, swap
from support.simulation import BY_NUMBER, Run, simulate

ACTIONS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("minimum", 60.0, {"minimum": 5}),
    ("fewer", 90.0, {"minimum": 2, "desired": 4}),
    ("more", 150.0, {"desired": 6}),
)


def _build(world: World) -> None:
    a_group(world, size=3, minimum=1, maximum=12, delay=20.0)
    for name, after, sizes in ACTIONS:
        world.schedule("web", ScheduledAction(name=name, at=world.now + after, **sizes))
    pulse = ScheduledAction(name="pulse", at=world.now + 30.0, recurrence="*/1 * * * *", maximum=11)
    world.schedule("web", pulse)


def _told(run: Run, sizes: tuple[int, int, int], missed: set[str]) -> list[str]:
    noes = (one.text for one in run.events if isinstance(one, Warned) and one.text.startswith(OBJECTED))
    lines = ["guard law " + text.partition("against law ")[2] for text in noes]
    left = (run.left.minimum, run.left.desired, run.left.maximum)
    if left != sizes:
        lines.append(f"law 7: sizes are {left}, {sizes} are what was scheduled")
    if set(run.result.missed) != missed:
        lines.append(f"law 7: {run.result.missed} are named, {missed} did not fire")
    said = [one.text for one in run.events if isinstance(one, Warned) and "pulse has fallen due" in one.text]
    return (
        lines if len(said) > 2 else [*lines, f"law 7: pulse fell due again and again, and was told {len(said)} times"]
    )


def lived() -> list[str]:
    """From the beginning to the end one process."""
    return _told(simulate(_build, BY_NUMBER), (2, 6, 11), set())


def killed() -> list[str]:
    """What its predecessor lived through the second one only names."""
    run = simulate(_build, BY_NUMBER, goals=(Goal.REPLACE, Goal.RESTORE), kill_after=24)
    return _told(run, (1, 3, 12), {"minimum", "fewer", "more", "pulse"})


def unrecorded(real: Any, draft: Draft) -> Draft | None:
    done = real(draft)
    return None if done is None else replace(done, journal=draft.journal)


MISSED = (
    Sabotage(name="what was scheduled is lost", law="law 7:", story=lived, spoil=swap(finish, "caught_up", no)),
    Sabotage(name="what was scheduled is set in another order", law="law 7:", story=lived,
             spoil=around(catch_up, "folded", lambda real, sizes, actions: real(sizes, reversed(actions)))),
    Sabotage(name="what was scheduled is set unrecorded", law="law 7:", guard="law 9:", story=lived,
             spoil=around(finish, "caught_up", unrecorded)),
    Sabotage(name="when it is due again is not asked", law="law 7:", story=lived, spoil=swap(decide, "to_survey", no)),
    Sabotage(name="what is due stands in no record", law="law 7:", story=killed,
             spoil=swap(decide, "noted_of", nothing)),
)  # fmt: skip
