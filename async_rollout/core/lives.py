"""One instance, as the steps of its life ask of it: what is seen, written down and remembered of it, together."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.history import History
from async_rollout.core.journal import Departure, Goal, Journal, Mark, Removal
from async_rollout.core.min_ready import to_stay
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.protection import is_shielded
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.withheld import lacks_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One instance, as its steps ask of it; None for what there is not.

    doubted: AWS does not find some source in this look, so that none lists the instance says nothing.
    """

    spec: RolloutSpec
    observation: Observation
    journal: Journal | None
    instance: Instance | None
    departure: Departure | None
    history: History
    doubted: bool = False

    @property
    def is_well(self) -> bool:
        """Its good looks are enough to count on it."""
        return self.history.streak.good >= self.spec.healthy_threshold

    @property
    def is_seasoned(self) -> bool:
        """It has been ready for so long, without a bad look, that an old one may go for it."""
        since = self.history.ready_since
        return since is not None and self.observation.at - since >= to_stay(self.spec, self.observation)

    @property
    def is_sent(self) -> bool:
        """Its terminate is recorded, or it leaves, or is gone: nothing brings it back."""
        return self.has_left or (self.departure is not None and self.departure.ends)

    @property
    def has_left(self) -> bool:
        """It holds no place in the group any more, as far as this look shows."""
        return self.instance is None or self.instance.leaving

    @property
    def is_put_back(self) -> bool:
        """Everything is to be as it was found."""
        return self.journal is not None and self.journal.goal is Goal.RESTORE

    @property
    def is_owners(self) -> bool:
        """In Standby, and on no way out, or only drained: it is for its owner."""
        untouched = self.departure is None or self.departure.before is Mark.NOT
        return self.instance is not None and self.instance.standby and untouched

    @property
    def is_to_park(self) -> bool:
        """It neither comes back nor goes: its before-command failed and all is put back, or that stands recorded."""
        out = self.departure
        return out is not None and (out.parks or (self.is_put_back and out.before is Mark.FAILED))

    @property
    def is_parked(self) -> bool:
        """It is in Standby, drained, and its place is out of DesiredCapacity."""
        out, one = self.departure, self.instance
        counted = out is not None and out.removal is Removal.ASIDE
        return counted and one is not None and one.lifecycle == "Standby"

    @property
    def comes_back(self) -> bool:
        """It is to serve on: only drained, or not even that, and put back, protected by its owner or called back.

        Our own surplus does so where the command that it gets first is not known.
        """
        out, one = self.departure, self.instance
        if self.has_left or out is None or one is None or out.removal is not Removal.NOT or out.before is not Mark.NOT:
            return False
        if self.is_dead:
            return False
        shielded = not out.surplus and is_shielded(self.spec, self.observation.group, one)
        return shielded or out.stays or (self.is_put_back and (self.lacks or not out.surplus))

    @property
    def lacks(self) -> bool:
        """A command that it gets before its end is named by the record, and was not given."""
        out, record = self.departure, self.journal
        return out is not None and record is not None and lacks_before(self.spec, record, out)

    @property
    def is_idle(self) -> bool:
        """It serves nobody, and nobody waits for it: in Standby, or dead."""
        return self.is_dead or (self.instance is not None and self.instance.standby)

    @property
    def is_down(self) -> bool:
        """EC2 does not run it."""
        return self.instance is not None and bool(self.instance.down)

    @property
    def is_dead(self) -> bool:
        """EC2 does not run it, or AWS calls it unhealthy and does not let it be registered: it cannot come back."""
        refused = self.instance is not None and self.instance.marked_unhealthy and self.history.unfit
        return self.is_down or refused
