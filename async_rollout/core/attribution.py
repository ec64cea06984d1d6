"""Whose doing it is that DesiredCapacity is not what was asked for: ours, somebody's raise, somebody's cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

from async_rollout.core.belief import Belief
from async_rollout.core.choices import Scaling
from async_rollout.core.journal import COUNTED_AS, Journal
from async_rollout.core.observation import Observation
from async_rollout.core.policy import SIZE
from async_rollout.core.promised import coming, shrunk
from async_rollout.core.spec import RolloutSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The record after the field was explained. explained False: look again before any act. eaten: of our lift."""

    journal: Journal
    explained: bool
    lowered: bool = False
    eaten: int = 0


def attribute_desired(
    journal: Journal, observation: Observation, belief: Belief, *, absolute: bool = False
) -> Attribution:
    """Explain DesiredCapacity as it is seen: ours, someone's raise, someone's cut (RULES §1, rules 3 to 6).

    Only a field that reads the same for a while changes the base: stale answers must not. One between what is expected
    and what was asked is ours, still in flight; if it stays, it becomes our lift, never the owner's base. What launches
    that are open may still add counts as added: they may come late. absolute: who moves it means the number that he
    sets, our lift and all, as scaling policies do.
    """
    gone = shrunk(journal, observation)
    field, expected = coming(journal, observation), journal.asked - len(gone)
    if field == expected and not gone:
        return Attribution(journal=journal, explained=True)
    counted = replace(_count(journal, gone), asked=field)
    if field == expected:
        return Attribution(journal=counted, explained=True)
    if not _is_steady(belief, observation) or not journal.knows_maximum(observation.group.maximum):
        return Attribution(journal=journal, explained=False)
    if field > journal.asked:
        highest, more = max(journal.base, journal.found.maximum), journal.base + field - expected
        base = min(highest, max(more, field) if absolute else more)
        return Attribution(journal=replace(counted, base=base), explained=True)
    if field > expected:
        return Attribution(journal=counted, explained=True)
    cut = _cut(journal, counted, expected - field, expected, observation)
    if absolute:
        least = min(cut.journal.base, max(observation.group.minimum, observation.group.desired))
        cut = replace(cut, journal=replace(cut.journal, base=least))
    return replace(cut, journal=_never_launched(cut.journal, expected - field, belief))


def attributed(spec: RolloutSpec, journal: Journal, observation: Observation, belief: Belief) -> Attribution:
    """Explain it as the owner wants the group's scalers to be taken; a cut is noted in the record.

    Where they are followed, what they take of our lift again and again is none of our launches any more.
    """
    follows = spec.scaling is Scaling.FOLLOW
    found = attribute_desired(journal, observation, belief, absolute=follows)
    if not found.lowered:
        return found
    launches = found.journal.launches - (found.eaten if follows else 0)
    return replace(found, journal=replace(found.journal, lowered_at=int(observation.at), launches=max(0, launches)))


def unlaunched(journal: Journal, belief: Belief) -> Journal:
    """The record without a launch that surely was not taken: AWS refused it, or it was never sent.

    One in which launches are open is of before: desired capacity is raised only where none is.
    """
    one = belief.launching
    if one is None or one.ok is not False or journal.open or journal.asked != one.to or journal.launches < one.counted:
        return journal
    return replace(journal, asked=one.to - one.more, launches=max(0, journal.launches - one.more))


def _never_launched(journal: Journal, drop: int, belief: Belief) -> Journal:
    """What was asked for without an answer, and never came to be, is no launch."""
    doubtful = belief.launching.more if belief.launching is not None and belief.launching.ok is None else 0
    return replace(journal, launches=max(0, journal.launches - min(drop, doubtful)))


def _is_steady(belief: Belief, observation: Observation) -> bool:
    """The field reads the same for longer than answers are stale; or it is higher than it ever was: no stale one is."""
    seen = belief.desired
    if seen is None or seen.what != str(observation.group.desired) or seen.looks < SIZE.looks:
        return False
    return observation.group.desired > belief.peak or SIZE.holds(seen, observation.at)


def _cut(journal: Journal, counted: Journal, drop: int, expected: int, observation: Observation) -> Attribution:
    """Someone lowered it (or our own raise never came to be): that eats our lift first, then the base."""
    lift = max(0, expected - journal.base)
    base = max(observation.group.minimum, journal.base - max(0, drop - lift))
    cut = replace(counted, base=min(base, journal.base))
    return Attribution(journal=cut, explained=True, lowered=True, eaten=min(drop, lift))


def _count(journal: Journal, gone: tuple[str, ...]) -> Journal:
    departures = (
        replace(departure, removal=COUNTED_AS[departure.removal]) if departure.id in gone else departure
        for departure in journal.departures
    )
    return replace(journal, departures=tuple(departures))
