"""The block that a failure ends with."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.tags import CAUSE_LENGTH
from async_rollout.core.tags import safe as tagged
from async_rollout.render.ending import Ending, ending, onward

DENIED = (
    "AccessDenied: User: arn:aws:iam::1:user/x may not [x] (autoscaling:SetDesiredCapacity) "
    + "y" * 150
    + " (request 1a2b)"
)
AGAIN = "async-rollout run -a web"


def verdict(outcome: Outcome, code: int, why: str, *left: str, next: str = "") -> Verdict:
    return Verdict(outcome=outcome, code=code, why=why, left=left, next=next)


def test_awss_own_words_and_request_stay_whole_though_the_record_holds_less() -> None:
    short = tagged(DENIED, CAUSE_LENGTH)
    assert "1a2b" not in short and "[x]" not in short
    found = verdict(Outcome.FAILED, 4, f"{short}; the group is as it was found")
    assert ending(found, "web", DENIED) == Ending(why=DENIED, state=("the group is as it was found",), next=AGAIN)
    stuck = verdict(Outcome.STUCK, 10, f"the restore could not end ({short})", "maximum is 5", next="restore")
    assert ending(stuck, "web", DENIED) == Ending(
        why=f"the restore could not end ({DENIED})", state=("maximum is 5",), next="async-rollout restore -a web"
    )


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in (Outcome.DONE, Outcome.NOTHING)])
def test_every_bad_end_names_a_command(outcome: Outcome) -> None:
    assert ending(verdict(outcome, 1, "x"), "web").next.startswith("async-rollout ")


def test_what_is_said_with_its_reason_is_not_said_without() -> None:
    left = ("i-0a is out: its command failed", "maximum is 5", "i-0a is out")
    assert ending(verdict(Outcome.STUCK, 10, "x", *left), "web").state == left[:2]


def test_a_good_end_asks_for_nothing() -> None:
    good = verdict(Outcome.DONE, 0, "all replaced, the group is as it was found")
    assert ending(good, "web", "") == Ending(why="all replaced, the group is as it was found")


def test_a_refusal_and_an_early_stop_say_that_nothing_was_changed() -> None:
    assert ending(verdict(Outcome.REFUSED, 3, "an instance refresh is active"), "web") == Ending(
        why="an instance refresh is active", state=("nothing was changed",), next="async-rollout plan -a web"
    )
    stopped = ending(verdict(Outcome.STOPPED, 130, "Ctrl-C; nothing was changed"), "web")
    assert stopped == Ending(why="Ctrl-C", state=("nothing was changed",), next=AGAIN)


def test_groups_that_need_the_same_are_named_in_one_command() -> None:
    failed, stuck = verdict(Outcome.FAILED, 1, "x"), verdict(Outcome.STUCK, 10, "x", next="restore")
    groups = {"a": failed, "b c": stuck, "d": verdict(Outcome.DONE, 0, ""), "e": failed, "f": None}
    assert onward(groups.items()) == ["async-rollout run -a a -a e", "async-rollout restore -a 'b c'"]
