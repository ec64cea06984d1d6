"""The ground truth in numbers: who of a group really serves, boots, drains, exists."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.sandbox.history import Census
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.state import State


class Counting:
    """Counts the groups that changed. served: ids that served once, so that warming is told from ailing."""

    def __init__(self) -> None:
        self.changed: dict[str, None] = {}
        self._served: set[str] = set()
        self._last: dict[str, Census] = {}

    def census(self, state: State, at: float) -> Iterator[Census]:
        """A new Census of each changed group whose numbers are others than before."""
        changed, self.changed = self.changed, {}
        for name in changed:
            if name in state.groups:
                now, was = self.count(state, name, at), self._last.get(name)
                if was is None or _numbers(now) != _numbers(was):
                    self._last[name] = now
                    yield now

    def count(self, state: State, name: str, at: float) -> Census:
        group, members = state.groups[name], state.members(name)
        kinds = [self._kind(state, group, one, at) for one in members]
        held = sum(one.counts for one in members)
        return Census(
            at=at,
            group=name,
            minimum=group.minimum,
            desired=group.desired,
            maximum=group.maximum,
            serving=kinds.count("serving"),
            pending=kinds.count("pending"),
            coming=max(0, group.desired - held),
            warming=kinds.count("warming"),
            ailing=kinds.count("ailing"),
            draining=kinds.count("draining"),
            leaving=kinds.count("leaving"),
            standby=kinds.count("standby"),
            exist=sum(not one.retained for one in members),
            healthy=tuple((id, _healthy(state, id, members)) for id in group.source_ids),
        )

    def _kind(self, state: State, group: Group, one: Instance, at: float) -> str:
        if one.retained:
            return "standby"
        if one.leaving or one.lifecycle.startswith("Detach"):
            return "leaving"
        if one.booting:
            return "pending"
        if not one.in_service:
            return "standby"
        if serves(state, group, one, at):
            self._served.add(one.id)
            return "serving"
        if deregistered(state, group, one, served=one.id in self._served):
            return "draining"
        return "ailing" if one.id in self._served else "warming"


def serves(state: State, group: Group, one: Instance, at: float) -> bool:
    """InService, registered and healthy in every source with a listener; without any: its application answers."""
    listening = [source.id for source in state.sources_of(group.name) if source.has_listener]
    if not one.in_service or not one.app_up(at):
        return False
    return all(healthy_at(state, source, one.id) for source in listening)


def healthy_at(state: State, source: str, id: str) -> bool:
    """At least one of its ports is healthy there and none is draining, and its zone takes traffic."""
    states = [each.state for each in state.registered(source, id)]
    return "healthy" in states and "draining" not in states and not state.is_shifted(source, id)


def deregistered(state: State, group: Group, one: Instance, *, served: bool) -> bool:
    """Draining in one of its group's sources, or missing from one after it served."""
    for source in state.sources_of(group.name):
        states = [each.state for each in state.registered(source.id, one.id)]
        if "draining" in states or (served and not states):
            return True
    return False


def _healthy(state: State, source: str, members: tuple[Instance, ...]) -> int:
    return sum(one.in_service and healthy_at(state, source, one.id) for one in members)


def _numbers(one: Census) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in one.__slots__ if name != "at")
