"""`recall`: what is remembered after one more look, and after how acts and hooks ended. A pure fold over `Memory`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from async_rollout.core.answered import heard, still
from async_rollout.core.history import UNKNOWN, Fold, History, Odd, counted_on
from async_rollout.core.journal import Journal
from async_rollout.core.memory import Memory, Peer
from async_rollout.core.observation import Observation, Survey
from async_rollout.core.outcomes import Outcomes
from async_rollout.core.policy import CLIMBS, LONGEST_SLEEP
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import YOUNG, Stage
from async_rollout.core.zonal_shift import shifted_zones


def started(memory: Memory, point: HookPoint, instance: str) -> Memory:
    """A hook was started."""
    return memory.noted(instance, running=memory.history(instance).running | {point})


def recall(spec: RolloutSpec, memory: Memory, observation: Observation, outcomes: Outcomes = ()) -> Memory:
    """What is remembered after one more look, and after how the last acts and hooks ended."""
    for outcome in outcomes:
        memory = heard(memory, outcome, observation.at)
    stale = "stale" if _is_stale(memory, observation) else None
    memory = replace(memory, stale=counted_on(memory.stale, stale, observation.at))
    if memory.blinded:
        return replace(memory, torn=None)
    memory = replace(memory, at=max(observation.at, memory.at), unseen=_unseen(spec, memory, observation))
    histories = Fold(spec=spec, observation=observation).histories(memory.histories)
    climbs = (*memory.climbs, *_climbed(memory.histories, histories, observation))[-CLIMBS:]
    return replace(_seen(memory, observation), histories=histories, climbs=climbs)


def _unseen(spec: RolloutSpec, memory: Memory, observation: Observation) -> tuple[tuple[float, float], ...]:
    """A look that came later than it is ever meant to: what AWS's buckets, a blind time or a sleeping host took."""
    late = observation.at - memory.at - max(LONGEST_SLEEP, spec.interval)
    return (*memory.unseen, (observation.at, late)) if memory.looks and late > 0 else memory.unseen


def _climbed(before: Mapping[str, History], after: Mapping[str, History], observation: Observation) -> Iterator[float]:
    """How long those took that this look proves: until they were first seen healthy everywhere."""
    for member in observation.instances:
        was, now = before.get(member.id, UNKNOWN).stage, after[member.id].stage
        if now and was and now.stage is Stage.AVAILABLE and was.stage in YOUNG and member.launched_at is not None:
            yield (was.at if was.stage is Stage.CHECKING else now.at) - member.launched_at


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


def _seen(memory: Memory, observation: Observation) -> Memory:
    """The facts of the group after the look."""
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
        held=counted_on(memory.held, "held" if ours else None, at),
        peer=_peer(memory.peer, peer, at),
        torn=counted_on(memory.torn, torn, at),
        settled=counted_on(memory.settled, "settled" if observation.settled else None, at),
        desired=counted_on(memory.desired, str(group.desired), at),
        minimum=counted_on(memory.minimum, str(group.minimum), at),
        maximum=counted_on(memory.maximum, str(group.maximum), at),
        launching=still(memory.launching, observation),
        peak=_peak(memory, observation),
        reached=_reached(memory, observation),
        hollow=counted_on(memory.hollow, f"{group.desired}" if group.desired > observation.rows else None, at),
        progress=counted_on(memory.progress, _progress(observation), at),
        survey=_surveyed(memory, observation),
        scheduled=_scheduled(memory, observation.survey),
        activities=memory.activities if observation.activities is None else observation.activities,
        activities_at=memory.activities_at if observation.activities is None else at,
        unfound=_unfound(memory, observation),
        shifted=counted_on(memory.shifted, "shifted" if shifted_zones(observation) else None, at),
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


def _unfound(memory: Memory, observation: Observation) -> dict[str, Odd]:
    """Since when, and in how many looks, AWS does not find a source; one that was found again stays on the list."""
    gone = {source.id for source in observation.sources if source.gone}
    ids = (*memory.unfound, *sorted(gone))
    looked = {id: counted_on(memory.unfound.get(id), f"{id in gone}", observation.at) for id in ids}
    return {id: odd for id, odd in looked.items() if odd}
