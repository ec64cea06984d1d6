"""Before-commands that fail, and the ways to break what becomes of their instances: parked, never ended."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from async_rollout.core import departures, lives, moves, parking, promised, restore
from async_rollout.core.actions import EnterStandby
from async_rollout.core.draft import Draft
from async_rollout.core.journal import COUNTED_AS, Departure, Removal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Hooks
from async_rollout.core.stages import Stage
from support.laws import stories
from support.laws.breaking import Sabotage, both, no, swap, yes
from support.laws.meetings import Dim
from support.laws.ought import Ought
from support.laws.playing import Part, play, small
from support.laws.promises import wrong
from support.laws.sabotages import row
from support.laws.stories import SPEC, bad, slow

FAILING = replace(SPEC, hooks=Hooks(before_terminate=bad))


def in_place() -> list[str]:
    """No lift that it could take along: one more is asked for first, in its place."""
    spec, build = replace(FAILING, max_surge=0, max_unavailable=1), partial(small, minimum=0, maximum=2)
    return wrong(play(spec, build=build), Ought(code=6, floor=1, ceiling=2, exist=3, surge=False, replaced=False))


def hidden_for_a_while() -> list[str]:
    """The rows tell late that it stands by."""
    return wrong(play(FAILING, door=Dim), Ought(code=6, replaced=False))


def stopped_before_it_began() -> list[str]:
    """Told to stop while the first old one drains, which has a command to come: it serves on."""
    spec = replace(SPEC, hooks=Hooks(before_terminate=slow))
    return wrong(play(spec, Part(stop=(114.5, Stop.FINISH)), build=partial(small, delay=60.0)), stories.RESTORED)


def _unrecorded(draft: Draft, departure: Departure) -> Draft:
    """Put into Standby, and the record says nothing of it."""
    return draft.act(EnterStandby(instance=departure.id))


def _again(draft: Draft, departure: Departure, act: EnterStandby, wait: Any) -> Draft:
    """What does not show is sent once more, at once."""
    return draft.act(act)


PARKED = (
    Sabotage(name="whose before-command failed is ended", law="law 10:", guard="law 10:",
             story=stories.bad_before_command,
             spoil=both(swap(lives.Life, "is_to_park", property(no)), row(Stage.DRAINED, yes))),
    Sabotage(name="whose before-command failed is left out", law="law 16:", story=stories.bad_before_command,
             spoil=swap(moves, "parking", departures.left_out)),
    Sabotage(name="whose before-command failed is forgotten", law="law 9:", story=stories.bad_before_command,
             spoil=swap(moves, "parking", lambda draft, departure: draft.drop(departure.id))),
    Sabotage(name="it is parked without record", law="law 9:", guard="law 9:", story=stories.bad_before_command,
             spoil=swap(parking, "_parked", _unrecorded)),
    Sabotage(name="it is parked while it may come back", law="law 10:", guard="law 10:",
             story=stopped_before_it_began,
             spoil=swap(lives.Life, "is_to_park", property(lambda one: one.departure is not None))),
    Sabotage(name="it is parked again at once", law="law 16:", story=hidden_for_a_while,
             spoil=swap(parking, "sent", _again)),
    Sabotage(name="what it took out of desired is not counted", law="law 12:", story=stories.bad_before_command,
             spoil=swap(promised, "COUNTED_AS", {Removal.SHRINK: COUNTED_AS[Removal.SHRINK]})),
    Sabotage(name="its place is not asked for before it is parked", law="law 7:", story=in_place,
             spoil=swap(parking, "shrinks_under_way", lambda journal, observation: -1)),
    Sabotage(name="those who stand by are waited for", law="law 12:", story=stories.bad_before_command,
             spoil=swap(restore, "_is_all_back", lambda draft: not draft.journal.departures)),
)  # fmt: skip
