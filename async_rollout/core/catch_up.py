"""What fell due while scheduled actions were suspended is done at the end, as AWS would have done it.

Only by the process that lived through it, and only what nobody has changed sizes after. All else is named.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import SetSizes
from async_rollout.core.belief import Belief
from async_rollout.core.choices import MissedSchedules
from async_rollout.core.draft import Draft
from async_rollout.core.due import due_of
from async_rollout.core.journal import Due, Found, Goal, Journal
from async_rollout.core.observation import Scheduled
from async_rollout.core.schedules import folded, noted


def lived_through(belief: Belief) -> tuple[Scheduled, ...]:
    """Those that fell due under our eyes, after the last change of sizes by others."""
    return tuple(one for one in belief.missed if (one.at or 0.0) > belief.resized_at)


def noted_of(journal: Journal, belief: Belief, at: float) -> tuple[Due, ...]:
    """What stands in the record of them."""
    missed = {due_of(one.name, one.at or 0.0) for one in belief.missed}
    return noted(journal, belief.scheduled, at, missed=missed, fired=belief.fired)


def unfired(belief: Belief) -> tuple[str, ...]:
    """Names of scheduled actions that fell due while they were suspended, and were not made up for.

    What fell due before this process, or when it did not look, only the record tells, in a name that may be cut.
    """
    record = belief.erased or belief.journal
    made_up = set(lived_through(belief)) if belief.sized else set()
    lived = {due_of(one.name, one.at or 0.0): one for one in belief.missed}
    noted = [due for due in record.scheduled if due.at <= belief.at and due not in belief.fired] if record else []
    names = [(due.at, due.name) for due in noted if due not in lived]
    names += [(due.at, one.name) for due, one in lived.items() if one not in made_up]
    return tuple(dict.fromkeys(name for _, name in sorted(names)))


def is_owed(journal: Journal, belief: Belief) -> bool:
    """What they come to stands in the record as the owner's sizes, and the call that sets it is still to be made."""
    return journal.caught_up and bool(belief.missed) and not belief.sized


def caught_up(draft: Draft) -> Draft | None:
    """The sizes that they come to, once; None where there is nothing to do, or it is done."""
    if draft.journal.caught_up:
        return draft.act(_sizes(draft.journal.found)) if is_owed(draft.journal, draft.belief) else None
    if draft.spec.missed_schedules is MissedSchedules.REPORT or draft.journal.goal is not Goal.REPLACE:
        return None
    group, journal = draft.observation.group, draft.journal
    owners = Found(minimum=group.minimum, desired=journal.base, maximum=max(journal.found.maximum, journal.base))
    sizes, taken = folded(owners, lived_through(draft.belief))
    if not taken:
        return None
    record = replace(
        journal, caught_up=True, found=sizes, base=sizes.desired, asked=sizes.desired, raised=0, raised_from=0
    )
    return draft.write(record).act(_sizes(sizes))


def _sizes(sizes: Found) -> SetSizes:
    return SetSizes(minimum=sizes.minimum, desired=sizes.desired, maximum=sizes.maximum)
