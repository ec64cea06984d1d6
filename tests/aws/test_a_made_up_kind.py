"""A kind of traffic source with every oddity there may be is a file and one line: rolled, it behaves as it says."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.amounts import Amount
from async_rollout.core.events import Acted, Waiting, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.observation import unfound
from async_rollout.core.policy import OLDEST_HEALTH
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Limits
from async_rollout.sandbox.simulation import EPOCH
from support.moored import DELAY, Story, of_harbour, rolled
from support.pier import HARBOUR, Pier
from support.simulation import ours


def test_it_is_rolled_to_the_end_in_its_order_by_its_own_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch)
    harbour, news = story.harbour, {one.instance: one for one in story.harbour.berths.values()}
    assert (story.results[0].verdict.outcome, set(story.results[0].replaced)) == (Outcome.DONE, set(story.order))
    assert not ours(harbour.world.group("web"))
    newcomer = next(one for one in harbour.world.state.instances.values() if one.id not in story.order)
    assert min(at for at, _ in story.calls("DeregisterTargets")) >= newcomer.in_service_at - EPOCH + harbour.moors
    for id in story.order:
        drained, closed = story.first("DeregisterTargets", id) + DELAY, story.first("CloseBerths", id)
        assert drained <= closed < drained + 10
        assert story.first("TerminateInstanceInAutoScalingGroup", id) >= closed + harbour.leave
        assert news[id].open is False
    assert not any("i-" in call.key for _, call in story.calls("CloseBerths"))
    assert {call.operation for _, call in story.sent if call.service == "harbour"} <= {*Pier.reads, *Pier.changes}
    assert Pier().permissions[1] == ("harbour:CloseBerths", "harbour:OpenBerths")
    assert "the long pier (until it has let go: 3 ships are in)" in story.told(Waiting)
    assert story.carried == 48, "three calls a look are the most, and no bucket of those is slower than AWS's own"


def test_what_it_has_to_say_is_said_before_the_first_change_and_may_speak_against_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "the long pier: ships leave" in rolled(monkeypatch).told(Warned)
    story = rolled(monkeypatch, of_harbour(anchored=("Olga",)))
    assert story.results[0].verdict.outcome is Outcome.REFUSED
    assert "Olga is at anchor: weigh it" in story.results[0].verdict.why
    assert not any(call.operation.startswith(("Create", "Set", "Close")) for _, call in story.sent)


def test_what_was_found_once_stays_and_a_gap_in_the_answers_takes_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pier is listed no more, closed berths are left out for a look, and so are targets that drain."""

    def prepare(story: Story) -> None:
        story.gap, story.harbour.gap, story.harbour.listed = (5.0, 20.0), (61.0, 66.0), 2

    story = rolled(monkeypatch, prepare, check_interval=5.0)
    assert story.results[0].verdict.outcome is Outcome.DONE
    for id in story.order:
        closed = story.first("CloseBerths", id)
        assert closed >= story.first("DeregisterTargets", id) + DELAY
        assert story.first("TerminateInstanceInAutoScalingGroup", id) >= closed + story.harbour.leave


def test_while_it_drains_it_alone_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows when that ends, so it is asked again and again, and the load balancers are not."""
    story = rolled(monkeypatch)
    begin = story.first("CloseBerths", story.order[0])
    asked = [call.operation for at, call in story.sent if begin + 5 < at < begin + story.harbour.leave - 5]
    whole = asked.count("DescribeTargetHealth") / 2  # of both target groups: at long intervals, and for a newcomer
    assert whole <= story.harbour.leave // OLDEST_HEALTH + 2
    assert asked.count("DescribeBerths") > 10 * whole
    assert asked.count("ListPiers") == 0


def test_its_calls_draw_from_its_own_small_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, max_surge=Amount(value=100, percent=True))
    assert story.results[0].verdict.outcome is Outcome.DONE
    closings = [at for at, _ in story.calls("CloseBerths")][: len(story.order)]
    assert [after - before >= 3.9 for before, after in pairwise(closings)] == [True, True]


def test_a_no_inside_a_200_that_passes_is_sent_again_and_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(noes=["TIDE"] * 2))
    assert story.results[0].verdict.outcome is Outcome.DONE
    first = story.first("CloseBerths", story.order[0])
    assert [at - first < 10 for at, _ in story.calls("CloseBerths")][:4] == [True, True, True, False]
    assert "refused" not in story.told(Acted)


def test_one_that_does_not_pass_is_tried_by_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(noes=["LOCKED"]))
    assert story.results[0].verdict.outcome is Outcome.DONE
    assert "berth-70 LOCKED" in story.told(Acted)


def test_one_that_stays_is_the_cause_and_all_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(locked=True))
    verdict = story.results[0].verdict
    assert (verdict.outcome, verdict.code) == (Outcome.FAILED, 1)
    assert "berth-70 LOCKED" in verdict.why
    assert story.as_found


def test_what_never_drains_ends_at_the_limit_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(stuck=True), limits=Limits(drain=100.0))
    verdict = story.results[0].verdict
    assert (verdict.outcome, verdict.code) == (Outcome.FAILED, 1)
    assert "still drains after 190 s" in verdict.why  # its own, and what both turns take
    id = story.order[0]
    assert story.first("OpenBerths", id) < story.first("RegisterTargets", id) < inf
    assert story.as_found


def test_a_stop_puts_back_what_is_closed_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no target there any more; by its handle it is still addressed."""
    story = rolled(monkeypatch, of_harbour(leave=1.0), stop=(143.5, Stop.FINISH))
    assert story.results[0].verdict.outcome is Outcome.STOPPED
    id = story.order[0]
    assert story.first("CloseBerths", id) < story.first("OpenBerths", id) < story.first("RegisterTargets", id)
    assert story.as_found


def test_the_next_process_finds_the_handles_again(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, goals=(Goal.REPLACE, Goal.RESTORE), killed=200.0, stop_grace=1.0)
    assert story.results[-1].verdict.outcome is Outcome.RESTORED
    assert story.first("CloseBerths", story.order[0]) < 200.0 < story.first("OpenBerths", story.order[0])
    assert story.as_found


def test_a_pier_that_is_gone_is_named_and_nobody_is_told_to_detach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(lost=0.0))
    verdict = story.results[0].verdict
    assert verdict.outcome is Outcome.REFUSED
    assert (verdict.why, verdict.next) == ("AWS does not find pier pier-9", "")


def test_one_that_is_lost_on_the_way_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(lost=200.0))
    assert story.results[0].verdict.outcome is Outcome.DONE
    assert story.first("CloseBerths", story.order[0]) < 200.0 and story.first("CloseBerths", story.order[1]) == inf
    assert story.results[0].verdict.why.endswith("AWS does not find pier pier-9: not waited for")


def test_one_that_is_lost_has_nothing_that_could_drain() -> None:
    found = Pier().source("pier-9", "the long pier", open_ended=True, drain_delay=60.0)
    assert unfound(found) == Pier().source("pier-9", "the long pier", has_listener=False, gone=True)


def test_reads_are_told_by_their_names() -> None:
    assert HARBOUR.call("ListBerths").reads and not HARBOUR.call("CloseBerths").reads
