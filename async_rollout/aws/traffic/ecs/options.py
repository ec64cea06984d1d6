"""What the owner chooses for hosts of ECS tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ecs:
    """How it is looked whether instances host ECS tasks, and how they are drained of them; for `connect`.

    clusters: names or ARNs of those to look in; empty: all of the account and region.
    drain_timeout: seconds that a host may take to drain, beside what its load balancers take and `Limits.drain`; 1800.
    await_standalone: whether tasks of no service on a host are waited for until they end; False: not begun with any.
    stop_first: whether a service may be without a running task while its tasks move; False: not begun then.
    unserved: whether new instances need not be healthy in the group's own load balancers; False.
    together: whether the old hosts of a batch drain at the same time, once all its new ones serve, so that tasks do
        not move from host to host; True.
    """

    clusters: Sequence[str] = ()
    drain_timeout: float = 1800.0
    await_standalone: bool = False
    stop_first: bool = False
    unserved: bool = False
    together: bool = True
