"""Whom AWS picks when capacity is lowered: the fullest zone first, then the group's termination policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from async_rollout.sandbox import templates
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.state import State


def choose(state: State, group: Group, members: Sequence[Instance]) -> Instance | None:
    """The next victim; None if all that are left are protected from scale-in."""
    free = [one for one in members if not one.protected]
    if not free:
        return None
    count = Counter(one.zone for one in members)
    fullest = max(count[one.zone] for one in free)
    left = [one for one in free if count[one.zone] == fullest]
    for policy in group.termination_policies:
        left = _narrowed(state, group, policy, left)
    return min(left, key=lambda one: (one.launched_at, one.id))


def _narrowed(state: State, group: Group, policy: str, left: list[Instance]) -> list[Instance]:
    match policy:
        case "OldestInstance":
            first = min(one.launched_at for one in left)
            return [one for one in left if one.launched_at == first]
        case "NewestInstance":
            last = max(one.launched_at for one in left)
            return [one for one in left if one.launched_at == last]
        case "Default" | "OldestLaunchTemplate" | "OldestLaunchConfiguration" | "AllocationStrategy":
            old = [one for one in left if templates.outdated(state, group, one)]
            return old or left
        case _:
            return left
