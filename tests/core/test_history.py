"""How long one instance is remembered, and that what a look does not change is not made anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.belief import Belief
from async_rollout.core.history import Ended
from async_rollout.core.journal import Departure, Journal, Mark, Removal, Unreadable
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.policy import GONE
from async_rollout.core.recall import recall, started
from async_rollout.core.spec import HookPoint, RolloutSpec
from support.drafts import NOW, snapshot_of
from support.drawn import AT, ident, looked, observation, recorded

SPEC = RolloutSpec()
WHO = ident(3)
SENT = Departure(id=ident(9), at=int(AT), removal=Removal.SHRINK, after=Mark.BEGUN)


def without(seen: Observation, *ids: str) -> Observation:
    return replace(seen, instances=tuple(one for one in seen.instances if one.id not in ids))


def after(belief: Belief, seen: Observation, looks: int) -> Belief:
    """So many looks later, all of them the same."""
    for look in range(looks):
        belief = recall(SPEC, belief, replace(seen, at=NOW + 10.0 * (look + 1)))
    return belief


@pytest.mark.parametrize(("looks", "known"), [(1, True), (GONE.looks - 1, True), (GONE.looks, False)])
def test_one_that_was_proven_stays_so_as_long_as_it_may_be_a_gap(looks: int, *, known: bool) -> None:
    found = snapshot_of("SSSN")
    assert found.belief.history(WHO).proven
    assert after(found.belief, without(found.observation, WHO), looks).history(WHO).proven is known


@pytest.mark.parametrize(("mark", "counts"), [(Mark.BEGUN, False), (Mark.ENDED, True)])
def test_that_nobody_lists_it_or_for_how_long_counts_from_when_it_is_taken_out(mark: Mark, *, counts: bool) -> None:
    """While it is only being told it serves: what a look lacks then must not end its drain."""
    found = snapshot_of("SSSN", record={"departures": (Departure(id=ident(0), at=int(AT) - 900, draining=mark),)})
    assert after(found.belief, found.observation, 1).history(ident(0)).lingering is counts
    first, *rest = found.observation.instances
    bare = replace(found.observation, instances=(replace(first, targets=()), *rest))
    assert after(found.belief, bare, 9).history(ident(0)).is_let_go is counts


def test_one_whose_command_runs_is_not_forgotten() -> None:
    found = snapshot_of("SSSN")
    belief = started(found.belief, HookPoint.UP_CHECK, WHO)
    assert after(belief, without(found.observation, WHO), 9).history(WHO).running == {HookPoint.UP_CHECK}


def test_one_that_was_lost_counts_for_good() -> None:
    found = snapshot_of("SSSW")
    belief = after(found.belief, without(found.observation, WHO), 9)
    assert belief.history(WHO).lost_since == NOW + 10.0


@pytest.mark.parametrize("record", [None, Unreadable(why="torn", torn=True)])
def test_without_a_record_nobody_is_forgotten(record: Unreadable | None) -> None:
    """Its after-command has ended; the tags are out of sight for a while: that it ended is known when they are back."""
    found = snapshot_of("SSSN", record={"departures": (SENT,)})
    outcome = HookOutcome(point=HookPoint.AFTER_TERMINATE, instance=SENT.id, ok=True)
    ended = found.belief.noted(SENT.id, ended={outcome.point: Ended(outcome, NOW, 1)})
    dark = after(ended, replace(found.observation, journal=record), 9)
    assert dark.history(SENT.id).ended.keys() == {HookPoint.AFTER_TERMINATE}
    assert after(dark, without(found.observation), 1).history(SENT.id).ended.keys() == {HookPoint.AFTER_TERMINATE}


def test_what_a_look_does_not_change_is_the_very_same() -> None:
    found = snapshot_of("SSSN")
    blind = tuple(replace(one, seen_at=None) for one in found.observation.sources)
    later = after(found.belief, replace(found.observation, sources=blind), 1)
    assert all(later.history(id) is history for id, history in found.belief.histories.items())


def test_a_record_of_another_run_in_the_place_of_ours_is_watched() -> None:
    ours = snapshot_of("SSS")
    assert isinstance(ours.observation.journal, Journal)
    theirs = replace(ours.observation, at=NOW + 10.0, journal=replace(ours.observation.journal, run="theirs"))
    torn = recall(SPEC, ours.belief, theirs).torn
    assert torn is not None and torn.what == "foreign"


def test_how_one_has_ended_is_heard_in_a_look_that_is_left_out() -> None:
    """The group's own answer is old; EC2 was asked apart."""
    found, code = looked(SPEC, observation("SSP")), "Server.SpotInstanceTermination"
    old = recorded(replace(found.observation, ends={ident(2): code, ident(9): code}), serial=6)
    belief = recall(SPEC, found.belief, old)
    assert belief.blinded and belief.history(ident(2)).end == code
    assert ident(9) not in belief.histories and belief.history(ident(0)).end == ""
