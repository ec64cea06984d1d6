"""How it ended: one result a group, one summary a run, one exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from async_rollout.core.actions import Verdict
from async_rollout.core.events import RolloutEnded
from async_rollout.core.origin import Origin
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import HookPoint

SAID = 120
"""So many of the last letters of a command that failed are told at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult(Origin):
    """One group's end.

    account: the 12 digits of its AWS account; region: as `eu-west-1`; run: its id; each "" where it is not known.
    group: its name.
    verdict: how it ended.
    replaced: ids of old instances that went in this run.
    total: how many there were to replace when the first run began; 0: not known.
    missed: names of scheduled actions that fell into the run and did not fire.
    seconds: how long it took here.
    replaced_before: how many old ones had gone before this run took over.
    failed: ids of new instances that counted as failed in this run.
    parked: ids of instances that are left in Standby for their owner, by this run or by one that it took over from.
    """

    group: str
    verdict: Verdict
    replaced: tuple[str, ...] = ()
    total: int = 0
    missed: tuple[str, ...] = ()
    seconds: float = 0.0
    replaced_before: int = 0
    failed: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()


def quoted(verdict: Verdict, ends: Iterable[HookOutcome]) -> Verdict:
    """The verdict with the last words of each command that it speaks of: people see them, no record holds them."""
    why = verdict.why
    for end in ends:
        point, id = end.point, end.instance
        command = "up-check" if point is HookPoint.UP_CHECK else f"{point} command for {id}"
        told = f"the {command} {end.how}"
        if not end.ok and end.said and id in why:
            why = why.replace(told, f"{told}: {end.said[-SAID:]}", 1)
    return replace(verdict, why=why)


def ended(result: GroupResult, at: float) -> RolloutEnded:
    """Its event. at: AWS's time of the last look."""
    return RolloutEnded(
        group=result.group,
        at=at,
        verdict=result.verdict,
        replaced=result.replaced,
        total=result.total,
        seconds=result.seconds,
        missed=result.missed,
        replaced_before=result.replaced_before,
        failed=result.failed,
        parked=result.parked,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All groups' ends. results: one a group, in the order in which they were given."""

    results: tuple[GroupResult, ...]

    @property
    def code(self) -> int:
        """The one exit code for all (RULES §7): 0 only if every group did well."""
        return one_code([result.verdict.code for result in self.results])

    @property
    def ok(self) -> bool:
        """Whether every group did well."""
        return self.code == 0


def one_code(codes: list[int]) -> int:
    """10 first, then a signal's, then 9 where some did well and some did not, then the single cause."""
    bad = sorted({code for code in codes if code})
    if not bad or 10 in bad:
        return 10 if bad else 0
    if signals := [code for code in bad if code in (130, 143)]:
        return signals[-1]
    if 0 in codes:
        return 9
    return bad[0] if len(bad) == 1 else 1
