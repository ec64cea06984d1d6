"""The arithmetic, row by row, and what holds for every row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.amounts import AmountLike, amount
from async_rollout.core.attribution import attribute_desired
from async_rollout.core.budget import Tally, bounds, tally
from async_rollout.core.journal import Departure, Journal, Removal
from async_rollout.core.observation import Observation
from async_rollout.core.spec import RolloutSpec
from async_rollout.errors import UsageError
from support.drawn import ident, looked, observation, recorded


def counted(drawing: str, spec: RolloutSpec | None = None, **group: int) -> Tally:
    spec = spec or RolloutSpec()
    seen = looked(spec, observation(drawing, **group))
    assert isinstance(seen.observation.journal, Journal)
    return tally(spec, seen.observation, seen.belief, seen.observation.journal)


@pytest.mark.parametrize(
    ("base", "surge", "gap", "draining", "floor", "ceiling", "exist", "out"),
    [
        (3, 1, 0, None, 3, 4, 5, 1),
        (3, 1, 0, 0, 3, 4, 4, 1),
        (3, 0, 1, None, 2, 3, 4, 1),
        (4, "25%", "25%", None, 3, 5, 6, 1),
        (3, "25%", "25%", None, 3, 4, 5, 1),  # a quarter of 3: surge up to 1, unavailable down to 0
        (3, 0, "25%", None, 2, 3, 4, 1),  # both come to 0 by rounding: one may be unavailable
        (10, "30%", 0, 2, 10, 13, 15, 2),
        (1, 1, 0, None, 1, 2, 3, 1),
        (0, 1, 0, None, 0, 1, 2, 1),
        (100, "100%", 0, None, 100, 200, 300, 18),  # the record has room for eighteen departures
    ],
)
def test_bounds(
    base: int,
    surge: AmountLike,
    gap: AmountLike,
    draining: AmountLike | None,
    floor: int,
    ceiling: int,
    exist: int,
    out: int,
) -> None:
    found = bounds(RolloutSpec(max_surge=surge, max_unavailable=gap, max_draining=draining), base)
    assert (found.floor, found.ceiling, found.exist, found.draining) == (floor, ceiling, exist, out)


@given(st.integers(0, 500), st.integers(0, 100), st.integers(0, 100))
def test_a_share_never_allows_less_surge_or_more_gap_than_its_number(base: int, surge: int, gap: int) -> None:
    assert amount(f"{surge}%").up(base) * 100 >= base * surge
    assert amount(f"{gap}%").down(base) * 100 <= base * gap


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "101%", "%", "1%%", True])
def test_an_amount_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="number of instances"):
        amount(text)


@pytest.mark.parametrize(
    ("drawing", "group", "booting", "serving", "exist", "available", "room"),
    [
        ("SSS", {}, 0, 3, 3, 3, 1),
        ("SSS", {"desired": 4}, 1, 3, 4, 3, 0),  # asked for, not to be seen yet: booting all the same
        ("SSSP", {}, 1, 3, 4, 3, 0),
        ("SSSW", {}, 0, 4, 4, 3, 0),  # in service, not proven: it counts toward the ceiling, not the floor
        ("SSSN", {}, 0, 4, 4, 4, 0),
        ("DSSN", {}, 0, 3, 4, 3, 1),  # the table of RULES: a drains, y may boot
        ("DSSNP", {}, 1, 3, 5, 3, 0),
        ("TSSNP", {}, 1, 3, 4, 3, 0),  # a is terminating by others' doing: it takes no part
        ("SSSB", {}, 0, 3, 3, 3, 1),  # standby is not ours to count
        ("NNSD", {}, 0, 3, 4, 3, 1),
        ("NNND", {}, 0, 3, 4, 3, 0),  # nothing left to replace: nothing is asked for
    ],
)
def test_one_look_counted(
    drawing: str, group: dict[str, int], booting: int, serving: int, exist: int, available: int, room: int
) -> None:
    found = counted(drawing, **group)
    assert (found.booting, found.serving, found.exist, len(found.available), found.room) == (
        booting, serving, exist, available, room,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("drawing", "order"),
    [
        ("SSS", [0, 1, 2]),  # a zone each: the oldest
        ("SSSS", [0, 1, 2, 3]),  # zone a has two: its older first
        ("SSUS", [2, 0, 1, 3]),  # the ill one first
        ("SUMS", [2, 1, 0, 3]),  # marked unhealthy before ill
    ],
)
def test_who_goes_first(drawing: str, order: list[int]) -> None:
    assert [one.id for one in counted(drawing).victims] == [ident(number) for number in order]


@pytest.mark.parametrize(
    ("drawing", "id", "may"),
    [
        ("SSS", 0, False),
        ("SSSW", 0, False),  # not proven: it holds no place
        ("SSSN", 0, True),
        ("SSUN", 2, True),  # the ill one's place is held by the new one
        ("SSUN", 0, False),  # ... and so no healthy one may go
        ("UUU", 0, False),  # a load balancer fails and all look dead: none goes
        ("UUUN", 0, True),
        ("UUUW", 0, False),
        ("DSSN", 1, False),
    ],
)
def test_who_may_go(drawing: str, id: int, may: bool) -> None:
    assert counted(drawing).may_go(ident(id)) is may


# --- whose doing a change of desired was (RULES §1, rules 3 to 6)

GONE = Departure(id=ident(99), at=0, removal=Removal.SHRINK)


def explained(
    drawing: str, asked: int, *, base: int = 3, departures: tuple[Departure, ...] = (), looks: int = 6, **group: int
):  # type: ignore[no-untyped-def]
    seen = looked(RolloutSpec(), _with(drawing, asked, base, departures, group), looks=looks)
    assert isinstance(seen.observation.journal, Journal)
    return attribute_desired(seen.observation.journal, seen.observation, seen.belief)


def _with(drawing: str, asked: int, base: int, departures: tuple[Departure, ...], group: dict[str, int]) -> Observation:
    return recorded(observation(drawing, **group), asked=asked, base=base, departures=departures)


@pytest.mark.parametrize(
    ("desired", "asked", "departures", "base", "asked_then"),
    [
        (3, 3, (), 3, 3),  # as it was left
        (4, 4, (), 3, 4),  # our lift
        (4, 5, (GONE,), 3, 4),  # our shrink, seen: marks dropped at once
        (5, 4, (), 4, 5),  # someone raised by one
        (6, 4, (), 5, 6),
        (5, 5, (GONE,), 3, 5),  # ours still in flight, and it stays: our lift, never the base
        (3, 4, (), 3, 3),  # someone lowered by one: eats our lift
        (2, 4, (), 2, 2),  # by two: the lift, then the base
        (1, 4, (), 1, 1),
        (0, 4, (), 1, 0),  # never below the minimum
        (12, 4, (), 10, 12),  # never above the owner's maximum
    ],
)
def test_whose_doing_it_was(
    desired: int, asked: int, departures: tuple[Departure, ...], base: int, asked_then: int
) -> None:
    found = explained("SSS", asked, departures=departures, desired=desired)
    assert found.explained
    assert (found.journal.base, found.journal.asked) == (base, asked_then)
    assert all(departure.removal is Removal.COUNTED for departure in found.journal.departures)


@pytest.mark.parametrize(("desired", "asked", "departures"), [(3, 4, ()), (5, 5, (GONE,)), (2, 4, ())])
def test_one_odd_look_changes_nothing(desired: int, asked: int, departures: tuple[Departure, ...]) -> None:
    found = explained("SSS", asked, departures=departures, desired=desired, looks=2)
    assert not found.explained
    assert found.journal.base == 3
    assert found.journal.asked == asked
