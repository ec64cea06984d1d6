"""How it ended: one result a group, one summary a run, one exit code."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.actions import Verdict
from async_rollout.core.events import RolloutEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One group's end. replaced: ids of old instances gone; missed: scheduled actions that fell into the run.

    total: how many there were to replace when the first run began; replaced_before: so many of them had gone before
    this one took over.
    """

    group: str
    verdict: Verdict
    replaced: tuple[str, ...] = ()
    total: int = 0
    missed: tuple[str, ...] = ()
    seconds: float = 0.0
    replaced_before: int = 0


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
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All groups' ends. code: the exit code for all (ROLLOUT §7)."""

    results: tuple[GroupResult, ...]

    @property
    def code(self) -> int:
        return one_code([result.verdict.code for result in self.results])

    @property
    def ok(self) -> bool:
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
