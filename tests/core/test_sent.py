"""What is known of a registration by how the calls for it were answered, in their order."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import Deregister, Register, Registration
from async_rollout.core.belief import Belief, Me
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.recall import recall
from async_rollout.core.spec import RolloutSpec
from support.drawn import AT, ident, observation

WHERE = Registration(source="tg", instance=ident(0), port=None)
IN, OUT = Register(registrations=(WHERE,)), Deregister(registrations=(WHERE,))


@pytest.mark.parametrize(
    ("answers", "back"),
    [
        ([(IN, True)], True),
        ([(IN, None)], False),
        ([(IN, True), (OUT, True)], False),
        ([(IN, True), (OUT, None)], False),  # it may have been taken out since
        ([(IN, True), (OUT, False)], False),  # as one of several calls of the act may have been taken
        ([(IN, True), (OUT, None), (IN, None)], False),
        ([(IN, True), (OUT, None), (IN, True)], True),
        ([(OUT, True), (IN, True)], True),
    ],
)
def test_it_is_back_only_by_a_call_that_aws_took_and_none_to_take_it_out_since(
    answers: list[tuple[Register | Deregister, bool | None]], *, back: bool
) -> None:
    belief = Belief(me=Me(run="run0", holder="host/boot/1"))
    for act, ok in answers:
        belief = recall(RolloutSpec(), belief, observation("S"), (ActOutcome(action=act, at=AT, ok=ok),))
    assert (belief.history(ident(0)).back == {WHERE}) is back


def test_a_call_that_was_never_sent_changes_nothing() -> None:
    belief = Belief(me=Me(run="run0", holder="host/boot/1"))
    told = (ActOutcome(action=IN, at=AT, ok=True), ActOutcome(action=OUT, at=AT, ok=False, sent=False))
    assert recall(RolloutSpec(), belief, observation("S"), told).history(ident(0)).back == {WHERE}
