"""When the next look is worth its calls, and what it has to show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import ROWS, WHOLE, HealthOf, Need, Register, Registration
from async_rollout.core.carried import carried
from async_rollout.core.decide import decide
from async_rollout.core.history import Sent, Since
from async_rollout.core.journal import Departure
from async_rollout.core.observation import Source, Target, TargetState
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.pace import Look, drained, newcomer, soonest
from async_rollout.core.policy import CALM, DATE_CUT, LONGEST_SLEEP, OLDEST_HEALTH, SOON
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, snapshot_of
from support.drawn import SOURCES, ident

SPEC = RolloutSpec()


def seen(snapshot: Snapshot, *, asked: bool) -> Snapshot:
    """The same look with every source asked, or none."""
    sources = tuple(replace(one, seen_at=NOW if asked else None) for one in snapshot.observation.sources)
    return replace(snapshot, observation=replace(snapshot.observation, sources=sources))


def next_look(snapshot: Snapshot, number: int) -> Look:
    one = snapshot.observation.instances[number]
    return newcomer(SPEC, snapshot.observation, snapshot.belief, one)


@pytest.mark.parametrize(("ago", "sleeps", "needs"), [(0.0, 5.0, ROWS), (1000.0, 0.0, WHOLE)])
def test_everything_is_looked_at_now_and_then(ago: float, sleeps: float, needs: object) -> None:
    snapshot = snapshot_of("SSS", health_at=NOW - ago)
    seconds, wanted = soonest(SPEC, [Look(NOW + 5.0)], snapshot.observation, snapshot.belief)
    assert (seconds, wanted) == (sleeps, needs)
    assert OLDEST_HEALTH > LONGEST_SLEEP


def test_nobody_sleeps_long_and_an_interval_that_was_asked_for_is_kept_to() -> None:
    snapshot = snapshot_of("SSS", health_at=NOW)
    far = [Look(NOW + 100.0, WHOLE)]
    assert soonest(SPEC, far, snapshot.observation, snapshot.belief) == (LONGEST_SLEEP, ROWS)
    assert soonest(RolloutSpec(check_interval=7.0), far, snapshot.observation, snapshot.belief) == (7.0, WHOLE)


def test_a_newcomer_is_asked_for_in_one_source_from_a_learnt_share_on() -> None:
    late = seen(snapshot_of("SSSW", climbs=(100.0, 120.0)), asked=False)
    look = next_look(late, 3)
    assert look.needs == frozenset({HealthOf(SOURCES[0].id)})
    assert look.at >= NOW + SOON
    early = seen(snapshot_of("SSSW", climbs=(5000.0,)), asked=False)
    assert next_look(early, 3) == Look(NOW + CALM)


def test_one_that_boots_is_in_no_source_yet() -> None:
    assert next_look(seen(snapshot_of("SSSP", climbs=(100.0,)), asked=False), 3).needs == ROWS


def test_called_healthy_by_the_one_that_was_asked_all_others_are_asked_at_once() -> None:
    snapshot = snapshot_of("SSSN")
    sources = (replace(SOURCES[0], seen_at=NOW), replace(SOURCES[1], seen_at=None))
    half = replace(
        snapshot,
        observation=replace(snapshot.observation, sources=sources),
        belief=snapshot.belief.noted(ident(3), stage=Since(Stage.REGISTERING, NOW)),
    )
    assert next_look(half, 3) == Look(NOW, frozenset({HealthOf(SOURCES[1].id)}))


def test_a_drain_is_slept_through_but_for_a_source_that_may_end_early() -> None:
    departure = Departure(id=ident(0), at=int(NOW))
    timed = snapshot_of("DSS").observation
    end = departure.at + SOURCES[0].drain_delay + DATE_CUT
    assert drained(SPEC, timed, departure, timed.instances[0]) == Look(end, WHOLE)
    early = Source(id="clb", kind="classic", name="clb", drain_delay=300.0, ends_early=True, seen_at=NOW)
    target = Target(source="clb", port=None, state=TargetState.DRAINING)
    one = replace(timed.instances[0], targets=(*timed.instances[0].targets, target))
    both = replace(timed, sources=(*timed.sources, early))
    ask = frozenset({HealthOf("clb")})
    assert drained(SPEC, both, departure, one) == Look(end, ask)
    assert drained(SPEC, replace(both, at=end + 1), departure, one) == Look(end + 1 + SPEC.interval, ask)
    assert drained(SPEC, replace(both, at=NOW + 400), departure, one) == Look(NOW + 400 + SPEC.interval, WHOLE)


def test_registered_back_it_drains_no_more() -> None:
    snapshot = snapshot_of("SSS")
    where = Registration(source=SOURCES[0].id, instance=ident(0), port=80)
    out = snapshot.belief.noted(ident(0), calls={where: Sent(NOW)})
    bare = seen(snapshot, asked=False).observation
    empty = replace(bare, instances=tuple(replace(one, targets=()) for one in bare.instances))
    drains = carried(empty, snapshot.observation, out, ())
    assert drains.instances[0].targets[0].state is TargetState.DRAINING
    back = ActOutcome(action=Register(registrations=(where,)), at=NOW, ok=True)
    assert carried(empty, snapshot.observation, out, (back,)).instances[0].targets[0].state is TargetState.HEALTHY


def test_without_a_survey_everything_is_asked_first() -> None:
    assert decide(SPEC, snapshot_of("SSS", survey=None)).needs >= {Need.TARGETS, Need.SURVEY}
