"""Real requests through a real HAProxy while groups are rolled: none fails by us, and without draining some do."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from async_rollout.sandbox.records import Physics
from support.traffic import follow
from support.traffic.ended import ended
from support.traffic.haproxy import HAPROXY
from support.traffic.ours import ours, ours_killed
from support.traffic.trial import Setting, Told, trial

pytestmark = [
    pytest.mark.skipif(HAPROXY is None, reason="no HAProxy here"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a port refuse after its process was killed"),
]
QUICK = Setting(
    size=2,
    speed=20.0,
    delay=40.0,
    interval=5.0,
    physics=Physics(react=1.0, boot=20.0, warm=8.0, terminate=5.0, look=5.0),
    rate=120.0,
    slow=(200, 800),
)
"""Seconds in the place of minutes. A drain takes two seconds, and no request half of that."""


def kept(told: Told, setting: Setting) -> None:
    """No request failed, and each went through HAProxy."""
    assert (told.tally.failures, told.tally.first) == ({}, {})
    assert told.fewest == setting.size
    assert told.counted == told.tally.requests
    assert told.tally.requests >= 0.9 * setting.rate * told.seconds
    assert told.tally.slow > told.tally.requests / 50
    assert told.tally.connections < told.tally.requests / 20


async def test_three_groups_at_once_killed_in_the_middle_and_no_request_fails() -> None:
    kept(await trial(QUICK, ours_killed), QUICK)


async def test_without_draining_requests_fail() -> None:
    told = await trial(replace(QUICK, groups=("shop",)), ended)
    assert told.tally.failures.get("5xx", 0) > 0
    assert told.fewest < QUICK.size


async def test_a_drain_of_no_time_cuts_what_is_under_way() -> None:
    """Whoever asks for that gets it: the same command, the same requests."""
    told = await trial(replace(QUICK, groups=("search", "mail"), size=1, delay=0.0, share=0.3), ours)
    assert 0 < told.failed < told.tally.slow


@pytest.mark.deep
async def test_where_who_drains_gets_requests_still_some_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """That none fails else is the drain's doing."""
    monkeypatch.setitem(follow.STATES, "draining", "ready")
    told = await trial(replace(QUICK, groups=("search", "mail"), size=1, share=0.3), ours)
    assert 0 < told.failed < told.tally.slow


HUNDRED_THOUSAND = 100_000


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_a_hundred_thousand_requests_at_the_clocks_own_pace() -> None:
    setting = Setting()
    told = await trial(setting, ours_killed)
    kept(told, setting)
    assert told.tally.requests >= HUNDRED_THOUSAND
