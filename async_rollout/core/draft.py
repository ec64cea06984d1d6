"""A decision in the making: the record as it is to be, the acts, the waits.

Questions (advance, restore, finish, departures) take a draft and give back a fuller one; nothing is done here.
`decided` turns it into a Decision with the Record in front, so that what is done was always written down before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from async_rollout.core.actions import (
    ROWS,
    WHOLE,
    Action,
    Decision,
    EndOf,
    Need,
    Needs,
    Record,
    SetCapacity,
    Verdict,
    Wait,
)
from async_rollout.core.journal import Departure, Goal, Journal
from async_rollout.core.open_launches import settled
from async_rollout.core.pace import Look, soonest
from async_rollout.core.policy import BEAT, LEASE
from async_rollout.core.situation import Situation


@dataclass(frozen=True, kw_only=True)  # no slots: what is counted is kept
class Draft(Situation):
    """See the module's docstring. stuck: what could not be put back, a line each. looks: when who waits looks again.

    explained: the DesiredCapacity that was seen is accounted for; while it is not, nothing that moves it is done.
    """

    acts: tuple[Action, ...] = ()
    waits: tuple[Wait, ...] = ()
    looks: tuple[Look, ...] = ()
    needs: Needs = ROWS
    stuck: tuple[str, ...] = ()
    explained: bool = True

    def set_maximum(self, to: int) -> Draft:
        """Write down the maximum that we are about to set, and what is there now: the call may be lost."""
        record = replace(self.journal, raised=to, raised_from=self.observation.group.maximum)
        return self.write(record).act(SetCapacity(maximum=to))

    def act(self, *actions: Action) -> Draft:
        return replace(self, acts=(*self.acts, *actions))

    def wait(self, *waits: Wait, look: Look | None = None) -> Draft:
        """What is waited for, and the look that may tell it; without one: everything, an interval later."""
        looks = (look or self.usual,) if waits else ()
        told = (self._extended(one) for one in waits)
        return replace(self, waits=(*self.waits, *told), looks=(*self.looks, *looks))

    def _extended(self, wait: Wait) -> Wait:
        """Its limit as it will strike: later by what was not looked at. Only limits name an option."""
        if wait.until is None or not wait.option:
            return wait
        return replace(wait, until=wait.until + self.belief.lost(wait.since))

    def look(self, look: Look) -> Draft:
        return replace(self, looks=(*self.looks, look))

    @property
    def usual(self) -> Look:
        """Everything, an interval later."""
        return Look(self.at + self.spec.interval, WHOLE)

    def ask(self, *needs: Need | EndOf) -> Draft:
        return replace(self, needs=self.needs.union(needs))

    def write(self, journal: Journal) -> Draft:
        return replace(self, journal=journal)

    def departure(self, departure: Departure) -> Draft:
        return self.write(self.journal.with_departure(departure))

    def drop(self, id: str) -> Draft:
        return self.write(self.journal.without_departure(id))

    def leave(self, line: str) -> Draft:
        return replace(self, stuck=(*self.stuck, line))


def renewed(journal: Journal, at: float) -> Journal:
    """The next version of the record, with its lease renewed."""
    return replace(journal, serial=journal.serial + 1, until=int(at) + LEASE)


def released(journal: Journal, at: float) -> Journal:
    """The next version of the record, held by nobody any more."""
    return replace(journal, serial=journal.serial + 1, until=int(at))


def decided(draft: Draft, verdict: Verdict | None = None) -> Decision:
    """The draft as a decision: Record first if anything in it changed that cannot wait, or the lease is due."""
    changed = draft.journal != draft.observation.journal
    urgent = bool(draft.acts) or (changed and not _can_wait(draft))
    due = draft.journal.until - draft.at < LEASE - BEAT
    version = renewed if verdict is None else released
    said = (changed and urgent) or due or verdict is not None
    last = replace(draft.journal, serial=max(draft.journal.serial, draft.belief.tried))  # never two of one serial
    written = (Record(journal=version(last, draft.at)),) if said else ()
    pause, needs = _next(draft, at_once=bool(draft.acts) or (urgent and not draft.looks))
    return Decision(
        actions=(*written, *draft.acts),
        meant=draft.journal,
        needs=draft.needs | needs,
        waits=draft.waits,
        verdict=verdict,
        look_again=pause,
    )


def _next(draft: Draft, *, at_once: bool) -> tuple[float, Needs]:
    if at_once:
        return 0.0, ROWS if draft.journal.goal is Goal.REPLACE else WHOLE
    return soonest(draft.spec, draft.looks or (draft.usual,), draft.observation, draft.belief)


def _can_wait(draft: Draft) -> bool:
    """Only departures that are over are new: whoever reads the record finds that again in the rows.

    Or what AWS has answered to launches: who asks again hears it again.

    Not so what a terminate took out of desired: until that is written, a raise by others would look like our own. Nor
    that one serves again: as long as the record says that it goes, no look of it counts.
    """
    before, after = draft.observation.journal, draft.journal
    if not isinstance(before, Journal):
        return False
    before = settled(draft, before)
    if before == after:
        return True
    if draft.spec.hooks.after_terminate is not None:
        return False
    ended = {departure.id for departure in before.departures if after.departure(departure.id) is None}
    if any(each.id in ended and each.in_service for each in draft.observation.instances):
        return False
    left = tuple(departure for departure in before.departures if departure.id not in ended)
    return left == after.departures and replace(after, departures=before.departures, replaced=before.replaced) == before
