"""Each law of the storms can be broken: the code spoilt on purpose, the guards off, and the law itself says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from async_rollout.core import advance, attribution, budget, decide, lost, recall, restore, trouble
from async_rollout.core.belief import Belief
from async_rollout.core.journal import Due
from async_rollout.engine import identity, lookout, parting, rollout
from async_rollout.engine.telling import OBJECTED
from support.depth import sampled
from support.laws.breaking import Spoil, around, both, draft_as_it_is, no, swap
from support.laws.endings import CONDUCTING, ENDING
from support.laws.followed import FOLLOWED
from support.laws.missed import MISSED
from support.laws.sabotages import COUNTING, PROVING, REMOVING, base_is_field
from support.storms.blame import broken
from support.storms.ec2_ends import ending
from support.storms.scaling import scaling
from support.storms.storm import storm
from support.storms.weather import Weather

LISTED = {one.name: one.spoil for one in (*COUNTING, *PROVING, *REMOVING, *ENDING, *CONDUCTING, *FOLLOWED, *MISSED)}


def ends_well(real: Callable[..., Any], one: Any) -> Any:
    """A restore that could not end says that it could."""
    decision = real(one)
    return replace(decision, verdict=replace(decision.verdict, code=0))


def unbounded(*_: object) -> int:
    return 10**6


async def unheeded(self: lookout.Lookout, run: str) -> None:
    """Nobody lets the group live."""


def in_any_namespace(holder: str) -> tuple[int, str] | None:
    """Processes are told by host, boot and number alone."""
    host, boot, _, number, started = holder.split("/")
    here = f"{host}/{boot}/" in f"{identity._place()}/"
    return (int(number), started) if here else None


def asleep_is_blind(real: Callable[..., float], tried: parting.InVain, *, well: bool = False) -> float:
    """However long nothing was tried, it goes on from the first one in vain."""
    tried._last = max(tried._last, anyio.current_time()) if tried._last > float("-inf") else tried._last
    return real(tried, well=well)


def as_before(belief: Belief, *_: object) -> frozenset[Due]:
    """Nothing fires."""
    return belief.fired


BOUND = (advance, trouble)
"""Who asks before a launch how many there may be."""

CASES: dict[str, tuple[Spoil, int]] = {
    "law 1": (LISTED["the floor is not asked"], 4),
    "law 2": (LISTED["ceiling off by one"], 0),
    "law 3": (LISTED["everybody is old for ever"], 7),
    "law 4": (LISTED["max draining ignored"], 6),
    "law 5": (LISTED["no proof before the first"], 0),
    "law 6": (
        both(
            swap(attribution, "attribute_desired", base_is_field),
            *(swap(each, "launches_most", unbounded) for each in BOUND),
        ),
        15,
    ),
    "law 7": (LISTED["the record goes before the processes are back"], 2),
    "law 8": (LISTED["resume everything"], 1),
    "law 9": (LISTED["deregister without record"], 2),
    "law 10": (around(decide, "_stuck", ends_well), 74),
    "law 12": (swap(restore, "_out_of_patience", draft_as_it_is), 74),
    "law 16": (swap(budget, "is_old", no), 0),
    "walkthrough": (LISTED["a draining target is gone"], 10),
    "law 9: a host that sleeps": (LISTED["a sleeping host's age is told by the loop"], 2358),
    "law 9: a record that AWS refuses": (LISTED["an act follows a record that was not taken"], 170),
    "law 10: a command killed with its conductor": (LISTED["a killed run's command is thought to have ended"], 15),
    "law 10: asleep for an hour in a look": (around(parting.InVain, "tried", asleep_is_blind), 3226),
    "law 10: stuck, the record standing": (swap(decide, "alive", lambda draft: ()), 8),
    "law 10: one read denied": (swap(lookout.Lookout, "let_live", unheeded), 395),
    "law 11: two namespaces of one host": (swap(identity, "_here", in_any_namespace), 25),
}
"""By law, and where it is told of one more kind of day, by that."""


FURTHER: dict[str, tuple[Spoil, int, Callable[[Weather], Weather]]] = {
    "law 22: scaling is held all the same": (LISTED["who follows holds all the same"], 1204, scaling),
    "law 12: a policy fills what it finds": (
        both(
            *(swap(each, "lowered", draft_as_it_is) for each in (advance, restore)),
            LISTED["a desired capacity that goes to and fro comes forward"],
        ),
        234,
        scaling,
    ),
    "law 7: in another order": (LISTED["what was scheduled is set in another order"], 2989, scaling),
    "law 7: in no record": (LISTED["what is due stands in no record"], 103, scaling),
    "law 7: sizes that are owed": (swap(decide, "is_owed", no), 3262, scaling),
    "law 7: it has fired": (swap(recall, "_fired", as_before), 990, scaling),
    "law 17: whom EC2 has taken back": (swap(lost, "RECLAIMED", "none of EC2's"), 771, ending),
}  # fmt: skip
"""By law, in further kinds of days."""


@pytest.mark.parametrize("law", sampled(FURTHER, every=5))
def test_a_storm_of_further_days_tells_the_law_that_was_broken(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, seed, further = FURTHER[law]
    assert broken(storm(seed, launches=True, further=further)) == []
    spoil(monkeypatch)
    monkeypatch.setattr(rollout, "objection", lambda *_: None)
    lines = broken(storm(seed, launches=True, further=further))
    assert any(line.startswith(f"{law.partition(':')[0]}:") for line in lines), lines


@pytest.mark.parametrize("law", sampled(CASES, every=5))
def test_a_storm_tells_the_law_that_was_broken(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, seed = CASES[law]
    assert broken(storm(seed)) == []
    spoil(monkeypatch)
    monkeypatch.setattr(rollout, "objection", lambda *_: None)
    lines = broken(storm(seed))
    assert any(line.startswith(f"{law.partition(':')[0]}:") for line in lines), lines


def test_a_storm_tells_where_a_guard_had_to_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, seed = CASES["law 1"]
    spoil(monkeypatch)
    assert any(line.startswith(f"objection: {OBJECTED}") for line in broken(storm(seed)))
