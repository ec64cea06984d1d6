"""One look, folded into what is remembered of each instance.

A history lives while its instance is a member, has a departure or a running command, while it may only be missing from
an answer, and as long as it counts as one that was lost or failed. Where the look brings no record nobody knows who
has a departure: then none is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import floor

from async_rollout.core.history import NO_STREAK, UNKNOWN, History, Odd, Since, Streak, counted_on
from async_rollout.core.journal import Departure, Journal, Mark, Removal
from async_rollout.core.let_go import is_listed, is_listed_again
from async_rollout.core.life import stage_of
from async_rollout.core.lives import Life
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.policy import DRAIN_OVERDUE, ILL, SOON
from async_rollout.core.protection import is_shielded
from async_rollout.core.serving import is_ready
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import PROVEN, YOUNG
from async_rollout.core.standby import may_end


@dataclass(frozen=True, kw_only=True)  # no slots: what is counted is kept
class Fold:
    """One look, folded into one history after the other. doubted: it may lack what some source lists."""

    spec: RolloutSpec
    observation: Observation
    doubted: bool = False

    def histories(self, before: Mapping[str, History]) -> dict[str, History]:
        """Those after the look; one that did not change is the very same."""
        found = {}
        for id in {**self._members, **self._departures, **before}:
            was = before.get(id, UNKNOWN)
            now = self._after(id, was)
            if self._lives(id, now):
                found[id] = was if now == was else now
        return found

    @cached_property
    def _members(self) -> dict[str, Instance]:
        return {member.id: member for member in self.observation.instances}

    @cached_property
    def _journal(self) -> Journal | None:
        return self.observation.journal if isinstance(self.observation.journal, Journal) else None

    @cached_property
    def _departures(self) -> dict[str, Departure]:
        return {departure.id: departure for departure in self._journal.departures} if self._journal else {}

    @cached_property
    def _causes(self) -> dict[str, str]:
        """Auto Scaling's words for each end, where its activities were asked for; the newest of them stand first."""
        told = (one for one in reversed(self.observation.activities or ()) if one.kind == "terminate")
        return {one.instance: one.message for one in told if one.instance}

    def _lives(self, id: str, history: History) -> bool:
        named = self._journal is None or id in self._members or id in self._departures or bool(history.running)
        return named or not history.is_gone or history.lost_since is not None or bool(history.failed)

    def _after(self, id: str, was: History) -> History:
        """The history of one instance after the look. out: its way out, once it is taken out of its sources."""
        member, departure, at = self._members.get(id), self._departures.get(id), self.observation.at
        told = departure is not None and departure.removal is not Removal.NOT
        out = departure if departure is not None and departure.draining is Mark.ENDED else None
        seen = replace(
            was,
            streak=self._streak(was, member, out),
            serving_since=_since(was.serving_since, at, holds=member is not None and member.in_service),
            protected_since=_since(was.protected_since, at, holds=self._is_guarded(member)),
            marked_since=_since(was.marked_since, at, holds=member is not None and member.marked_unhealthy),
            absent=0 if member else was.absent + 1,
            unlisted=self._unlisted(was, member, out),
            lingering=self._is_lingering(was, member, out),
            removal=counted_on(was.removal, "recorded" if told else None, at),
            relisted=self._relisted(was, member, departure),
            lost_since=self._lost_since(was, member, departure),
            end=self.observation.ends.get(id) or was.end,
            run_at=self.observation.at if self.observation.ends.get(id) == "" else was.run_at,
            cause=self._causes.get(id, was.cause),
        )
        ill_since = seen.streak.since if seen.streak.bad >= ILL.looks else None
        ill_since = was.ill_since if out is not None else ill_since
        ready_since = _since(was.ready_since, at, holds=self._is_up(seen, member, out))
        seen = replace(seen, ill_since=ill_since, ready_since=ready_since)
        stage = self._stage(seen, member, departure)
        proven = was.proven or (stage is not None and stage.stage in PROVEN)
        stays = stage is seen.stage and proven is was.proven
        return seen if stays else replace(seen, stage=stage, proven=proven)

    def _is_up(self, seen: History, member: Instance | None, out: Departure | None) -> bool:
        """Its looks and its up-check say that it serves."""
        checked = seen.passed or self.spec.hooks.up_check is None
        serves = member is not None and member.in_service and out is None
        return serves and checked and seen.streak.good >= self.spec.healthy_threshold

    def _is_guarded(self, member: Instance | None) -> bool:
        """Protected, and one that may go at all."""
        if member is None or not (member.in_service or may_end(self.spec, member)):
            return False
        return is_shielded(self.spec, self.observation.group, member)

    def _stage(self, seen: History, member: Instance | None, departure: Departure | None) -> Since | None:
        """seen: as remembered after this look, but for the stage, which is still the last one."""
        if member is None:
            return None
        stage = stage_of(
            Life(
                spec=self.spec,
                observation=self.observation,
                journal=self._journal,
                instance=member,
                departure=departure,
                history=seen,
                doubted=self.doubted,
            )
        )
        return seen.stage if seen.stage is not None and seen.stage.stage is stage else Since(stage, self.observation.at)

    def _streak(self, was: History, member: Instance | None, out: Departure | None) -> Streak:
        """Looks count only so far apart, bad ones further: a flap is no illness. AWS's Date is cut to whole seconds.

        Who was taken out is not well through us: that says nothing of how it is, should it come back.
        """
        if member is None:
            return NO_STREAK
        streak, at = NO_STREAK if out else was.streak, self.observation.at
        ready = is_ready(self.spec, self.observation, member)
        if not self.observation.health_seen and member.in_service:
            return streak  # what the rows alone do not tell
        broken = streak.good > 0 if not ready else streak.bad > 0
        if broken or not (streak.good or streak.bad):
            return Streak(int(ready), int(not ready), at, since=at)
        apart = self.spec.paced(SOON) if ready else self.spec.interval
        if at - streak.at < floor(apart) or at <= streak.at:
            return streak
        return replace(streak, good=streak.good + ready, bad=streak.bad + (not ready), at=at)

    def _unlisted(self, was: History, member: Instance | None, out: Departure | None) -> int:
        if not self.observation.health_seen:
            return was.unlisted
        return 0 if out is None or is_listed(member) else was.unlisted + 1

    def _is_lingering(self, was: History, member: Instance | None, out: Departure | None) -> bool:
        """Listed though every delay is over, now or in an earlier look: what ends its draining is not known."""
        if not self.observation.health_seen or self._journal is None:
            return was.lingering
        if out is None:
            return False
        late = self.observation.at > out.at + self.observation.longest_drain + DRAIN_OVERDUE
        return was.lingering or (late and is_listed(member))

    def _relisted(self, was: History, member: Instance | None, departure: Departure | None) -> Odd | None:
        """Its sources had let go of it when its command was run: that they list it again is others' doing."""
        failed = departure is not None and departure.before is Mark.FAILED and departure.removal is Removal.NOT
        if not self.observation.health_seen or member is None or not failed:
            return was.relisted if failed else None
        back = member.in_service and is_listed_again(self.observation, member)
        return counted_on(was.relisted, "listed" if back else None, self.observation.at)

    def _lost_since(self, was: History, member: Instance | None, departure: Departure | None) -> float | None:
        """Who is back, is back; who served, or was taken out by us, was not lost."""
        if departure is not None or (member is not None and not member.leaving):
            return None
        young = was.stage is not None and was.stage.stage in YOUNG and not was.proven
        return self.observation.at if was.lost_since is None and young else was.lost_since


def _since(before: float | None, at: float, *, holds: bool) -> float | None:
    """Since when something is seen without a break."""
    if not holds:
        return None
    return at if before is None else before
