"""How acts and hooks were answered, folded into the belief: what was taken, what was not, what nobody knows.

A part of `recall`, which then folds the look itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from async_rollout.core.actions import (
    Deregister,
    Erase,
    Launch,
    MarkHealthy,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
)
from async_rollout.core.belief import Belief, Launching
from async_rollout.core.history import Ended, History, Sent
from async_rollout.core.journal import COUNTED_AS, QUICK, Goal, Journal
from async_rollout.core.launch_answers import heard as launch_heard
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.core.refusals import heard as refused_so_far
from async_rollout.core.refusals import is_allowed, is_for_good
from async_rollout.core.schedules import SCHEDULES
from async_rollout.core.templates import Back


def heard(belief: Belief, outcome: ActOutcome | HookOutcome, at: float) -> Belief:
    match outcome:
        case HookOutcome():
            return _hook_ended(belief, outcome, max(at, belief.at))
        case ActOutcome(action=Launch() as launch):
            belief = launch_heard(belief, outcome, launch)
            return _answered(belief, outcome) if outcome.denied and not is_for_good(outcome) else belief
        case ActOutcome():
            launching = _launching(belief, outcome)
            refusals = refused_so_far(belief.refusals, outcome)
            counted = outcome.action.journal.launches if isinstance(outcome.action, Record) else belief.counted
            return _answered(replace(belief, launching=launching, counted=counted, refusals=refusals), outcome)
        case _:
            assert_never(outcome)


def _answered(belief: Belief, outcome: ActOutcome) -> Belief:
    match outcome:
        case ActOutcome(sent=False):
            return belief
        case ActOutcome(denied=True):
            since = belief.denied_since if belief.denied_since is not None else outcome.at
            return replace(belief, denied=outcome, denied_since=since, last=outcome)
        case ActOutcome():
            belief = replace(belief, denied=None, denied_since=None) if is_allowed(belief, outcome) else belief
            return _acted(replace(belief, last=outcome), outcome)
        case _:
            assert_never(outcome)


def _launching(belief: Belief, outcome: ActOutcome) -> Launching | None:
    """A launch that was asked for in the record: what AWS refused or never got is none (law 18).

    Where the same was taken before, or asked for and not answered, and no look has shown it yet, then it may be there
    whatever becomes of this one.
    """
    before = belief.launching
    match outcome.action:
        case SetCapacity(desired=int() as size) if belief.desired is not None:
            more = size - int(belief.desired.what)
            doubtful = before is not None and before.ok is not False and before.to == size
            ok = outcome.ok or (None if doubtful else outcome.ok)
            return Launching(size, more, ok, belief.counted) if more > 0 else None
        case Record() if outcome.ok and before is not None and before.ok is False:
            return None  # the record says so by now
        case _:
            return before


def _hook_ended(belief: Belief, outcome: HookOutcome, at: float) -> Belief:
    """It ended before the look that hears of it: a wait from its end on is never shorter than asked for."""
    history, point = belief.history(outcome.instance), outcome.point
    before = history.ended.get(point)
    ended = Ended(outcome, at, before.tries + 1 if before else 1)
    return belief.noted(outcome.instance, running=history.running - {point}, ended={**history.ended, point: ended})


def _acted(belief: Belief, outcome: ActOutcome) -> Belief:
    if isinstance(outcome.action, Resume) and outcome.ok and SCHEDULES in outcome.action.processes:
        belief = replace(belief, awake_since=outcome.at)
    match outcome.action:
        case Record(journal=journal) if outcome.ok is not False:
            vanished = belief.journal is not None and belief.torn is not None and belief.torn.what == "vanished"
            anew = _is_rolled_back(belief.journal, journal)
            return replace(
                belief,
                histories=_uncounted(belief.histories) if anew else belief.histories,
                journal=journal,
                failed_before=journal.lost if belief.journal is None or anew else belief.failed_before,
                newest=journal.serial if outcome.ok else belief.newest,
                tried=max(journal.serial, belief.tried),
                resized_at=belief.at if _is_resized(belief.journal, journal) else belief.resized_at,
                torn=None,
                probed=None if outcome.ok else belief.probed,
                rewritten=belief.rewritten + int(vanished and belief.newest > 0),
                refusals={} if _is_turned(belief.journal, journal) else belief.refusals,
                lowered=belief.lowered + int(belief.reached and _is_cut(belief.journal, journal)),
            )
        case SetCapacity(desired=int()):
            return replace(belief, unrisen=None)
        case SetTemplate(spelled=spelled) if outcome.ok is not False:
            return replace(belief, set_to=(spelled, outcome.at))
        case SetSizes() if outcome.ok:
            return replace(belief, sized=True)
        case Erase() if outcome.ok is not False:
            return replace(belief, erased=belief.journal or belief.erased, journal=None, probed=None)
        case Probe(present=present) if outcome.ok is not False:
            return replace(belief, probed=outcome.at if present else None)
        case Suspend() if outcome.ok and belief.journal is not None and belief.journal.cutoff is not None:
            return replace(belief, resuspended=belief.resuspended + 1)
        case Resume(processes=names) if outcome.ok and set(names) <= set(QUICK):
            return replace(belief, resuspended=belief.resuspended - 1)  # by us, so that the group lives meanwhile
        case MarkHealthy(instances=ids) if outcome.ok:
            for id in ids:
                belief = belief.noted(id, unmarked=belief.history(id).unmarked + 1)
            return belief
        case _:
            return _sent(belief, outcome)


def _sent(belief: Belief, outcome: ActOutcome) -> Belief:
    """What AWS took for a registration, or refused for good. Of one that it may have taken out nothing is known."""
    if not isinstance(outcome.action, Deregister | Register):
        return belief
    back = isinstance(outcome.action, Register)
    for where in outcome.action.registrations:
        if outcome.ok:
            calls = {**belief.history(where.instance).calls, where: Sent(outcome.at, back)}
            belief = belief.noted(where.instance, calls=calls)
        elif back and outcome.ok is False and not outcome.passing:
            belief = belief.noted(where.instance, unfit=True)
        elif not back and where in belief.history(where.instance).back:
            belief = belief.noted(where.instance, calls=_without(belief.history(where.instance).calls, where))
    return belief


def _without(calls: Mapping[Registration, Sent], where: Registration) -> dict[Registration, Sent]:
    return {other: sent for other, sent in calls.items() if other != where}


def still(launching: Launching | None, observation: Observation) -> Launching | None:
    """One that was taken, or that has no answer, is over when desired shows it."""
    shown = launching is not None and launching.ok is not False and observation.group.desired >= launching.to
    return None if shown else launching


def _is_resized(old: Journal | None, new: Journal) -> bool:
    """Others have set desired or the maximum: what fell due before is not the last word any more."""
    if old is None or old.run != new.run or old.cutoff is None or new.caught_up:
        return False
    return (old.base, old.found) != (new.base, new.found)


def _is_turned(old: Journal | None, new: Journal) -> bool:
    """From here on other acts are needed: what AWS takes of them is asked anew."""
    return old is not None and old.goal is not new.goal


def _is_rolled_back(old: Journal | None, new: Journal) -> bool:
    """The rollback begins: what failed before is none of it."""
    return old is not None and old.back is not new.back is Back.BEGUN


def _uncounted(histories: Mapping[str, History]) -> Mapping[str, History]:
    return {id: replace(one, failed="") if one.failed else one for id, one in histories.items()}


def _is_cut(old: Journal | None, new: Journal) -> bool:
    """The record gives in: someone lowered what we had asked for, and our own shrinking does not explain it."""
    if old is None or new.goal is not Goal.REPLACE or new.evened > old.evened:
        return False
    shrunk = sum(departure.removal in COUNTED_AS for departure in old.departures)
    ended = {launch.token for launch in old.open} - {launch.token for launch in new.open}
    return new.asked < old.asked - shrunk and not ended  # what a launch did not bring nobody has taken
