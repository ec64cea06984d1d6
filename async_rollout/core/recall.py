"""`recall`: what is remembered after one more look, and after how acts and hooks ended. A pure fold over `Memory`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor

from async_rollout.core.answered import heard, still
from async_rollout.core.journal import Journal
from async_rollout.core.marks import marked_since
from async_rollout.core.memory import HookKey, Memory, Odd, Outcomes, Peer, Since
from async_rollout.core.pace import LONGEST_SLEEP, SOON
from async_rollout.core.protection import shielded_since
from async_rollout.core.sight import Instance, Sight, Survey
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import YOUNG, Stage, Streak, is_ready, is_registered, stage_of
from async_rollout.core.traffic import shifted_zones

OVERDUE = 10.0
"""Seconds after its delay in which a drain still ends as it should: our call took some of them."""
CLIMBS = 20
"""So many newcomers are learnt from: older ones may have been of another template."""


def started(memory: Memory, hook: HookKey) -> Memory:
    """A hook was started."""
    return replace(memory, running=memory.running | {hook})


def recall(spec: RolloutSpec, memory: Memory, sight: Sight, outcomes: Outcomes = ()) -> Memory:
    """What is remembered after one more look, and after how the last acts and hooks ended."""
    for outcome in outcomes:
        memory = heard(memory, outcome, sight.at)
    stale = "stale" if _is_stale(memory, sight) else None
    memory = replace(memory, stale=_odd(memory.stale, stale, sight.at))
    if memory.blinded:
        return replace(memory, torn=None)
    memory = replace(memory, at=max(sight.at, memory.at), unseen=_unseen(spec, memory, sight))
    memory = _seen(spec, memory, sight)
    stages = _stages(spec, memory, sight)
    proven = memory.proven.union(id for id, since in stages.items() if since.stage is Stage.AVAILABLE)
    climbs = (*memory.climbs, *_climbed(memory, sight, stages))[-CLIMBS:]
    return replace(memory, stages=stages, proven=proven, serving_since=_serving(memory, sight), climbs=climbs)


def _unseen(spec: RolloutSpec, memory: Memory, sight: Sight) -> tuple[tuple[float, float], ...]:
    """A look that came later than it is ever meant to: what AWS's buckets, a blind time or a sleeping host took."""
    late = sight.at - memory.at - max(LONGEST_SLEEP, spec.interval)
    return (*memory.unseen, (sight.at, late)) if memory.looks and late > 0 else memory.unseen


def _climbed(memory: Memory, sight: Sight, stages: Mapping[str, Since]) -> list[float]:
    """How long those took that this look proves: until they were first seen healthy everywhere."""
    took = []
    for id, now in stages.items():
        before, one = memory.stages.get(id), sight.instance(id)
        if now.stage is Stage.AVAILABLE and before and before.stage in YOUNG and one and one.launched_at is not None:
            took.append((before.at if before.stage is Stage.CHECKING else now.at) - one.launched_at)
    return took


def _is_stale(memory: Memory, sight: Sight) -> bool:
    """The record comes in the same reply as the group: one older than what we wrote makes all of it an old answer."""
    record = sight.journal
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


def _seen(spec: RolloutSpec, memory: Memory, sight: Sight) -> Memory:
    group, at = sight.group, sight.at
    ours = isinstance(sight.journal, Journal) and sight.journal.run == memory.me.run
    peer = sight.journal if isinstance(sight.journal, Journal) and not ours else None
    torn = "torn" if sight.journal is not None and not isinstance(sight.journal, Journal) else None
    if sight.journal is None and memory.journal is not None:
        torn = "vanished"
    if peer is not None and memory.journal is not None:
        torn = "foreign"
    return replace(
        memory,
        began=memory.began or at,
        looks=memory.looks + 1,
        health_at=at if sight.health_seen else memory.health_at,
        journal=sight.journal if ours and isinstance(sight.journal, Journal) else memory.journal,
        newest=sight.journal.serial if ours and isinstance(sight.journal, Journal) else memory.newest,
        held=_odd(memory.held, "held" if ours else None, at),
        peer=_peer(memory.peer, peer, at),
        torn=_odd(memory.torn, torn, at),
        settled=_odd(memory.settled, "settled" if sight.settled else None, at),
        desired=_odd(memory.desired, str(group.desired), at),
        minimum=_odd(memory.minimum, str(group.minimum), at),
        maximum=_odd(memory.maximum, str(group.maximum), at),
        launching=still(memory.launching, sight),
        peak=_peak(memory, sight),
        reached=_reached(memory, sight),
        hollow=_odd(memory.hollow, f"{group.desired}" if group.desired > sight.rows else None, at),
        progress=_odd(memory.progress, _progress(sight), at),
        survey=_surveyed(memory, sight),
        scheduled=_scheduled(memory, sight.survey),
        activities=memory.activities if sight.activities is None else sight.activities,
        activities_at=memory.activities_at if sight.activities is None else at,
        removed=_removed(memory, sight),
        vanished=_vanished(memory, sight),
        missing=_missing(memory, sight),
        unlisted=_unlisted(memory, sight),
        lingering=_lingering(memory, sight),
        streaks=_streaks(spec, memory, sight),
        shielded=shielded_since(spec, memory.shielded, sight),
        unfound=_unfound(memory, sight),
        accused=marked_since(memory.accused, sight),
        shifted=_odd(memory.shifted, "shifted" if shifted_zones(sight) else None, at),
    )


def _surveyed(memory: Memory, sight: Sight) -> Survey | None:
    """The newest survey, with what a look at the refreshes alone has added to it."""
    if sight.survey is not None or memory.survey is None or sight.refresh is None:
        return sight.survey or memory.survey
    return replace(memory.survey, at=sight.at, refresh=next(iter(sight.refresh), None))


def _scheduled(memory: Memory, survey: Survey | None) -> Mapping[str, float]:
    """When each scheduled action would first fire; what has passed is not listed any more."""
    found = survey.scheduled if survey else ()
    return {**{one.name: one.at for one in found if one.at is not None}, **memory.scheduled}


def _peak(memory: Memory, sight: Sight) -> int:
    """The highest DesiredCapacity that was asked for, or read before this look's."""
    before = int(memory.desired.what) if memory.desired and memory.desired.what != str(sight.group.desired) else 0
    asked = sight.journal.asked if isinstance(sight.journal, Journal) else 0
    return max(memory.peak, before, asked)


def _reached(memory: Memory, sight: Sight) -> bool:
    """What we asked for was seen to be there."""
    record = sight.journal
    return isinstance(record, Journal) and (sight.group.desired >= record.asked or memory.reached)


def _progress(sight: Sight) -> str:
    """What comes forward. Not our own surplus: AWS may launch another in its place for ever."""
    if not isinstance(sight.journal, Journal):
        return "none"
    head = sight.journal
    old = (lane for lane in head.lanes if not lane.surplus)
    lanes = ",".join(f"{lane.id}{lane.before}{lane.after}{lane.removal}" for lane in old)
    return f"{head.goal} {sight.group.desired} {head.launches} {len(head.suspended)} {head.cutoff} {lanes}"


def _removed(memory: Memory, sight: Sight) -> dict[str, Odd]:
    """Since when the terminate of each lane stands in the record, and in how many looks."""
    lanes = sight.journal.lanes if isinstance(sight.journal, Journal) else ()
    known = {lane.id: _odd(memory.removed.get(lane.id), f"{lane.removal != 'n'}", sight.at) for lane in lanes}
    return {id: odd for id, odd in known.items() if odd and odd.what == "True"}


def _missing(memory: Memory, sight: Sight) -> dict[str, int]:
    """In how many looks in a row an instance of a lane was not to be seen."""
    lanes = sight.journal.lanes if isinstance(sight.journal, Journal) else ()
    return {lane.id: memory.missing.get(lane.id, 0) + 1 for lane in lanes if sight.instance(lane.id) is None}


def _unlisted(memory: Memory, sight: Sight) -> Mapping[str, int]:
    """In how many looks at every source in a row an instance of a lane was registered nowhere."""
    if not sight.health_seen:
        return memory.unlisted
    lanes = sight.journal.lanes if isinstance(sight.journal, Journal) else ()
    return {lane.id: memory.unlisted.get(lane.id, 0) + 1 for lane in lanes if lane.id not in _listed(sight)}


def _unfound(memory: Memory, sight: Sight) -> dict[str, Odd]:
    """Since when, and in how many looks, AWS does not find a source; one that was found again stays on the list."""
    gone = {source.id for source in sight.sources if source.gone}
    looked = {id: _odd(memory.unfound.get(id), f"{id in gone}", sight.at) for id in (*memory.unfound, *sorted(gone))}
    return {id: odd for id, odd in looked.items() if odd}


def _lingering(memory: Memory, sight: Sight) -> frozenset[str]:
    """Who is listed though every delay is over, now or in an earlier look: what ends its draining is not known."""
    if not sight.health_seen:
        return memory.lingering
    lanes = sight.journal.lanes if isinstance(sight.journal, Journal) else ()
    longest = max((source.drain_delay for source in sight.sources), default=0.0)
    late = {lane.id for lane in lanes if sight.at > lane.at + longest + OVERDUE}
    return memory.lingering.union(late & _listed(sight)) & {lane.id for lane in lanes}


def _listed(sight: Sight) -> frozenset[str]:
    return frozenset(one.id for one in sight.instances if any(is_registered(target) for target in one.targets))


def _vanished(memory: Memory, sight: Sight) -> dict[str, float]:
    """Since when newcomers are gone, or leave, that never served and were not taken out by us; who is back, is back."""
    lanes = {lane.id for lane in sight.journal.lanes} if isinstance(sight.journal, Journal) else set()
    young = (id for id, since in memory.stages.items() if since.stage in YOUNG and id not in memory.proven)
    gone = {**dict.fromkeys(young, sight.at), **memory.vanished}
    return {
        id: at for id, at in gone.items() if id not in lanes and ((one := sight.instance(id)) is None or one.leaving)
    }


def _streaks(spec: RolloutSpec, memory: Memory, sight: Sight) -> dict[str, Streak]:
    """Who is on its way out is not well through us: that says nothing of how it is, should it come back."""
    lanes = {lane.id for lane in sight.journal.lanes} if isinstance(sight.journal, Journal) else set()
    known = {one.id: Streak() if one.id in lanes else memory.streaks.get(one.id, Streak()) for one in sight.instances}
    return {one.id: _streak(spec, known[one.id], sight, one) for one in sight.instances}


def _streak(spec: RolloutSpec, streak: Streak, sight: Sight, instance: Instance) -> Streak:
    """Looks count only so far apart, bad ones further: a flap is no illness. AWS's Date is cut to whole seconds."""
    ready = is_ready(spec, sight, instance)
    if not sight.health_seen and instance.in_service:
        return streak  # what the rows alone do not tell
    broken = streak.good > 0 if not ready else streak.bad > 0
    if broken or not (streak.good or streak.bad):
        return Streak(int(ready), int(not ready), sight.at)
    apart = spec.paced(SOON) if ready else spec.interval
    if sight.at - streak.at < floor(apart) or sight.at <= streak.at:
        return streak
    return Streak(streak.good + ready, streak.bad + (not ready), sight.at)


def _stages(spec: RolloutSpec, memory: Memory, sight: Sight) -> dict[str, Since]:
    journal = sight.journal if isinstance(sight.journal, Journal) else None
    stages = {}
    for one in sight.instances:
        stage = stage_of(spec, sight, journal, one, memory.known(one.id))
        before = memory.stages.get(one.id)
        same = before is not None and before.stage is stage
        stages[one.id] = Since(stage, before.at, before.looks + 1) if same and before else Since(stage, sight.at)
    return stages


def _serving(memory: Memory, sight: Sight) -> dict[str, float]:
    known = memory.serving_since
    return {one.id: known.get(one.id, sight.at) for one in sight.instances if one.in_service}
