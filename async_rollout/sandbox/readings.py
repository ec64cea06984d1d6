"""How the sandbox reads what AWS's documents leave open: switches, so that each answer can be lived through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Of UpdateAutoScalingGroup. keeps_policy: what it does not name of a mixed instances policy stays as it was.

    Of LaunchInstances. raises_desired: what it launched is added to DesiredCapacity.

    Without that AWS ends nothing for it either, until somebody sets DesiredCapacity: `Simulation.tolerated`.
    bounded_by_maximum: refused where it would lead above MaxSize. needs_launch: refused while the process Launch is
    suspended.
    """

    raises_desired: bool = True
    bounded_by_maximum: bool = True
    needs_launch: bool = True
    keeps_policy: bool = True
