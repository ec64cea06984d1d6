"""The truth of each service in numbers, kept up task by task: a large cluster is not counted anew with each change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from async_rollout.sandbox.ecs.records import ServiceCensus, Task

if TYPE_CHECKING:
    from async_rollout.sandbox.ecs.room import Room

NAMES = ("healthy", "running", "pending", "stopping", "old")
Share = tuple[bool, ...]
"""In which of these numbers a task counts."""
NOTHING: Share = (False,) * len(NAMES)


class Numbers:
    """history: each service's numbers after each change, in order."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.history: list[ServiceCensus] = []
        self._shares: dict[str, dict[str, Share]] = {}
        self._last: dict[str, ServiceCensus] = {}

    def now(self, service: str) -> ServiceCensus:
        """A service's numbers."""
        return self._last[service]

    def begin(self, service: str) -> None:
        """The service as it is now is where its history begins."""
        self.history[:] = [one for one in self.history if one.service != service]
        self._last.pop(service, None)
        self.service(service)

    def task(self, task: Task) -> None:
        """It is another one, or what its host, its target group or the time says of it is."""
        if task.service in self._last and task.service is not None:
            shares, share = self._shares[task.service], self._share(task)
            was = shares.pop(task.arn, NOTHING)
            if not task.over:
                shares[task.arn] = share
            if share != was:
                self._note(task.service, was, share)

    def service(self, arn: str) -> None:
        """It is another one: all of its tasks are counted."""
        shares = self._shares[arn] = {task.arn: self._share(task) for task in self._room.tasks_of(arn)}
        sums = [sum(share[place] for share in shares.values()) for place in range(len(NAMES))]
        self._keep(ServiceCensus(at=self._room.now, service=arn, desired=0, **dict(zip(NAMES, sums, strict=True))))

    def target(self, source: str, id: str) -> None:
        """What a target group says of an instance or of an address."""
        for service in self._room.state.services.values():
            if service.target_group == source:
                for task in self._room.tasks_of(service.arn):
                    if task.host is not None and id in (task.ip, self._room.state.hosts[task.host].instance):
                        self.task(task)

    def _share(self, task: Task) -> Share:
        if task.over:
            return NOTHING
        old = task.wanted and self._room.is_old(task)
        return self._room.is_healthy(task), task.runs, task.coming, not task.wanted, old

    def _note(self, service: str, was: Share, share: Share) -> None:
        last = self._last[service]
        moved = {name: getattr(last, name) + new - old for name, old, new in zip(NAMES, was, share, strict=True)}
        self._keep(replace(last, at=self._room.now, **moved))

    def _keep(self, census: ServiceCensus) -> None:
        census = replace(census, desired=self._room.state.services[census.service].desired)
        last = self._last.get(census.service)
        self._last[census.service] = census
        if last is None or replace(last, at=census.at) != census:
            self.history.append(census)
