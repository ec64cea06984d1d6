"""How a run ends that cannot do so in the usual way: alarms and schedules first, what is left named (RULES §10).

ResumeProcesses goes to Auto Scaling, which may answer though EC2 or a load balancer does not: the group's own row is
enough, as long as its record still names us.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import anyio

from async_rollout.core.actions import Outcome, Resume, Verdict
from async_rollout.core.journal import QUICK, Cause, Journal
from async_rollout.core.left import changes
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.core.refusals import is_for_good
from async_rollout.engine.answers import outcome_of
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import GroupCloud, Urgency
from async_rollout.errors import CredentialsError, UnknownGroupError, UnseenError

BLIND_FOR = 300.0
"""After so many seconds without a look, or without an act that AWS takes, the group is not kept from living."""

Note = Callable[[ActOutcome], object]


async def let_live(cloud: GroupCloud, group: str, run: str, note: Note, young: Young = always) -> Observation | None:
    """Resume alarms and schedules if ours are suspended; the row as it is by then, None if none was seen.

    note: given what came of it: it was not somebody else's doing. young: whether that row is young enough to act on.
    """
    try:
        row = await cloud.glance(group)
    except (CredentialsError, UnseenError, UnknownGroupError):
        return None
    if isinstance(row.journal, Journal) and row.journal.run == run:
        ours = tuple(one for one in QUICK if one in row.journal.suspended and one in row.group.suspended)
        if ours:
            resume = Resume(processes=ours)
            outcome = outcome_of(resume, await cloud.act(group, resume, young, Urgency.STOP), row.at)
            note(outcome)
            if outcome.ok:
                row = replace(row, group=replace(row.group, suspended=row.group.suspended.difference(ours)))
    return row


class InVain:
    """How long something has been tried in vain. Who was away meanwhile, stopped or asleep, begins anew.

    seconds: from the first to the last of these tries, 0 if it came through.
    """

    def __init__(self) -> None:
        self._since = self._last = float("-inf")
        self.seconds = 0.0

    def tried(self, *, well: bool = False) -> float:
        """Once more; the seconds so far."""
        now = anyio.current_time()
        self._since = now if well or now - self._last > BLIND_FOR else self._since
        self._last = float("-inf") if well else now
        self.seconds = now - self._since
        return self.seconds


class LastWord:
    """An end is told when all that belongs to it is done: alarms that run again, what is registered back.

    What AWS does not take is tried again, for as long as a group that it takes nothing for is kept from living.
    """

    def __init__(self) -> None:
        self._tried = InVain()

    def is_due(self, outcomes: Sequence[ActOutcome | HookOutcome]) -> bool:
        """Whether the end is told though not all of it was taken: what was is told by these outcomes."""
        seconds = self._tried.tried()
        sent = (one for one in outcomes if isinstance(one, ActOutcome) and one.sent)
        noes = [one.denied and is_for_good(one) for one in sent if not one.ok]
        return (bool(noes) and all(noes)) or seconds > BLIND_FOR


def _left(last: Observation | None) -> tuple[str, ...]:
    """What is still other than it was found, as far as it was seen."""
    return changes(last, last.journal) if last is not None and isinstance(last.journal, Journal) else ()


def blind_end(why: str, code: int, last: Observation | None) -> Verdict:
    """The record stands; what is left is named."""
    left = _left(last)
    outcome, code = (Outcome.STUCK, 10) if left else (Outcome.FAILED, code)
    return Verdict(outcome=outcome, code=code, why=f"{why}; the record stands", left=left, next="run or restore")


def gone_end(gone: str, last: Observation) -> Verdict:
    """The group is no more, by all that AWS says: what was left when it was last seen is named, should it be there."""
    left = tuple(f"if it is there all the same: {line}" for line in _left(last))
    why = f"the group was deleted during the run: {gone}"
    return Verdict(outcome=Outcome.FAILED, code=1, why=why, left=left, next="status" if left else "")


def broken_end(why: str, last: Observation | None, next: str) -> Verdict:
    """A fault of ours; last None: nothing was recorded."""
    kept = _left(last) or (("the record stands",) if last is not None else ())
    return Verdict(outcome=Outcome.STUCK, code=10, why=why, left=kept, next=next if kept else "")


def cut_off(order: Cause, grace: float, last: Observation) -> Verdict:
    """Told to stop, and the grace was over first."""
    why, left = f"{order.text}; the {grace:g} s for it were over before all was done", _left(last)
    return Verdict(
        outcome=Outcome.STOPPED, code=order.code, why=why, left=left or ("the record stands",), next="run or restore"
    )
