"""`recall`: what is remembered after one more look, and after how acts and hooks ended. A pure fold over `Belief`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from async_rollout.core.answered import heard, still
from async_rollout.core.belief import Belief, Peer
from async_rollout.core.failures import judged
from async_rollout.core.fold import Fold
from async_rollout.core.history import UNKNOWN, History, Odd, counted_on
from async_rollout.core.journal import Due, Journal, Mark, Removal
from async_rollout.core.observation import Observation, Scheduled, Survey
from async_rollout.core.outcomes import Outcomes
from async_rollout.core.policy import CLIMBS, LEASE, LONGEST_SLEEP, OLD_RECORD
from async_rollout.core.promised import has_left
from async_rollout.core.restless import folded
from async_rollout.core.schedules import SCHEDULES, fell_due, passed
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import PROVEN, YOUNG, Stage
from async_rollout.core.zonal_shift import shifted_zones


def started(belief: Belief, point: HookPoint, instance: str) -> Belief:
    """A hook was started."""
    return belief.noted(instance, running=belief.history(instance).running | {point})


def recall(spec: RolloutSpec, belief: Belief, observation: Observation, outcomes: Outcomes = ()) -> Belief:
    """What is remembered after one more look, and after how the last acts and hooks ended."""
    for outcome in outcomes:
        belief = heard(belief, outcome, observation.at)
    stale = counted_on(belief.stale, "stale" if _is_stale(belief, observation) else None, observation.at)
    blinded = stale is not None and not OLD_RECORD.holds(stale, observation.at)
    belief = replace(belief, stale=stale, blinded=blinded)
    if blinded:
        return replace(belief, torn=None, histories=_ended(belief, observation))
    belief = replace(
        belief,
        missed=_missed(belief, observation),
        fired=_fired(belief, observation),
        resized_at=_resized_at(belief, observation),
    )
    belief = replace(belief, at=max(observation.at, belief.at), unseen=_unseen(spec, belief, observation))
    seen = _seen(belief, observation)
    fold = Fold(spec=spec, observation=observation, doubted=bool(seen.doubted(observation)))
    histories: Mapping[str, History] = fold.histories(belief.histories)
    if seen.held is not None:
        histories = judged(spec, observation, belief.histories, histories, since=seen.held.at)
    climbs = (*belief.climbs, *_climbed(belief.histories, histories, observation))[-CLIMBS:]
    return replace(seen, histories=histories, climbs=climbs)


def _ended(belief: Belief, observation: Observation) -> Mapping[str, History]:
    """How those have ended of whom EC2 was asked: it has told that itself, however old the group's own answer is."""
    told = {id: code for id, code in observation.ends.items() if code and id in belief.histories}
    return {**belief.histories, **{id: replace(belief.history(id), end=code) for id, code in told.items()}}


def _unseen(spec: RolloutSpec, belief: Belief, observation: Observation) -> tuple[tuple[float, float], ...]:
    """A look that came later than it is ever meant to: what AWS's buckets, a blind time or a sleeping host took."""
    late = observation.at - belief.at - max(LONGEST_SLEEP, spec.interval)
    return (*belief.unseen, (observation.at, late)) if belief.looks and late > 0 else belief.unseen


def _climbed(before: Mapping[str, History], after: Mapping[str, History], observation: Observation) -> Iterator[float]:
    """How long those took that this look proves: until they were first seen healthy everywhere."""
    for member in observation.instances:
        was, now = before.get(member.id, UNKNOWN).stage, after[member.id].stage
        if now and was and now.stage in PROVEN and was.stage in YOUNG and member.launched_at is not None:
            yield (was.at if was.stage is Stage.CHECKING else now.at) - member.launched_at


def _is_stale(belief: Belief, observation: Observation) -> bool:
    """The record comes in the same reply as the group: one older than what we wrote makes all of it an old answer.

    So does none, as long as our lease lasts, where what we suspended runs: that is how it was before us. Who takes tags
    off resumes nothing.
    """
    record, written = observation.journal, belief.journal
    if record is None and written is not None and belief.newest and observation.at < written.until:
        return not observation.group.suspended.issuperset(written.suspended)
    return isinstance(record, Journal) and record.run == belief.me.run and record.serial < belief.newest


def _peer(before: Peer | None, record: Journal | None, at: float) -> Peer | None:
    if record is None:
        return None
    if before is None or before.record.run != record.run or record.serial > before.record.serial:
        return Peer(record, at)
    return Peer(before.record, before.at, before.looks + (at > before.at))


def _seen(belief: Belief, observation: Observation) -> Belief:
    """The facts of the group after the look."""
    group, at = observation.group, observation.at
    ours = _is_ours(belief, observation)
    peer = observation.journal if isinstance(observation.journal, Journal) and not ours else None
    torn = "torn" if observation.journal is not None and not isinstance(observation.journal, Journal) else None
    if observation.journal is None and belief.journal is not None:
        torn = "vanished"
    if peer is not None and belief.journal is not None:
        torn = "foreign"
    span = _span(belief, observation)
    return replace(
        belief,
        began=belief.began or at,
        looks=belief.looks + 1,
        health_at=at if observation.health_seen else belief.health_at,
        journal=observation.journal if ours and isinstance(observation.journal, Journal) else belief.journal,
        newest=observation.journal.serial if ours and isinstance(observation.journal, Journal) else belief.newest,
        held=counted_on(belief.held, "held" if ours else None, at),
        peer=_peer(belief.peer, peer, at),
        torn=counted_on(belief.torn, torn, at),
        settled=counted_on(belief.settled, "settled" if observation.settled else None, at),
        desired=counted_on(belief.desired, str(group.desired), at),
        minimum=counted_on(belief.minimum, str(group.minimum), at),
        maximum=counted_on(belief.maximum, str(group.maximum), at),
        launching=still(belief.launching, observation),
        peak=_peak(belief, observation),
        reached=_reached(belief, observation),
        hollow=counted_on(belief.hollow, f"{group.desired}" if group.desired > observation.rows else None, at),
        progress=counted_on(belief.progress, _progress(observation, span), at),
        span=span,
        unrisen=counted_on(belief.unrisen, _unrisen(observation), at),
        survey=_surveyed(belief, observation),
        scheduled=_scheduled(belief, observation.survey),
        dormant=_is_dormant(belief, observation),
        awake_since=_awake_since(belief, observation),
        activities=belief.activities if observation.activities is None else observation.activities,
        activities_at=belief.activities_at if observation.activities is None else at,
        versions={**belief.versions, **observation.versions},
        unfound=_unfound(belief, observation),
        restless=folded(belief.restless, observation, begun=_has_begun(belief, observation)),
        shifted=counted_on(belief.shifted, "shifted" if shifted_zones(observation) else None, at),
    )


def _is_ours(belief: Belief, observation: Observation) -> bool:
    return isinstance(observation.journal, Journal) and observation.journal.run == belief.me.run


def _has_begun(belief: Belief, observation: Observation) -> bool:
    """Whether anybody may have been taken out in this rollout, by whichever process."""
    record = observation.journal or belief.journal
    return record is not None and (not isinstance(record, Journal) or record.began > 0)


def _surveyed(belief: Belief, observation: Observation) -> Survey | None:
    """The newest survey, with what a look at the refreshes alone has added to it."""
    if observation.survey is not None or belief.survey is None or observation.refresh is None:
        return observation.survey or belief.survey
    return replace(belief.survey, at=observation.at, refresh=next(iter(observation.refresh), None))


def _scheduled(belief: Belief, survey: Survey | None) -> Mapping[str, Scheduled]:
    """The next time of each scheduled action; what has passed is not listed any more."""
    return belief.scheduled if survey is None else {one.name: one for one in survey.scheduled if one.at is not None}


def _is_dormant(belief: Belief, observation: Observation) -> bool:
    record = observation.journal
    ours = isinstance(record, Journal) and record.run == belief.me.run and SCHEDULES in record.suspended
    return ours and SCHEDULES in observation.group.suspended


def _missed(belief: Belief, observation: Observation) -> tuple[Scheduled, ...]:
    """What fell due since the look before, if both show them suspended; who looks so late has not lived through it.

    Nor is anything made up for once the sizes that all comes to stand in the record.
    """
    record = observation.journal
    over = isinstance(record, Journal) and record.caught_up
    if over or _is_late(belief, observation) or not _stays_dormant(belief, observation):
        return belief.missed
    passing = passed(belief.scheduled, observation.survey, observation.at)
    return (*belief.missed, *fell_due(belief.scheduled, belief.at, observation.at), *passing)


def _stays_dormant(belief: Belief, observation: Observation) -> bool:
    return belief.dormant and _is_dormant(belief, observation)


def _is_late(belief: Belief, observation: Observation) -> bool:
    return observation.at - belief.at > LEASE


def _awake_since(belief: Belief, observation: Observation) -> float | None:
    if SCHEDULES in observation.group.suspended:
        return None
    return observation.at if belief.awake_since is None else belief.awake_since


def _fired(belief: Belief, observation: Observation) -> frozenset[Due]:
    """What a record names, and fell due while schedules ran all the same, at both ends of that time."""
    record, since = belief.erased or observation.journal, belief.awake_since
    if since is None or SCHEDULES in observation.group.suspended or not isinstance(record, Journal):
        return belief.fired
    return belief.fired.union(due for due in record.scheduled if since < due.at <= observation.at)


def _resized_at(belief: Belief, observation: Observation) -> float:
    """When the minimum was seen to be another one: its owner's word is newer than what fell due before.

    So is that of what fell due when nobody looked, whatever its sizes are.
    """
    moved = belief.minimum is not None and belief.minimum.what != str(observation.group.minimum) and not belief.sized
    unseen = _is_late(belief, observation) and _stays_dormant(belief, observation)
    unseen = unseen and bool(fell_due(belief.scheduled, belief.at, observation.at))
    return observation.at if moved or unseen else belief.resized_at


def _peak(belief: Belief, observation: Observation) -> int:
    """The highest DesiredCapacity that was asked for, or read before this look's."""
    before = int(belief.desired.what) if belief.desired and belief.desired.what != str(observation.group.desired) else 0
    asked = observation.journal.asked if isinstance(observation.journal, Journal) else 0
    return max(belief.peak, before, asked)


def _reached(belief: Belief, observation: Observation) -> bool:
    """What we asked for was seen to be there."""
    record = observation.journal
    return isinstance(record, Journal) and (observation.group.desired >= record.asked or belief.reached)


def _span(belief: Belief, observation: Observation) -> tuple[int, int]:
    """The lowest and the highest DesiredCapacity seen on this way: one that goes to and fro between them is no news."""
    desired, record = observation.group.desired, observation.journal
    goal = record.goal if isinstance(record, Journal) else None
    if belief.span is None or belief.journal is None or goal is not belief.journal.goal:
        return desired, desired
    return min(belief.span[0], desired), max(belief.span[1], desired)


def _progress(observation: Observation, span: tuple[int, int]) -> str:
    """What comes forward. Not our own surplus: AWS may launch another in its place for ever; nor who is only told.

    Nor a desired capacity that others raise as often as we lower it.
    """
    if not isinstance(observation.journal, Journal):
        return "none"
    head = observation.journal
    gone = (departure for departure in head.departures if departure.draining is Mark.ENDED)
    old = (departure for departure in gone if not departure.surplus)
    departures = ",".join(f"{departure.id}{departure.before}{departure.after}{departure.removal}" for departure in old)
    return f"{head.goal} {span} {head.launches} {len(head.suspended)} {head.cutoff} {departures}"


def _unrisen(observation: Observation) -> str | None:
    """Members that desired capacity does not count while a launch is open; not while a terminate of ours is to show."""
    record, rows = observation.journal, observation.rows
    if not isinstance(record, Journal) or not record.open or rows <= observation.group.desired:
        return None
    sent = (departure for departure in record.departures if departure.removal is not Removal.NOT)
    here = any(not has_left(observation, departure) for departure in sent)
    return None if here else f"{rows} {observation.group.desired}"


def _unfound(belief: Belief, observation: Observation) -> dict[str, Odd]:
    """Since when, and in how many looks, AWS does not find a source; one that was found again stays on the list."""
    gone = {source.id for source in observation.sources if source.gone}
    ids = (*belief.unfound, *sorted(gone))
    looked = {id: counted_on(belief.unfound.get(id), f"{id in gone}", observation.at) for id in ids}
    return {id: odd for id, odd in looked.items() if odd}
