"""When the next look is worth its calls, and what it has to show.

Whoever waits says when the next look may tell it something, as a `Look`; the soonest of them all is the next one. A
look that shows the group's rows alone is nearly free, as many groups share one call; health costs a call a source. So
drains are slept through to their known end, and a newcomer's health is asked for from a share of the time that those
before it took, in one source, until that one calls it healthy. None of this ever decides a removal: before one stands
a look at everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from async_rollout.core.actions import ROWS, WHOLE, HealthOf, Needs
from async_rollout.core.belief import Belief
from async_rollout.core.journal import Departure
from async_rollout.core.min_ready import to_stay
from async_rollout.core.observation import Instance, Observation, Source, TargetState
from async_rollout.core.policy import CALM, DATE_CUT, LEARNT, LONGEST_SLEEP, OLDEST_HEALTH, RARE, SHARE, SOON
from async_rollout.core.serving import healthy_at
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """A look at AWS's time `at` that shows what `needs` name, beside the rows."""

    at: float
    needs: Needs = ROWS


def soonest(spec: RolloutSpec, looks: Iterable[Look], observation: Observation, belief: Belief) -> tuple[float, Needs]:
    """Seconds until the next look and what it has to show. An interval that the owner has set is kept to."""
    at = observation.at
    if spec.check_interval is not None:
        return spec.check_interval, WHOLE
    wanted = (*looks, Look(belief.health_at + OLDEST_HEALTH, WHOLE)) if observation.sources else tuple(looks)
    first = min((one.at for one in wanted), default=at + spec.interval)
    due = [one.needs for one in wanted if one.at <= first + SOON / 2]
    if first - at > LONGEST_SLEEP:
        return LONGEST_SLEEP, ROWS
    return max(0.0, first - at), ROWS.union(*due)


def gap(spec: RolloutSpec, seconds: float) -> float:
    """Seconds until the next look at what has been looked at for so long."""
    return spec.paced(min(RARE, max(SOON, SHARE * seconds)))


def calm(spec: RolloutSpec, at: float) -> Look:
    """What goes on by itself for a while: the rows, for what others may do meanwhile."""
    return Look(at + spec.paced(CALM))


def newcomer(spec: RolloutSpec, observation: Observation, belief: Belief, instance: Instance) -> Look:
    """A new instance that boots, gets healthy, is being checked or is to stay so: one that falls ill is to be seen."""
    streak, at = belief.history(instance.id).streak, observation.at
    if belief.stage(instance.id) is Stage.READY:
        since = belief.history(instance.id).ready_since
        ripe = at if since is None else since + to_stay(spec, observation)
        return Look(min(max(ripe, at + SOON), at + spec.paced(RARE)), WHOLE)
    if belief.stage(instance.id) is Stage.CHECKING:
        proven = streak.good >= spec.healthy_threshold
        return Look(at + spec.interval) if proven else Look(streak.at + spec.paced(SOON), WHOLE)
    if others := _not_asked(observation, instance):
        return Look(at, others)
    start = _start(belief, instance)
    if at < start:
        return Look(min(calm(spec, at).at, max(start, at + SOON)))
    pause = gap(spec, at - start)
    if instance.booting and any(source.has_listener for source in observation.sources):
        return Look(at + max(pause, spec.interval))  # in service it has the load balancers' checks still before it
    return Look(at + pause, _cheapest(spec, observation, instance))


def _start(belief: Belief, instance: Instance) -> float:
    """From when on it may be healthy, as those before it were; without any: at once."""
    if instance.launched_at is None or not belief.climbs:
        return instance.launched_at or belief.began
    return instance.launched_at + min(LEARNT * median(belief.climbs), *belief.climbs) - SOON


def _not_asked(observation: Observation, instance: Instance) -> Needs:
    """The sources that this look did not ask, where all that it did ask call it healthy: now they are worth it."""
    asked = [source.id for source in observation.sources if source.has_listener and source.seen_at is not None]
    if not asked or not all(healthy_at(instance, id) for id in asked):
        return ROWS
    return frozenset(HealthOf(source.id) for source in observation.sources if source.seen_at is None)


def _cheapest(spec: RolloutSpec, observation: Observation, instance: Instance) -> Needs:
    """One source that does not call it healthy yet. Each kind has a request bucket of its own: of the rarest kind."""
    if not instance.in_service or not spec.require_healthy_targets:
        return ROWS
    kinds = Counter(source.kind for source in observation.sources)
    listening = [source for source in observation.sources if source.has_listener]
    pending = [source for source in listening if not healthy_at(instance, source.id)]
    first = min(pending, key=lambda source: kinds[source.kind], default=None)
    return frozenset({HealthOf(first.id)}) if first else WHOLE


def drained(spec: RolloutSpec, observation: Observation, departure: Departure, instance: Instance) -> Look:
    """One that drains: a target does so until its delay is over, to the second. A Classic one may end early.

    Of a source whose turn has not come there is nothing to be seen.
    """
    held = observation.first_out(target for target in instance.targets if target.state is not TargetState.UNUSED)
    busy = {target.source for target in held}
    sources = [source for source in observation.sources if source.id in busy]
    timed = max((_end(departure, source) for source in sources if source.timed), default=departure.at)
    early = [source for source in sources if not source.timed and _end(departure, source) > timed]
    if observation.at < timed:
        return Look(timed, frozenset(HealthOf(source.id) for source in early) if early else WHOLE)
    if not early or min(_end(departure, source) for source in early) <= observation.at:
        return Look(observation.at + (spec.interval if observation.health_seen else 0.0), WHOLE)
    return Look(observation.at + spec.interval, frozenset(HealthOf(source.id) for source in early))


def _end(departure: Departure, source: Source) -> float:
    return source.drained_by(departure.at) + DATE_CUT
