"""How one group ended, for people: what failed in whole words, what state the group is in, what to type next. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.tags import CAUSE_LENGTH
from async_rollout.core.tags import safe as tagged
from async_rollout.render.words import advice

SAID = ("the group is as it was found", "nothing was changed")
"""States that a verdict's why ends with where nothing is left."""
AGAIN = {Outcome.FAILED: "run", Outcome.STOPPED: "run", Outcome.PAUSED: "run or restore", Outcome.STUCK: "restore"}
"""What to type where the verdict does not say; for any other one `plan`, which asks AWS and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """state, next: empty if it went well."""

    why: str
    state: tuple[str, ...] = ()
    next: str = ""


def ending(verdict: Verdict, group: str, cause: str = "") -> Ending:
    """cause: why everything was put back, as it was told. The record that the verdict quotes holds less of it."""
    why = verdict.why.replace(tagged(cause, CAUSE_LENGTH), cause) if cause else verdict.why
    if verdict.code == 0:
        return Ending(why=why)
    state = tuple(line for line in verdict.left if not any(other.startswith(f"{line}: ") for other in verdict.left))
    for words in SAID:
        if not state and why.endswith(f"; {words}"):
            why, state = why.removesuffix(f"; {words}"), (words,)
    if not state and verdict.outcome is Outcome.REFUSED:
        state = ("nothing was changed",)
    return Ending(why=why, state=state, next=advice(_onward(verdict), group))


def _onward(verdict: Verdict) -> str:
    return verdict.next or AGAIN.get(verdict.outcome, "plan")


def onward(verdicts: Iterable[tuple[str, Verdict | None]]) -> list[str]:
    """What to type for all groups that did not end well: one line for all that need the same."""
    same: defaultdict[str, list[str]] = defaultdict(list)
    for group, verdict in verdicts:
        if verdict is not None and verdict.code:
            same[_onward(verdict)].append(group)
    return [advice(next, *groups) for next, groups in same.items()]
