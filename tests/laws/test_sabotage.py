"""The code broken on purpose, one way at a time: each must be caught by a named law where the clean run passes.

A sabotage that nothing catches is a missing law or dead code. An error in the broken code is no catch.
"""

from __future__ import annotations

import re

import pytest

from async_rollout.engine import rollout
from support.depth import sampled
from support.laws.aside import ASIDE
from support.laws.at_rest import AT_REST
from support.laws.bad_releases import RELEASES
from support.laws.balancing import BALANCING
from support.laws.breaking import Sabotage
from support.laws.crowded import CROWDED
from support.laws.draining_hosts import HOSTED
from support.laws.endings import CONDUCTING, ENDING
from support.laws.followed import FOLLOWED
from support.laws.futile import LAUNCHING
from support.laws.healing import HEALING
from support.laws.marked import MARKED
from support.laws.missed import MISSED
from support.laws.parked import PARKED
from support.laws.queued import QUEUED
from support.laws.rolling_back import ROLLING
from support.laws.sabotages import COUNTING, PROVING, REMOVING
from support.laws.stopping import STOPPING
from support.laws.unanswered import UNANSWERED
from support.pages import page

SABOTAGES = (
    *COUNTING, *PROVING, *REMOVING, *ENDING, *CONDUCTING, *LAUNCHING, *ASIDE, *QUEUED, *STOPPING, *BALANCING, *MARKED,
    *CROWDED, *UNANSWERED, *RELEASES, *HEALING, *PARKED, *ROLLING, *MISSED, *FOLLOWED, *AT_REST,
    *HOSTED,
)  # fmt: skip


@pytest.mark.timeout(90)  # broken code may go round and round until the virtual time is over
@pytest.mark.parametrize("sabotage", sampled(SABOTAGES, every=6, id=lambda one: one.name.replace(" ", "-")))
def test_it_is_caught(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sabotage.story() == []
    sabotage.spoil(monkeypatch)
    broken = sabotage.story()
    if sabotage.guard:
        assert any(line.startswith(f"guard {sabotage.guard}") for line in broken), broken
        monkeypatch.setattr(rollout, "objection", lambda *_: None)
        broken = sabotage.story()
    assert any(line.startswith(sabotage.law) for line in broken), broken


def test_the_list_is_as_long_as_promised_and_names_nothing_twice() -> None:
    promised = re.search(r"more than (\d+) sabotages", page("figures"))
    assert promised
    assert len({one.name for one in SABOTAGES}) == len(SABOTAGES) > int(promised[1])
