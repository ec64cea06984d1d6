"""Launches of which AWS's answer is lost for good, where desired capacity does not rise by itself: looks tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Terminate
from async_rollout.core.belief import Mute
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Journal, OpenLaunch
from async_rollout.core.launching import is_unrisen
from async_rollout.core.open_launches import settled
from async_rollout.core.policy import LAUNCH_SHOWS
from async_rollout.core.promised import unseen
from async_rollout.core.spec import LaunchCall, RolloutSpec
from support.drafts import NOW, draft_of

AUTO = RolloutSpec(launch=LaunchCall.AUTO, max_surge=3)
TWO = OpenLaunch(token="run0-1", zone="b", count=2, at=int(NOW))
ONE = replace(TWO, token="run0-2", zone="c", count=1)


def shown(drawing: str, *open: OpenLaunch, desired: int = 3, after: float = LAUNCH_SHOWS) -> Draft:
    """The look so long after these launches were recorded; AWS answers none any more."""
    record = {"open": open, "asked": 3 + sum(one.most for one in open), "launches": 4}
    group = {"zones": ("a", "b", "c"), "desired": desired}
    draft = draft_of(drawing, AUTO, group=group, record=record, mute=Mute("AccessDenied: no", denied=True))
    return replace(draft, observation=replace(draft.observation, at=NOW + after))


def left(draft: Draft) -> tuple[int, list[int | None]]:
    record: Journal = settled(draft, draft.journal)
    return record.asked, [one.came for one in record.open]


@pytest.mark.parametrize(
    ("drawing", "open", "desired", "asked", "came"),
    [
        ("S S S P P", (TWO,), 3, 5, [2]),
        ("S S S P", (TWO,), 3, 4, [1]),  # one of two came
        ("S S S", (TWO,), 3, 3, []),  # nobody is there: nobody came
        ("S S S P P", (TWO,), 5, 5, []),  # it rose
        ("S S S P P P", (TWO, ONE), 3, 6, [2, 1]),
        ("S S S P", (TWO, ONE), 3, 4, [1]),
        ("S S S P P P", (replace(TWO, came=2), ONE), 3, 6, [2, 1]),
        ("S S S P P", (replace(TWO, came=2), ONE), 3, 5, [2]),
    ],
)
def test_who_is_there_and_not_counted_came_by_what_nobody_tells_of(
    drawing: str, open: tuple[OpenLaunch, ...], desired: int, asked: int, came: list[int | None]
) -> None:
    assert left(shown(drawing, *open, desired=desired)) == (asked, came)
    assert left(shown(drawing, *open, desired=desired, after=LAUNCH_SHOWS - 1)) == (
        3 + sum(one.most for one in open),
        [one.came for one in open],
    )


def test_what_came_is_open_as_long_as_it_is_there_and_not_counted() -> None:
    """A run may come back to it long after AWS's answer: dropped then, it would belong to nobody."""
    came = replace(TWO, came=2)
    assert left(shown("S S S P P", came, after=10 * LAUNCH_SHOWS)) == (5, [2])
    assert left(shown("S S S P", came, after=LAUNCH_SHOWS)) == (4, [1])  # the other is gone again


def test_the_field_is_not_set_while_a_terminate_may_still_change_it() -> None:
    draft = shown("S S S P P", replace(TWO, came=2))
    assert is_unrisen(draft)
    assert not is_unrisen(draft.act(Terminate(instance="i-0", shrink=True)))


@pytest.mark.parametrize(
    ("drawing", "desired", "zone", "more"),
    [
        ("S S S", 3, "b", 0),  # the field lacks it still: it counts there
        ("S S S", 4, "b", 0),  # the row lacks still, and may be its
        ("S S S S", 4, "b", 1),  # somebody raised it, and AWS has launched for that: it may come yet
        ("S S S P", 4, "b", 1),
        ("S S S P", 4, "a", 0),  # one has come in its zone since
    ],
)
def test_what_somebody_raised_is_no_launch_that_came(drawing: str, desired: int, zone: str, more: int) -> None:
    launch = replace(ONE, zone=zone)
    draft = shown(drawing, launch, desired=desired)
    rows = draft.observation.instances
    old, last = (replace(one, launched_at=NOW - 500.0) for one in rows[:-1]), rows[-1]
    last = replace(last, zone="a", launched_at=NOW + 1.0 if last.booting else NOW - 500.0)
    seen = replace(draft.observation, instances=(*old, last))
    assert unseen(draft.journal, seen) == more
    assert unseen(replace(draft.journal, open=(replace(launch, came=1),)), seen) == 0
    one = replace(draft, observation=seen).tally
    assert (one.booting + one.serving, one.exist) == (4 + more, 4 + more)


@pytest.mark.parametrize(
    ("drawing", "desired", "asked", "came"),
    [
        ("S S S P P", 5, 6, [None]),  # those of the first show in the field; what it lacks may be the other's
        ("S S S P", 4, 5, [None]),  # one of the two never showed
        ("S S S", 3, 4, [None]),
    ],
)
def test_what_the_field_lacks_may_be_what_another_still_brings(
    drawing: str, desired: int, asked: int, came: list[int | None]
) -> None:
    draft = shown(drawing, replace(TWO, came=2), replace(ONE, at=int(NOW + LAUNCH_SHOWS)), desired=desired)
    belief = replace(draft.belief, mute=None)
    assert left(replace(draft, belief=belief)) == (asked, came)
