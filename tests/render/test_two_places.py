"""Two groups of one name, of two regions, told in turn: each view has two, and says of each what it says of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from async_rollout.core.events import Event, FleetEnded, GroupEnd, Throttled
from async_rollout.core.origin import Place, stamped
from async_rollout.render.board import folded
from async_rollout.render.github import Github, summary
from async_rollout.render.plain import Plain
from async_rollout.render.timeline import Timeline, add
from support.told import BAD, GOOD

PLACES = (Place(account="1", region="eu-west-1"), Place(account="1", region="us-west-2"))
BOTH: tuple[Event, ...] = tuple(chain.from_iterable((stamped(event, place) for place in PLACES) for event in GOOD))
FAILED = BAD[:8]


def plain(events: Sequence[Event]) -> list[str]:
    lines: list[str] = []
    view = Plain(lines.append, stamp=lambda at: f"{at:.0f}")
    for event in events:
        view.tell(event)
    return lines


def test_each_line_that_one_has_both_have() -> None:
    """But of calls, which are said to be slow once for all."""
    alone, both = (plain([one for one in told if not isinstance(one, Throttled)]) for told in (GOOD, BOTH))
    assert sorted(both) == sorted([*alone, *alone])


def test_each_has_a_picture_of_its_own() -> None:
    (here, there), (alone,) = folded(BOTH).groups.values(), folded(GOOD).groups.values()
    assert [(one.region, one.replaced, one.counted is not None) for one in (here, there)] == [
        (place.region, alone.replaced, True) for place in PLACES
    ]


def test_each_has_a_timeline_of_its_own() -> None:
    lines: dict[tuple[str, str, str], Timeline] = {}
    for event in BOTH:
        add(lines, event)
    assert list(lines) == [(place.account, place.region, "web") for place in PLACES]
    assert len({len(line.counts) for line in lines.values()}) == 1


def test_each_has_a_fold_and_a_row_of_its_own() -> None:
    lines: list[str] = []
    view = Github(lines.append, stamp=lambda at: f"{at:.0f}")
    for event in BOTH:
        view.tell(event)
    view.end(0)
    folds = [line for line in lines if line.startswith("::group::")]
    assert len(folds) == 2 and folds[0] == folds[1]
    assert sum(line.startswith("| web ") for line in summary(view.board).splitlines()) == 2


def test_who_failed_is_named_though_its_namesake_did_well() -> None:
    here, there = PLACES
    good = (stamped(event, there) for event in GOOD)
    ends = tuple(GroupEnd(group=name, code=code) for name, code in (("web", 10), ("web", 0)))
    bad = (stamped(replace(event, group="web"), here) for event in FAILED)
    lines = plain([*bad, *good, FleetEnded(at=0.0, code=9, ends=ends)])
    assert "next: async-rollout run -a web" in lines[-1]
