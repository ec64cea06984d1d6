"""`recall`: what is remembered after one more look, and after how acts and hooks ended. A pure fold over `Memory`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor

from async_rollout.core.answered import heard, still
from async_rollout.core.journal import Journal
from async_rollout.core.marks import marked_since
from async_rollout.core.memory import HookKey, Memory, Odd, Peer, Since
from async_rollout.core.observation import Instance, Observation, Survey
from async_rollout.core.outcomes import Outcomes
from async_rollout.core.policy import CLIMBS, DRAIN_OVERDUE, LONGEST_SLEEP, SOON
from async_rollout.core.protection import shielded_since
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import YOUNG, Stage, Streak, is_ready, is_registered, stage_of
from async_rollout.core.traffic import shifted_zones


def started(memory: Memory, hook: HookKey) -> Memory:
    """A hook was started."""
    return replace(memory, running=memory.running | {hook})


def recall(spec: RolloutSpec, memory: Memory, observation: Observation, outcomes: Outcomes = ()) -> Memory:
    """What is remembered after one more look, and after how the last acts and hooks ended."""
    for outcome in outcomes:
        memory = heard(memory, outcome, observation.at)
    stale = "stale" if _is_stale(memory, observation) else None
    memory = replace(memory, stale=_odd(memory.stale, stale, observation.at))
    if memory.blinded:
        return replace(memory, torn=None)
    memory = replace(memory, at=max(observation.at, memory.at), unseen=_unseen(spec, memory, observation))
    memory = _seen(spec, memory, observation)
    stages = _stages(spec, memory, observation)
    proven = memory.proven.union(id for id, since in stages.items() if since.stage is Stage.AVAILABLE)
    climbs = (*memory.climbs, *_climbed(memory, observation, stages))[-CLIMBS:]
    return replace(memory, stages=stages, proven=proven, serving_since=_serving(memory, observation), climbs=climbs)


def _unseen(spec: RolloutSpec, memory: Memory, observation: Observation) -> tuple[tuple[float, float], ...]:
    """A look that came later than it is ever meant to: what AWS's buckets, a blind time or a sleeping host took."""
    late = observation.at - memory.at - max(LONGEST_SLEEP, spec.interval)
    return (*memory.unseen, (observation.at, late)) if memory.looks and late > 0 else memory.unseen


def _climbed(memory: Memory, observation: Observation, stages: Mapping[str, Since]) -> list[float]:
    """How long those took that this look proves: until they were first seen healthy everywhere."""
    took = []
    for id, now in stages.items():
        before, one = memory.stages.get(id), observation.instance(id)
        if now.stage is Stage.AVAILABLE and before and before.stage in YOUNG and one and one.launched_at is not None:
            took.append((before.at if before.stage is Stage.CHECKING else now.at) - one.launched_at)
    return took


def _is_stale(memory: Memory, observation: Observation) -> bool:
    """The record comes in the same reply as the group: one older than what we wrote makes all of it an old answer."""
    record = observation.journal
    return isinstance(record, Journal) and record.run == memory.me.run and record.serial < memory.newest


def _peer(before: Peer | None, record: Journal | None, at: float) -> Peer | None:
    if record is None:
        return None
    if before is None or before.record.run != record.run or record.serial > before.record.serial:
        return Peer(record, at)
    return Peer(before.record, before.at, before.looks + (at > before.at))


def _odd(before: Odd | None, what: str | None, at: float) -> Odd | None:
    """Fold one look into something watched: the same again counts on, another begins anew, None ends it."""
    if what is None:
        return None
    if before is None or before.what != what:
        return Odd(what, at)
    return Odd(what, before.at, before.looks + (at > before.at))


def _seen(spec: RolloutSpec, memory: Memory, observation: Observation) -> Memory:
    group, at = observation.group, observation.at
    ours = isinstance(observation.journal, Journal) and observation.journal.run == memory.me.run
    peer = observation.journal if isinstance(observation.journal, Journal) and not ours else None
    torn = "torn" if observation.journal is not None and not isinstance(observation.journal, Journal) else None
    if observation.journal is None and memory.journal is not None:
        torn = "vanished"
    if peer is not None and memory.journal is not None:
        torn = "foreign"
    return replace(
        memory,
        began=memory.began or at,
        looks=memory.looks + 1,
        health_at=at if observation.health_seen else memory.health_at,
        journal=observation.journal if ours and isinstance(observation.journal, Journal) else memory.journal,
        newest=observation.journal.serial if ours and isinstance(observation.journal, Journal) else memory.newest,
        held=_odd(memory.held, "held" if ours else None, at),
        peer=_peer(memory.peer, peer, at),
        torn=_odd(memory.torn, torn, at),
        settled=_odd(memory.settled, "settled" if observation.settled else None, at),
        desired=_odd(memory.desired, str(group.desired), at),
        minimum=_odd(memory.minimum, str(group.minimum), at),
        maximum=_odd(memory.maximum, str(group.maximum), at),
        launching=still(memory.launching, observation),
        peak=_peak(memory, observation),
        reached=_reached(memory, observation),
        hollow=_odd(memory.hollow, f"{group.desired}" if group.desired > observation.rows else None, at),
        progress=_odd(memory.progress, _progress(observation), at),
        survey=_surveyed(memory, observation),
        scheduled=_scheduled(memory, observation.survey),
        activities=memory.activities if observation.activities is None else observation.activities,
        activities_at=memory.activities_at if observation.activities is None else at,
        removed=_removed(memory, observation),
        vanished=_vanished(memory, observation),
        missing=_missing(memory, observation),
        unlisted=_unlisted(memory, observation),
        lingering=_lingering(memory, observation),
        streaks=_streaks(spec, memory, observation),
        shielded=shielded_since(spec, memory.shielded, observation),
        unfound=_unfound(memory, observation),
        accused=marked_since(memory.accused, observation),
        shifted=_odd(memory.shifted, "shifted" if shifted_zones(observation) else None, at),
    )


def _surveyed(memory: Memory, observation: Observation) -> Survey | None:
    """The newest survey, with what a look at the refreshes alone has added to it."""
    if observation.survey is not None or memory.survey is None or observation.refresh is None:
        return observation.survey or memory.survey
    return replace(memory.survey, at=observation.at, refresh=next(iter(observation.refresh), None))


def _scheduled(memory: Memory, survey: Survey | None) -> Mapping[str, float]:
    """When each scheduled action would first fire; what has passed is not listed any more."""
    found = survey.scheduled if survey else ()
    return {**{one.name: one.at for one in found if one.at is not None}, **memory.scheduled}


def _peak(memory: Memory, observation: Observation) -> int:
    """The highest DesiredCapacity that was asked for, or read before this look's."""
    before = int(memory.desired.what) if memory.desired and memory.desired.what != str(observation.group.desired) else 0
    asked = observation.journal.asked if isinstance(observation.journal, Journal) else 0
    return max(memory.peak, before, asked)


def _reached(memory: Memory, observation: Observation) -> bool:
    """What we asked for was seen to be there."""
    record = observation.journal
    return isinstance(record, Journal) and (observation.group.desired >= record.asked or memory.reached)


def _progress(observation: Observation) -> str:
    """What comes forward. Not our own surplus: AWS may launch another in its place for ever."""
    if not isinstance(observation.journal, Journal):
        return "none"
    head = observation.journal
    old = (departure for departure in head.departures if not departure.surplus)
    departures = ",".join(f"{departure.id}{departure.before}{departure.after}{departure.removal}" for departure in old)
    return f"{head.goal} {observation.group.desired} {head.launches} {len(head.suspended)} {head.cutoff} {departures}"


def _removed(memory: Memory, observation: Observation) -> dict[str, Odd]:
    """Since when the terminate of each departure stands in the record, and in how many looks."""
    departures = observation.journal.departures if isinstance(observation.journal, Journal) else ()
    known = {
        departure.id: _odd(memory.removed.get(departure.id), f"{departure.removal != 'n'}", observation.at)
        for departure in departures
    }
    return {id: odd for id, odd in known.items() if odd and odd.what == "True"}


def _missing(memory: Memory, observation: Observation) -> dict[str, int]:
    """In how many looks in a row an instance of a departure was not to be seen."""
    departures = observation.journal.departures if isinstance(observation.journal, Journal) else ()
    return {
        departure.id: memory.missing.get(departure.id, 0) + 1
        for departure in departures
        if observation.instance(departure.id) is None
    }


def _unlisted(memory: Memory, observation: Observation) -> Mapping[str, int]:
    """In how many looks at every source in a row an instance of a departure was registered nowhere."""
    if not observation.health_seen:
        return memory.unlisted
    departures = observation.journal.departures if isinstance(observation.journal, Journal) else ()
    return {
        departure.id: memory.unlisted.get(departure.id, 0) + 1
        for departure in departures
        if departure.id not in _listed(observation)
    }


def _unfound(memory: Memory, observation: Observation) -> dict[str, Odd]:
    """Since when, and in how many looks, AWS does not find a source; one that was found again stays on the list."""
    gone = {source.id for source in observation.sources if source.gone}
    looked = {
        id: _odd(memory.unfound.get(id), f"{id in gone}", observation.at) for id in (*memory.unfound, *sorted(gone))
    }
    return {id: odd for id, odd in looked.items() if odd}


def _lingering(memory: Memory, observation: Observation) -> frozenset[str]:
    """Who is listed though every delay is over, now or in an earlier look: what ends its draining is not known."""
    if not observation.health_seen:
        return memory.lingering
    departures = observation.journal.departures if isinstance(observation.journal, Journal) else ()
    longest = max((source.drain_delay for source in observation.sources), default=0.0)
    late = {departure.id for departure in departures if observation.at > departure.at + longest + DRAIN_OVERDUE}
    return memory.lingering.union(late & _listed(observation)) & {departure.id for departure in departures}


def _listed(observation: Observation) -> frozenset[str]:
    return frozenset(one.id for one in observation.instances if any(is_registered(target) for target in one.targets))


def _vanished(memory: Memory, observation: Observation) -> dict[str, float]:
    """Since when newcomers are gone, or leave, that never served and were not taken out by us; who is back, is back."""
    departures = (
        {departure.id for departure in observation.journal.departures}
        if isinstance(observation.journal, Journal)
        else set()
    )
    young = (id for id, since in memory.stages.items() if since.stage in YOUNG and id not in memory.proven)
    gone = {**dict.fromkeys(young, observation.at), **memory.vanished}
    return {
        id: at
        for id, at in gone.items()
        if id not in departures and ((one := observation.instance(id)) is None or one.leaving)
    }


def _streaks(spec: RolloutSpec, memory: Memory, observation: Observation) -> dict[str, Streak]:
    """Who is on its way out is not well through us: that says nothing of how it is, should it come back."""
    departures = (
        {departure.id for departure in observation.journal.departures}
        if isinstance(observation.journal, Journal)
        else set()
    )
    known = {
        one.id: Streak() if one.id in departures else memory.streaks.get(one.id, Streak())
        for one in observation.instances
    }
    return {one.id: _streak(spec, known[one.id], observation, one) for one in observation.instances}


def _streak(spec: RolloutSpec, streak: Streak, observation: Observation, instance: Instance) -> Streak:
    """Looks count only so far apart, bad ones further: a flap is no illness. AWS's Date is cut to whole seconds."""
    ready = is_ready(spec, observation, instance)
    if not observation.health_seen and instance.in_service:
        return streak  # what the rows alone do not tell
    broken = streak.good > 0 if not ready else streak.bad > 0
    if broken or not (streak.good or streak.bad):
        return Streak(int(ready), int(not ready), observation.at)
    apart = spec.paced(SOON) if ready else spec.interval
    if observation.at - streak.at < floor(apart) or observation.at <= streak.at:
        return streak
    return Streak(streak.good + ready, streak.bad + (not ready), observation.at)


def _stages(spec: RolloutSpec, memory: Memory, observation: Observation) -> dict[str, Since]:
    journal = observation.journal if isinstance(observation.journal, Journal) else None
    stages = {}
    for one in observation.instances:
        stage = stage_of(spec, observation, journal, one, memory.known(one.id))
        before = memory.stages.get(one.id)
        same = before is not None and before.stage is stage
        stages[one.id] = Since(stage, before.at, before.looks + 1) if same and before else Since(stage, observation.at)
    return stages


def _serving(memory: Memory, observation: Observation) -> dict[str, float]:
    known = memory.serving_since
    return {one.id: known.get(one.id, observation.at) for one in observation.instances if one.in_service}
