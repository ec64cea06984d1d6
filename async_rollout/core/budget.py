"""The arithmetic: how many may boot, how many may go, and which.

Everything is counted from one look and the record. Worked example, the table of RULES (3 instances, surge 1,
draining 1): with a draining and x proven the field is 4, so serving = 3 (b c x), out = 1, exist = 4; the ceiling is 4
and 5 may exist, so one more may boot and none more may go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from async_rollout.core.amounts import amount
from async_rollout.core.belief import Belief
from async_rollout.core.journal import LANES_MAX, Journal, Mark, Removal
from async_rollout.core.life import STEPS
from async_rollout.core.marks import is_accused
from async_rollout.core.observation import Group, Instance, Observation
from async_rollout.core.policy import ILL
from async_rollout.core.promised import coming, unseen
from async_rollout.core.protection import is_shielded
from async_rollout.core.serving import healthy_everywhere, is_shifted
from async_rollout.core.spec import Protected, RolloutSpec
from async_rollout.core.stages import Stage, is_new, is_old
from async_rollout.core.standby import is_to_end, parked

SPARE_LAUNCHES = 3
"""Launches beyond two for each instance: what may fail before it is a runaway."""
FEWEST_FAILURES = 2
"""One that fails may be bad luck; unless the owner wants it otherwise, a second one is no more (RULES §8)."""
WELL = 2
"""The last rank of those who go: marked unhealthy, ill, well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the owner allows for a base of so many instances. draining: how many may be on their way out at once."""

    floor: int
    ceiling: int
    exist: int
    draining: int


def bounds(spec: RolloutSpec, base: int) -> Bounds:
    """floor = base - max unavailable; ceiling = base + max surge; exist = ceiling + max draining.

    A quarter of 3 unavailable is none (rounded down), a quarter of 3 surge is one (rounded up); if both come to
    nothing by rounding, one may be unavailable, or nothing could ever be replaced. Without surge AWS launches the
    successor itself as soon as the old one is terminating, so the two exist side by side whatever max draining says.
    """
    surge, gap = amount(spec.max_surge).up(base), min(base, amount(spec.max_unavailable).down(base))
    if not surge and not gap:
        gap = min(base, 1)
    larger = max(surge, gap)
    draining = larger if spec.max_draining is None else amount(spec.max_draining).up(base)
    beside = draining if surge else max(draining, gap)
    return Bounds(
        floor=base - gap, ceiling=base + surge, exist=base + surge + beside, draining=min(draining or larger, LANES_MAX)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One look, counted. out: ids in a departure; victims: what is still to go, first ones first.

    ready: proven and not on its way out, they hold the floor; holding: so many are ready, or were and are not known to
    be ill: a bad look may be a gap; available: those of them for whom an old one may go, the old ones and new ones that
    have been ready for long enough; places: as ready, but old ones count however they are; booting: asked for and not
    InService, seen or not; wanted: how many more must be launched in all. held: so many of those out serve, still or
    again: their first command runs, or the floor needs them. dark: the ill that serve nobody. Who is only marked
    serves, goes first and proves none (proving: the ready new ones that do). idle: those in Standby that are still to
    go; they hold no place.
    """

    base: int
    field: int
    bounds: Bounds
    booting: int
    serving: int
    exist: int
    out: tuple[str, ...]
    ready: frozenset[str]
    available: frozenset[str]
    places: frozenset[str]
    proving: frozenset[str]
    victims: tuple[Instance, ...]
    ill: frozenset[str]
    dark: frozenset[str]
    surplus: int
    wanted: int
    idle: tuple[Instance, ...] = ()
    held: int = 0
    holding: int = 0

    @property
    def proven_new(self) -> int:
        """How many new ones make room for an old one."""
        return len(self.available & self.proving)

    @property
    def as_ready(self) -> Tally:
        """The same, where whoever is ready makes room: of who has shown that it stays so a killed run knew more."""
        return replace(self, available=self.ready)

    @property
    def room(self) -> int:
        """How many may be launched now: within the ceiling, within what may exist, no more than wanted."""
        free = min(self.bounds.ceiling - self.booting - self.serving - self.held, self.bounds.exist - self.exist)
        return max(0, min(free, self.wanted))

    def may_go(self, id: str) -> bool:
        """Whether this one may be taken out now as far as the floor is concerned.

        One that is ill and serves nobody may go where others hold its place. Any other only where available ones hold
        the floor without it.
        """
        if id in self.dark:
            return len(self.places - {id}) >= self.bounds.floor
        return len(self.available - {id}) >= self.bounds.floor


def failures_most(spec: RolloutSpec, journal: Journal) -> int:
    """With so many newcomers that failed the run turns back: of the size as found, one at least (RULES §8)."""
    size = journal.found.desired
    if spec.max_failures is None:
        return max(FEWEST_FAILURES, amount("10%").up(size))
    return max(1, amount(spec.max_failures).up(size))


def tally(spec: RolloutSpec, observation: Observation, belief: Belief, journal: Journal) -> Tally:
    """Count one look with the record as it is about to be (departures just added count as out)."""
    departures = {departure.id for departure in journal.departures}
    taking_leave = {one.id for one in journal.departures if one.draining is not Mark.ENDED or one.stays}
    in_service = [one for one in observation.instances if one.in_service]
    serving = [one for one in in_service if one.id not in departures]
    ill = frozenset(
        one.id for one in serving if _is_ill(belief, one) and (one.marked_unhealthy or not is_shifted(observation, one))
    )
    dark = frozenset(one.id for one in serving if one.id in ill and not healthy_everywhere(observation, one))
    marked = {one.id for one in serving if is_accused(observation, one)}
    unfit = dark | marked
    going = (one for one in serving if is_old(spec, journal, one) or (is_new(journal, one) and one.id in unfit))
    victims = [one for one in going if not _is_skipped(spec, belief, observation.group, one)]
    idle = (one for one in observation.instances if one.id not in departures and is_to_end(spec, journal, one))
    field, more = coming(journal, observation), unseen(journal, observation)
    held = sum(one.id in departures for one in in_service)
    ready = frozenset(one.id for one in serving if _serves(belief, one))
    available = frozenset(id for id in ready if belief.stage(id) is not Stage.READY)
    fresh = {one.id for one in serving if is_new(journal, one)}
    booting = max(0, field - len(in_service)) + more
    going_away = (one for one in observation.instances if one.leaving and one.id in departures)
    leaving = sum(not (one.retained or one.ended) for one in going_away)
    limits = bounds(spec, journal.base)
    return Tally(
        base=journal.base,
        field=field,
        bounds=limits,
        booting=booting,
        serving=len(serving),
        exist=leaving + max(field, observation.rows) + more + _out_of_sight(belief, observation, journal),
        out=tuple(sorted(departures.difference(one.id for one in parked(observation, journal)))),
        ready=ready,
        available=available,
        places=ready | {one.id for one in serving if one.id not in fresh},
        proving=frozenset(ready & fresh - marked - {victim.id for victim in victims}),
        victims=tuple(ordered(victims, ill, serving)),
        ill=ill,
        dark=dark,
        surplus=max(0, field - _shrinking(journal, observation) - journal.base),
        wanted=max(0, journal.base - (field - len(victims) - held)),
        idle=tuple(one for one in idle if not _is_skipped(spec, belief, observation.group, one)),
        held=sum(one.id in taking_leave for one in in_service),
        holding=sum(_holds(belief, one, fresh=one.id in fresh) for one in serving),
    )


def _holds(belief: Belief, instance: Instance, *, fresh: bool) -> bool:
    """It is ready, or it was and is not ill; a new one that was not is so as long as no look of it was bad."""
    history = belief.history(instance.id)
    bad = ILL.looks if history.proven or not fresh else 1
    return not instance.down and (_serves(belief, instance) or history.streak.bad < bad)


def _serves(belief: Belief, instance: Instance) -> bool:
    stage = belief.stage(instance.id)
    return stage is not None and STEPS[stage].serves


def _is_skipped(spec: RolloutSpec, belief: Belief, group: Group, instance: Instance) -> bool:
    """Whether a protected one is left as it is: nothing waits for it any more."""
    if not is_shielded(spec, group, instance):
        return False
    return spec.protected is Protected.SKIP or belief.is_overdue(instance.id)


def crowded(tally: Tally, observation: Observation, journal: Journal) -> int:
    """How many would exist if one more went and kept its place, for which AWS launches another; 0: few enough.

    Others that are on their way make room; where none is, waiting would bring nothing.
    """
    sent = [
        departure
        for departure in journal.departures
        if departure.removal is not Removal.NOT and _is_in_service(observation, departure.id)
    ]
    exist = tally.exist + sum(departure.removal is Removal.KEEP for departure in sent) + 1
    on_the_way = bool(sent) or any(one.leaving and journal.departure(one.id) for one in observation.instances)
    return exist if on_the_way and exist > tally.bounds.exist else 0


def _is_in_service(observation: Observation, id: str) -> bool:
    one = observation.instance(id)
    return one is not None and one.in_service


def _out_of_sight(belief: Belief, observation: Observation, journal: Journal) -> int:
    """Terminated ones that the look does not show: a few such looks may be gaps in the answers."""
    sent = (departure.id for departure in journal.departures if departure.removal is not Removal.NOT)
    return sum(observation.instance(id) is None and not belief.history(id).is_gone for id in sent)


def _is_ill(belief: Belief, instance: Instance) -> bool:
    sick = belief.history(instance.id).streak.bad >= ILL.looks
    return sick and (instance.marked_unhealthy or _was_well(belief, instance))


def _was_well(belief: Belief, instance: Instance) -> bool:
    """A newcomer that never was proven is not ill, it is not there yet."""
    return belief.history(instance.id).proven or belief.stage(instance.id) is Stage.AILING


def _shrinking(journal: Journal, observation: Observation) -> int:
    """Departures still in service: each holds a place that its terminate takes along while the field is above base."""
    in_service = {one.id for one in observation.instances if one.in_service}
    return sum(departure.id in in_service and departure.removal is not Removal.KEEP for departure in journal.departures)


def ordered(victims: list[Instance], ill: frozenset[str], serving: list[Instance]) -> list[Instance]:
    """Who goes first: marked unhealthy, then ill, then from the zone with most, then the oldest."""
    zones = Counter(one.zone for one in serving)
    order = list[Instance]()
    for rank in range(WELL + 1):
        alike = [one for one in victims if _rank(one, ill) == rank]
        order += _by_zones(sorted(alike, key=lambda one: (one.launched_at or 0.0, one.id)), zones)
    return order


def _by_zones(oldest_first: list[Instance], zones: Counter[str]) -> Iterator[Instance]:
    """Always the oldest of the zone with most, of several such zones the oldest. zones: who serves, counted down."""
    queues: dict[str, deque[Instance]] = {}
    for one in oldest_first:
        queues.setdefault(one.zone, deque()).append(one)
    while queues:
        zone = min(queues, key=lambda name: (-zones[name], queues[name][0].launched_at or 0.0, queues[name][0].id))
        yield queues[zone].popleft()
        zones[zone] -= 1
        queues = {name: queue for name, queue in queues.items() if queue}


def _rank(instance: Instance, ill: frozenset[str]) -> int:
    if instance.marked_unhealthy:
        return 0
    return 1 if instance.id in ill else WELL


def launches_most(journal: Journal, observation: Observation) -> int:
    """Law 6: so many launches may be caused by us in all: each instance twice, and a few that may fail."""
    return 2 * max(journal.base, journal.found.maximum, len(observation.instances)) + SPARE_LAUNCHES
