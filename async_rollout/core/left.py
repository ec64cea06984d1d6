"""What a record that stays behind still has to put back, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from async_rollout.core.actions import Action, Outcome, Register, Verdict
from async_rollout.core.effect import Expected, effect
from async_rollout.core.journal import QUICK, Journal, Mark
from async_rollout.core.observation import Observation
from async_rollout.core.standby import parked, why_parked
from async_rollout.core.wording import told_of


def changes(observation: Observation, journal: Journal) -> tuple[str, ...]:
    """What is other than it was found, a line each: what a record that stays behind still has to put back."""
    group = observation.group
    ours = [name for name in journal.suspended if name in group.suspended]
    lines = []
    if group.desired != journal.base:
        lines.append(f"desired capacity is {group.desired}, the owner's is {journal.base}")
    if group.maximum in (journal.raised, journal.raised_from) and group.maximum != journal.found.maximum:
        lines.append(f"maximum is {group.maximum}, it was {journal.found.maximum}")
    known = journal.templates
    if known is not None and group.spelled in known.ours and group.spelled != (back := known.due(restoring=True)):
        was = "it was" if back == known.found else "it is to be"
        lines.append(f"it launches from {told_of(group.spelled)}, {was} {told_of(back)}")
    if ours:
        lines.append(f"suspended by us: {', '.join(ours)}")
    lines += [f"{one.count} new in {one.zone} were asked for, not answered" for one in journal.open if one.came is None]
    lines += [f"{one.id} is in Standby: {why_parked(one)}" for one in parked(observation, journal)]
    for departure in journal.departures:
        one = observation.instance(departure.id)
        if departure.draining is Mark.ENDED and one is not None and not one.standby:
            why = ": its before-command failed" if departure.before is Mark.FAILED else ""
            lines.append(f"{departure.id} is out of its load balancers{why}")
    return tuple(lines)


def after_acts(observation: Observation, acts: Iterable[Action]) -> Observation:
    """The look as it would be had these acts come to be."""
    state = Expected(observation=observation)
    for act in acts:
        state = effect(state, act)
    return state.observation


def by_now(verdict: Verdict, observation: Observation, journal: Journal, done: Sequence[Action]) -> Verdict:
    """The verdict with what is left as it is after these acts, which AWS took since the look: true when it is told.

    A restore that could not end is 10, whatever its cause, where alarms or schedules do not run by then.
    """
    if not verdict.left:
        return verdict
    now = after_acts(observation, done)
    back = {one.instance for act in done if isinstance(act, Register) for one in act.registrations}
    departures = tuple(departure for departure in journal.departures if departure.id not in back)
    before, after = changes(observation, journal), changes(now, replace(journal, departures=departures))
    own = tuple(line for line in verdict.left if line not in before)
    still = tuple(line for line in after if line in verdict.left or line not in before)
    off = not now.group.suspended.isdisjoint({*QUICK}.intersection(journal.suspended))
    return replace(
        verdict,
        code=10 if off and verdict.outcome is Outcome.STUCK else verdict.code,
        left=(*own, *still, *(f"{id} is registered back, not seen healthy yet" for id in sorted(back))),
    )
