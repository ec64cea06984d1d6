"""How a rollout has ended, once our tags are off: in one word, with its exit code, and what is said of what stays."""

from __future__ import annotations

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.failures import left_of, mending
from async_rollout.core.journal import Goal, Journal, Mark
from async_rollout.core.launch_failures import next_of
from async_rollout.core.lease import RESTORE_CAUSE
from async_rollout.core.observation import Observation
from async_rollout.core.protection import is_shielded
from async_rollout.core.spec import Protected, RolloutSpec
from async_rollout.core.stages import is_old
from async_rollout.core.standby import end_of_parked, may_end, parked, why_parked
from async_rollout.core.survey import retained
from async_rollout.core.templates import Back
from async_rollout.core.traffic import told_of
from async_rollout.core.wording import told_of as words_for


def over(spec: RolloutSpec, observation: Observation, journal: Journal) -> Verdict:
    """How it ended, once our tags are off. Who is left as he was asked to be is named; who was waited for, failed."""
    kept = (*retained(observation), *told_of(observation))
    if journal.goal is Goal.REPLACE and journal.back is Back.NOT:
        return _replaced(spec, observation, journal)
    cause, idle = journal.cause or RESTORE_CAUSE, parked(observation, journal)
    failed = any(departure.before is Mark.FAILED for departure in idle)
    code = cause.code or ((6 if failed else 1) if idle else 0)
    outcome = {0: Outcome.RESTORED, 130: Outcome.STOPPED, 143: Outcome.STOPPED}.get(code, Outcome.FAILED)
    left = tuple(f"{departure.id} is in Standby: {why_parked(departure)}" for departure in idle)
    mixed = _mixture(journal, observation)
    stays = left_of(cause.text, observation, journal) if journal.templates is None else mixed
    rolled = observation.instances if journal.back is Back.BEGUN else ()  # whom it has parked the record names no more
    aside = (f"{one.id} is in Standby" for one in rolled if one.standby)
    kept, rest = (*stays, *aside, *kept), "all else" if idle else "the group"
    why = "; ".join((cause.text, *left, *kept, f"{rest} {_as_it_is(journal)}"))
    next = "; ".join(end_of_parked(observation.group, departure.id) for departure in idle)
    next = next or next_of(cause.text) or mending(cause.text)
    if cause.code and journal.back is Back.FAILED and mixed:
        return Verdict(outcome=Outcome.STUCK, code=10, why=why, left=(*left, *mixed), next=next or "run")
    return Verdict(outcome=outcome, code=code, why=why, left=left, next=next)


def _as_it_is(journal: Journal) -> str:
    """What can be said of the group at the end of what was put back."""
    one = journal.templates
    if one is None or one.due(restoring=True) == one.found:
        return "is as it was found"
    return f"launches from {words_for(one.toward)}, and is else as it was found"


def _mixture(journal: Journal, observation: Observation) -> tuple[str, ...]:
    """Those that are not on what the group launches from by then."""
    if journal.templates is None:
        return ()
    others = [one for one in observation.instances if one.in_service and one.outdated]
    of = ", ".join(sorted({words_for(one.launched_from) for one in others if one.launched_from}))
    are = "instance is" if len(others) == 1 else "instances are"
    return (f"{len(others)} {are} of {of or 'what AWS does not say'}",) if others else ()


def _replaced(spec: RolloutSpec, observation: Observation, journal: Journal) -> Verdict:
    left = [one for one in observation.instances if is_old(spec, journal, one)]
    meant = [one for one in left if one.in_service or may_end(spec, one)]
    kept = tuple(one.id for one in meant if is_shielded(spec, observation.group, one))
    idle = tuple(one.id for one in left if one.standby and one.id not in kept)
    groups = ((kept, "protected from scale-in"), (idle, "in Standby"))
    said = tuple(f"{', '.join(ids)} left: {why}" for ids, why in groups if ids)
    done = "all others replaced; the group" if said else "all replaced, the group"
    why = "; ".join((*said, f"{done} {_as_meant(journal)}", *retained(observation), *told_of(observation)))
    if kept and spec.protected is Protected.WAIT:
        next = "run again when they are not protected, or with --protected replace"
        return Verdict(outcome=Outcome.FAILED, code=1, why=why, next=next)
    return Verdict(outcome=Outcome.DONE, code=0, why=why)


def _as_meant(journal: Journal) -> str:
    one = journal.templates
    if one is None or one.wanted == one.found:
        return "is as it was found"
    return f"launches from {words_for(one.wanted)}, and is else as it was found"
