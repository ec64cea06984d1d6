"""What AWS's words for a failed launch mean: every real text, and how long each kind is waited for."""

from __future__ import annotations

from math import inf

import pytest

from async_rollout.core.activity import Activity
from async_rollout.core.launch_failures import PHRASES, Failure, failure_of, hopeless, next_of, unmended
from async_rollout.core.tags import CAUSE_LENGTH, safe
from async_rollout.core.zones import barren, resting
from async_rollout.sandbox.words import ABANDONED, NO_CAPACITY, NO_IMAGE, NOT_OFFERED, OVER_QUOTA, WRONG_ARCHITECTURE
from support.launch_texts import launch_texts, texts_of

STATUS_MESSAGE = 255
"""What the service model promises of a StatusMessage, though longer ones are seen."""
T = 1000.0


def failed(message: str, at: float, zone: str = "a", status: str = "Failed") -> Activity:
    ended = None if status == "PreInService" else at
    return Activity(id=f"{at}", kind="launch", status=status, message=message, started_at=at, ended_at=ended, zone=zone)


@pytest.mark.parametrize(("kind", "text"), launch_texts())
def test_every_real_text_is_told_for_what_it_is(kind: str, text: str) -> None:
    assert failure_of(text) == kind
    assert failure_of(text[:STATUS_MESSAGE]) == kind
    assert failure_of(f"Launching a new EC2 instance.  Status Reason: {text}") == kind


@pytest.mark.parametrize(("kind", "text"), [one for one in launch_texts() if one[0] in ("quota", "permanent")])
def test_as_a_cause_it_is_still_told_when_it_has_been_through_the_tags(kind: str, text: str) -> None:
    assert next_of(safe(f"a launch failed: {text}", CAUSE_LENGTH)) == next_of(text) != ""


def test_every_kind_has_phrases_and_a_real_text() -> None:
    assert set(PHRASES) == set(Failure) - {Failure.UNKNOWN} == {kind for kind, _ in launch_texts()}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (NOT_OFFERED, Failure.ZONE),
        (NO_CAPACITY, Failure.CAPACITY),
        (OVER_QUOTA, Failure.QUOTA),
        (WRONG_ARCHITECTURE, Failure.PERMANENT),
        (NO_IMAGE, Failure.PERMANENT),
        ("The key pair 'x' does not exist. Launching EC2 instance failed.", Failure.PERMANENT),
        ("Client.InvalidKMSKey.InvalidState: client error on launch", Failure.PERMANENT),
        ("Access denied when attempting to assume role arn:x. Validating load balancer configuration failed.",
         Failure.PERMANENT),
        (f"You must use a valid fully-formed launch template. {NOT_OFFERED}", Failure.ZONE),
        (ABANDONED, Failure.UNKNOWN),
        ("The image is fine, the role is invalid, the security group too", Failure.UNKNOWN),  # words are no phrases
        ("", Failure.UNKNOWN),
    ],
)  # fmt: skip
def test_others_too(text: str, kind: Failure) -> None:
    assert failure_of(text) is kind


@pytest.mark.parametrize(
    ("kind", "since", "ends"),
    [
        ("zone", (0.0, 60.0, 600.0), False),
        ("capacity", (0.0, 60.0, 600.0), False),
        ("permanent", (0.0,), False),
        ("permanent", (0.0, 60.0), True),
        ("settles", (0.0, 60.0), False),
        ("settles", (0.0, 60.0, 120.0), False),
        ("settles", (0.0, 60.0, 120.0, 180.0), True),
        ("quota", (0.0, 60.0), False),
        ("quota", (0.0, 60.0, 120.0), True),
    ],
)
def test_how_long_each_kind_is_waited_for(kind: str, since: tuple[float, ...], *, ends: bool) -> None:
    for text in texts_of(kind):
        failures = tuple(failed(text, T + at) for at in reversed(since))
        found = hopeless(failures, T + since[-1], quiet=True)
        assert (found is failures[0]) is ends
        if kind == "quota":
            assert hopeless(failures, T + since[-1], quiet=False) is None


def test_words_that_nobody_has_seen_are_waited_for() -> None:
    assert hopeless(tuple(failed("new words", T + 60.0 * n) for n in range(9)), T + 900.0, quiet=True) is None


def test_what_failed_before_a_launch_that_came_to_be_stands_no_more() -> None:
    before, there, after = failed("x", T), failed("", T + 60.0, status="PreInService"), failed("y", T + 120.0)
    assert unmended((before,)) == (before,)
    assert unmended((there, before)) == ()
    assert unmended((after, there, before)) == (after,)


def test_a_zone_is_avoided_for_its_own_failures_alone() -> None:
    rows = (failed(NOT_OFFERED, T, "a"), failed(NO_CAPACITY, T, "b"), failed(NO_IMAGE, T, "c"), failed("x", T, "d"))
    assert barren(rows, T + 300.0) == {"a", "b"}
    assert barren(rows, T + 301.0) == {"a"}
    assert barren((failed(NOT_OFFERED, T, ""),), T) == frozenset()


def test_where_aws_has_refused_us_it_is_not_tried_again_at_once() -> None:
    """A minute after the first no, five after the next; for ever where its owner has to mend it."""
    first = (failed(NOT_OFFERED, T, "a"), failed(NO_CAPACITY, T, "b"), failed(NO_IMAGE, T, "c"), failed("x", T, "d"))
    assert resting(first, T) == {"a": T + 64.0, "b": T + 64.0, "c": inf, "d": T + 64.0}
    again = (failed(NO_CAPACITY, T + 70.0, "b"), *first)
    assert resting(again, T + 70.0) == {"b": T + 370.0, "c": inf}
    assert resting(again, T + 70.0, most=64.0) == {"b": T + 134.0, "c": inf}
    assert resting(again, T + 371.0) == {"c": inf}


def test_what_was_taken_in_part_rests_a_minute_and_what_was_taken_since_stands_for_no_no() -> None:
    part = (failed("", T, "a", status="Successful"), failed(NO_IMAGE, T, "a"), failed(NO_CAPACITY, T - 70.0, "a"))
    assert resting(part, T) == {"a": T + 64.0}
    assert resting((failed("", T + 1.0, "a", status="Successful"), *part), T + 1.0) == {}
