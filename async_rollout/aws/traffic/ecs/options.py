"""What the owner chooses for hosts of ECS tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from async_rollout.core.amounts import AmountLike, amount
from async_rollout.core.durations import sensible
from async_rollout.errors import UsageError


@dataclass(frozen=True, slots=True)
class Ecs:
    """How it is looked whether instances host ECS tasks, and how they are drained of them; for `connect`.

    clusters: names or ARNs of those to look in; empty: all of the account and region.
    drain_timeout: seconds that a host may take to drain, beside what its load balancers take and `Limits.drain`; 1800.
    await_standalone: whether tasks of no service on a host are waited for until they end; False: not begun with any.
    stop_first: whether a service may be without a running task while its tasks move; False: not begun then.
    unavailable: what the order says of `max_unavailable`: with so many away every task has to find a host; 0.
    unserved: whether new instances need not be healthy in the group's own load balancers; False.
    together: whether the old hosts of a batch drain at the same time, once all its new ones serve, so that tasks do
        not move from host to host; True.

    Raises UsageError for names that are none, a number that is none, and a limit outside 1 s to 30 days.
    """

    clusters: Sequence[str] = ()
    drain_timeout: float = 1800.0
    await_standalone: bool = False
    stop_first: bool = False
    unavailable: AmountLike = 0
    unserved: bool = False
    together: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.clusters, str):
            raise UsageError(f"clusters are a list of names, not {self.clusters!r}")
        if not all(str(name or "").strip() for name in self.clusters):
            raise UsageError("the name of a cluster is empty: write --ecs CLUSTER, --ecs auto or --ecs off")
        amount(self.unavailable)
        sensible("the limit of a drain of hosts", self.drain_timeout, 1.0)
