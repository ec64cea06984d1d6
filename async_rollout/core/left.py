"""What a record that stays behind still has to put back, in words."""

from __future__ import annotations

from async_rollout.core.journal import Journal
from async_rollout.core.sight import Sight


def changes(sight: Sight, journal: Journal) -> tuple[str, ...]:
    """What is other than it was found, a line each: what a record that stays behind still has to put back."""
    group = sight.group
    ours = [name for name in journal.suspended if name in group.suspended]
    lines = []
    if group.desired != journal.base:
        lines.append(f"desired capacity is {group.desired}, the owner's is {journal.base}")
    if group.maximum in (journal.raised, journal.raised_from) and group.maximum != journal.found.maximum:
        lines.append(f"maximum is {group.maximum}, it was {journal.found.maximum}")
    if ours:
        lines.append(f"suspended by us: {', '.join(ours)}")
    lines += [f"{lane.id} is out of its load balancers" for lane in journal.lanes if sight.instance(lane.id)]
    return tuple(lines)
