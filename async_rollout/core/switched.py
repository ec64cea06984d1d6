"""The step that sets what the group launches from, and the one that turns a run that is put back into a rollback."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Action, SetTemplate, Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Cause, Goal, Journal
from async_rollout.core.pace import Look
from async_rollout.core.policy import RESEND, SOON
from async_rollout.core.switching import is_in_place, way_back
from async_rollout.core.templates import Back, Templates
from async_rollout.core.wording import told_of

FIRST = 90
"""Letters of the first cause that stay before the second: the record's tag holds both."""


def put_in_place(draft: Draft) -> Draft:
    """Have the group launch from what it is to, by the record as it is about to be.

    An answer as old as the call before ours shows what we have set since as not set: the last call counts.
    """
    due, sent = draft.journal.due, draft.belief.set_to
    if is_settled(draft):
        return draft
    why = f"the group is to launch from {told_of(due)}, and shows {told_of(draft.observation.group.spelled)}"
    pause = Wait(on="what is launched from", why=why, since=sent[1] if sent else draft.at)
    if sent is not None and sent[0] == due and draft.at - sent[1] < RESEND:
        return draft.wait(pause, look=Look(draft.at + draft.spec.paced(SOON)))
    return draft.act(*put_back(draft)).wait(pause)


def is_settled(draft: Draft) -> bool:
    """It is in place, and no call of ours since can have made it another."""
    sent = draft.belief.set_to
    ours = draft.journal.templates is not None and draft.observation.group.spelled in draft.journal.templates.ours
    late = ours and sent is not None and sent[0] != draft.journal.due
    return is_in_place(draft.journal, draft.observation.group) and not late


def put_back(draft: Draft) -> tuple[Action, ...]:
    """The act that has the group launch from what the record says, if there is anything to be done."""
    if not draft.journal.due or is_settled(draft):
        return ()
    return (SetTemplate(spelled=draft.journal.due, mixed=bool(draft.observation.group.policy)),)


def as_found(draft: Draft) -> tuple[Action, ...]:
    """The same for who ends in the middle, whatever the record is heading for: what comes next launches no release."""
    return put_back(draft.write(replace(draft.journal, goal=Goal.RESTORE)))


def turned(draft: Draft, cause: Cause, *, version: str | None, failed: bool = True) -> Journal:
    """The record from which all is put back, and rolled back after that where there is a way back.

    version: what to roll back to, empty for what was found, None: it is not rolled back, nor where nothing was begun. A
    rollback that fails is the last: the cause that led to it stays the first. failed: it was not told to stop.
    """
    journal = replace(draft.journal, goal=Goal.RESTORE, cause=cause)
    if draft.journal.back is not Back.NOT:
        return _given_up(draft.journal, cause, Back.FAILED if failed else Back.OVER)
    begun = draft.journal.began and is_in_place(draft.journal, draft.observation.group)
    return with_way_back(draft, journal, version) if version is not None and begun else journal


def with_way_back(draft: Draft, journal: Journal, version: str = "") -> Journal:
    """The record that says that all is to be rolled back, where there is a way back."""
    group, was = draft.observation.group, journal.templates
    toward = way_back(draft.spec, group, was, version)
    if not toward:
        return journal
    one = was or Templates(found=group.spelled, wanted=group.spelled, policy=group.policy)
    return replace(journal, templates=replace(one, toward=toward, back=Back.DUE))


def _given_up(journal: Journal, cause: Cause, back: Back) -> Journal:
    first = journal.cause or cause
    text = first.text if first == cause else f"{first.text[:FIRST]}; the rollback has ended early: {cause.text}"
    return replace(called_off(journal, back), goal=Goal.RESTORE, cause=replace(first, text=text))


def called_off(journal: Journal, back: Back = Back.OVER) -> Journal:
    """The record of a rollback that goes no further."""
    if journal.templates is None or journal.back not in (Back.DUE, Back.BEGUN):
        return journal
    return replace(journal, templates=replace(journal.templates, back=back))


def gone_on_from(journal: Journal) -> Journal:
    """The record of one that is stopped at once: a rollback that has begun begins again when all is put back."""
    if journal.templates is None or journal.back is not Back.BEGUN:
        return journal
    return replace(journal, templates=replace(journal.templates, back=Back.DUE))


def rolled_back(draft: Draft) -> Draft:
    """All is put back: what is not on what is rolled back to is replaced, with a cutoff and counts of its own."""
    one = draft.journal.templates
    if one is None:
        return draft
    record = replace(
        draft.journal,
        goal=Goal.REPLACE,
        templates=replace(one, back=Back.BEGUN),
        cutoff=None,
        template="",
        began=int(draft.at),
        launches=0,
        lost=0,
        evened=0,
        canary=True,
        old=0,
        replaced=0,
    )
    return draft.write(record)
