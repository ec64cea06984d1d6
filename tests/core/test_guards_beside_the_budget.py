"""Guards are strangers to the arithmetic, and no looser: what the budget counts as too few or too many they forbid.

Random looks, records and histories, most of which no rollout ever comes to: there is no other way to find where a
necessary condition is not asked.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

from async_rollout.core import laws
from async_rollout.core.actions import Action, Deregister, Registration, SetCapacity, Terminate
from async_rollout.core.amounts import amount
from async_rollout.core.belief import Belief, Me
from async_rollout.core.budget import Tally, tally
from async_rollout.core.journal import Cause, Departure, Goal, Journal, Removal
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.recall import recall
from async_rollout.core.serving import serves_still
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.stages import Stage
from support.drawn import AT, ident, observation, recorded

SEEDS = 2500
AMOUNTS = ((0, 1), (1, 0), (2, 1), (1, 1))
"""Surge and unavailable."""
TARGETS = (TargetState.HEALTHY, TargetState.UNHEALTHY, TargetState.SHIFTED, TargetState.DRAINING)
SERVING = (Stage.SERVING, Stage.AVAILABLE, Stage.AILING, Stage.CHECKING)
FALLING = (Stage.DRAINING, Stage.DRAINED, Stage.RESTING, Stage.SPENT)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One look with what was remembered before it. record: as it was just written; who: of whom an act is asked."""

    spec: RolloutSpec
    snapshot: Snapshot
    record: Journal
    who: str

    def acts(self) -> tuple[Action, ...]:
        where = Registration(source="tg1", instance=self.who, port=80)
        seen = self.snapshot.observation
        more = SetCapacity(desired=max(seen.group.desired, seen.rows) + 1)  # a lower one asks for nobody new
        if not seen.health_seen:
            return (more,)
        return Deregister(registrations=(where,)), Terminate(instance=self.who, shrink=True), more

    def tally(self, *, without: tuple[str, ...] = ()) -> Tally:
        """The look counted; without: as if these had no departure."""
        departures = tuple(one for one in self.record.departures if one.id not in without)
        record = replace(self.record, departures=departures)
        return tally(self.spec, self.snapshot.observation, self.snapshot.belief, record)


def drawn(seed: int) -> Drawn:
    rng = random.Random(seed)
    surge, gap = rng.choice(AMOUNTS)
    spec = RolloutSpec(
        max_surge=surge, max_unavailable=gap, healthy_threshold=rng.choice((1, 2)),
        hooks=Hooks(up_check=rng.choice((None, "up"))), require_healthy_targets=rng.random() > 0.15,
    )  # fmt: skip
    size = rng.randint(2, 6)
    letters = "".join(rng.choice("SSSNNUMWPTBD") for _ in range(size))
    seen = observation(letters, desired=rng.choice((None, None, size - 1, size + 1)))
    assert isinstance(seen.journal, Journal)
    removals = (Removal.NOT, Removal.NOT, Removal.SHRINK)
    departures = (
        replace(one, removal=rng.choice(removals), surplus=rng.random() < 0.2) for one in seen.journal.departures
    )
    back = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="x")} if rng.random() < 0.3 else {}
    seen = recorded(seen, base=rng.randint(1, size), departures=tuple(departures), **back)
    belief = Belief(me=Me(run="run0", holder="host/boot/1"))
    for look in range(rng.randint(1, 5)):
        now = _changed(rng, seen, at=seen.at + 10.0 * look)
        belief = recall(spec, belief, now)
        for one in now.instances:
            belief = belief.noted(one.id, proven=True) if rng.random() < 0.1 else belief
    assert isinstance(now.journal, Journal)
    who, record = ident(rng.randrange(size)), now.journal
    if rng.random() < 0.6 and record.departure(who) is None:
        record = record.with_departure(Departure(id=who, at=int(AT), surplus=rng.random() < 0.3))
    if rng.random() < 0.15 and record.departures:
        record = replace(record, departures=record.departures[1:])
    return Drawn(spec=spec, snapshot=Snapshot(observation=now, belief=belief), record=record, who=who)


def _changed(rng: random.Random, seen: Observation, *, at: float) -> Observation:
    sources = tuple(replace(one, seen_at=at) for one in seen.sources) if rng.random() > 0.1 else ()
    return replace(seen, at=at, sources=sources, instances=tuple(_other(rng, one) for one in seen.instances))


def _other(rng: random.Random, one: Instance) -> Instance:
    if rng.random() < 0.3:
        state = rng.choice(TARGETS)
        one = replace(
            one, targets=tuple(replace(t, state=state if rng.random() < 0.7 else t.state) for t in one.targets)
        )
    return replace(one, health=rng.choice(("Healthy", "Unhealthy"))) if rng.random() < 0.1 else one


def too_few(case: Drawn, action: Action) -> bool:
    """Law 1 by the budget: one that counts goes, and the floor is not held without it."""
    if not isinstance(action, Deregister | Terminate):
        return False
    stage, one = case.snapshot.belief.stage(case.who), case.snapshot.observation.instance(case.who)
    again = stage in FALLING and one is not None and serves_still(case.snapshot.observation, one)
    before, after = case.tally(without=(case.who,)), case.tally()
    departure = case.record.departure(case.who)
    unwell = not case.snapshot.belief.history(case.who).streak.good and case.who not in before.available
    spare = unwell and departure is not None and departure.surplus
    goes = (stage in SERVING or again) and case.who not in before.dark and not spare
    return goes and len(after.available) < after.bounds.floor


def too_many(case: Drawn, action: Action) -> bool:
    """Law 2 by the budget: above the ceiling, or above what may exist."""
    if not isinstance(action, SetCapacity):
        return False
    one = case.tally()
    return one.booting + one.serving + 1 > one.bounds.ceiling or one.exist + 1 > one.bounds.exist


def unproven(case: Drawn, action: Action) -> bool:
    """Law 5 by the budget: with a surge, no new one is proven and the base is not held."""
    goes = isinstance(action, Deregister | Terminate) and case.snapshot.belief.stage(case.who) in SERVING
    departure, one = case.record.departure(case.who), case.tally()
    if not goes or case.record.goal is Goal.RESTORE or not amount(case.spec.max_surge).up(case.record.base):
        return False
    surplus = departure is not None and departure.surplus
    return not surplus and not one.proven_new and len(one.available) < one.base


BY_THE_BUDGET = {
    laws.the_floor_holds: too_few,
    laws.the_ceiling_holds: too_many,
    laws.a_new_one_is_proven_first: unproven,
}


def test_what_the_budget_forbids_a_guard_forbids_too() -> None:
    forbidden, missed = Counter[str](), []
    for seed in range(SEEDS):
        case = drawn(seed)
        for action in case.acts():
            for guard, counted in BY_THE_BUDGET.items():
                if counted(case, action):
                    forbidden[guard.__name__] += 1
                    if guard(case.spec, case.snapshot, case.record, action) is None:
                        missed.append((seed, guard.__name__, action))
    assert missed == []
    assert min(forbidden[guard.__name__] for guard in BY_THE_BUDGET) > SEEDS / 10, forbidden
