"""What moves a storm's group by itself: scaling policies on a load that moves, and scheduled actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.scalers import Load, Per
from async_rollout.sandbox.world import World
from support.load_days import ALARMS, turned


@dataclass(frozen=True, kw_only=True)
class Scalers:
    """policies: as the group has them, by name; turns: (seconds, load as a share of what `full` instances take); per:
    by whom it is divided. actions: by name, their times in seconds since the storm began.
    """

    policies: Mapping[str, str] = field(default_factory=dict)
    full: int = 1
    turns: tuple[tuple[float, float], ...] = ()
    per: Per = Per.TARGET
    actions: Mapping[str, ScheduledAction] = field(default_factory=dict)

    def begin(self, world: World, group: str) -> None:
        """From now on they act on the group."""
        if self.policies:
            world.keep_policies(group, self.policies)
            world.load(group, Load(units=lambda at: turned(self.turns, self.full, at), per=self.per, alarms=ALARMS))
        for one in self.actions.values():
            until = None if one.until is None else world.now + one.until
            world.schedule(group, replace(one, at=world.now + one.at, until=until))
