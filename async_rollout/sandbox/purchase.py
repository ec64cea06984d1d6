"""On-Demand or Spot: how a mixed instances policy buys its instances. Without a policy all are On-Demand."""

from __future__ import annotations

from async_rollout.sandbox.records import Group


def is_mixed(group: Group) -> bool:
    """Whether both kinds are launched. A base matters only where all above it is Spot: else it is On-Demand too."""
    if not group.overrides:
        return False
    return 0 < group.spot < 100 or (group.spot == 100 and group.on_demand_base > 0)


def market(group: Group) -> str:
    """The market type of what is launched, in LaunchInstances' words, where the group is not mixed."""
    return "Spot" if group.overrides and group.spot == 100 else "OnDemand"
