"""What an act is expected to do, and what time is expected to bring: AWS as it should be, for `plan`.

Pure and optimistic: launches succeed, newcomers get healthy, drains take their whole delay. The durations that only
reality knows are assumptions, named here and told with every plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from async_rollout.core.actions import (
    Action,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    MarkHealthy,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.observation import Instance, Observation, Target, TargetState
from async_rollout.core.policy import BOOT, SHUTDOWN
from async_rollout.core.zones import emptiest

NEW = "new-"
"""How the ids begin of those that are not there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An observation as it is expected to become. due: (when, instance) of what time brings; born: launches so far."""

    observation: Observation
    due: tuple[tuple[float, str], ...] = ()
    born: int = 0


def effect(state: Expected, action: Action) -> Expected:
    """The state after one act, at the same instant."""
    match action:
        case Record(journal=journal):
            return replace(state, observation=replace(state.observation, journal=journal, probes={}))
        case Erase():
            return replace(state, observation=replace(state.observation, journal=None, probes={}))
        case Probe(run=run, at=at, present=present):
            return replace(state, observation=replace(state.observation, probes={run: at} if present else {}))
        case Suspend(processes=names):
            return _group(state, suspended=state.observation.group.suspended.union(names))
        case Resume(processes=names):
            return _group(state, suspended=state.observation.group.suspended.difference(names))
        case SetCapacity(maximum=int() as most):
            return _group(state, maximum=most)
        case SetCapacity(desired=int() as size):
            return _launched(_group(state, desired=size), size - state.observation.group.desired)
        case SetTemplate(spelled=spelled):
            return _launching_from(state, spelled)
        case SetSizes(minimum=low, desired=size, maximum=high):
            sized = _group(state, minimum=low, desired=size, maximum=high)
            return _launched(sized, size - state.observation.group.desired)
        case Launch(zone=zone, count=count):
            return _launched(_group(state, desired=state.observation.group.desired + count), count, zone)
        case Terminate(instance=id, shrink=shrink):
            return _terminated(state, id, shrink=shrink)
        case EnterStandby(instance=id):
            return _group(
                _each(state, {id}, lifecycle="Standby", targets=()), desired=state.observation.group.desired - 1
            )
        case Deregister(registrations=ones):
            return _draining(state, ones)
        case Register(registrations=ones):
            return _serving(state, {one.instance for one in ones})
        case MarkHealthy(instances=ids):
            return _each(state, set(ids), health="Healthy")
        case _:
            return state


def elapse(state: Expected, at: float) -> Expected:
    """The state at a later time."""
    observation = replace(
        state.observation, at=at, sources=tuple(replace(one, seen_at=at) for one in state.observation.sources)
    )
    return (
        _come(replace(state, observation=observation), at)
        if any(when <= at for when, _ in state.due)
        else replace(state, observation=observation)
    )


def _come(state: Expected, at: float) -> Expected:
    come = [id for when, id in state.due if when <= at]
    state = replace(state, due=tuple(entry for entry in state.due if entry[0] > at))
    instances = tuple(
        new for one in state.observation.instances for new in _later(state.observation, one, come=one.id in come)
    )
    return replace(state, observation=replace(state.observation, instances=instances))


def _later(observation: Observation, instance: Instance, *, come: bool) -> Iterator[Instance]:
    if not come:
        yield instance
    elif instance.booting:
        yield replace(instance, lifecycle="InService", targets=_healthy(observation))
    elif not instance.leaving:
        yield replace(instance, targets=())


def _healthy(observation: Observation) -> tuple[Target, ...]:
    healthy = TargetState.HEALTHY
    return tuple(
        Target(source=one.id, port=one.default_port, state=healthy) for one in observation.sources if one.has_listener
    )


def _group(state: Expected, **fields: object) -> Expected:
    group = replace(state.observation.group, **fields)  # type: ignore[arg-type]
    return replace(state, observation=replace(state.observation, group=group))


def _launching_from(state: Expected, spelled: str) -> Expected:
    """A number is what it says; where an alias points to was asked."""
    seen = state.observation
    base, of_policy = re.match(r"([^+ ]*)(.*)", seen.group.template, re.DOTALL).groups()  # type: ignore[union-attr]
    known = {spelled, spelled.partition(":")[2]}
    template = next((to for what, to in seen.versions.items() if what in known and to), spelled)
    if template != base:
        instances = (replace(one, outdated=one.launched_from != template) for one in seen.instances)
        state = replace(state, observation=replace(seen, instances=tuple(instances)))
    return _group(state, spelled=spelled, template=f"{template}{of_policy}")


def _each(state: Expected, ids: set[str], **fields: object) -> Expected:
    changed = (replace(one, **fields) if one.id in ids else one for one in state.observation.instances)  # type: ignore[arg-type]
    return replace(state, observation=replace(state.observation, instances=tuple(changed)))


def _launched(state: Expected, number: int, zone: str | None = None) -> Expected:
    """One after the other, each into the zone that was asked for, else into the one that is the emptiest then."""
    for _ in range(number):
        at, observation = state.observation.at, state.observation
        new = Instance(
            id=f"{NEW}{state.born + 1}",
            lifecycle="Pending",
            zone=zone or emptiest(observation),
            launched_at=at,
            launched_from=re.split("[+ ]", observation.group.template)[0],
            outdated=False,
        )
        observation = replace(observation, instances=(*observation.instances, new))
        state = replace(state, observation=observation, due=(*state.due, (at + BOOT, new.id)), born=state.born + 1)
    return state


def _terminated(state: Expected, id: str, *, shrink: bool) -> Expected:
    at, one = state.observation.at, state.observation.instance(id)
    state = _each(state, {id}, lifecycle="Terminating", targets=())
    state = replace(state, due=(*state.due, (at + SHUTDOWN, id)))
    if one is not None and one.standby:
        return state
    return _group(state, desired=state.observation.group.desired - 1) if shrink else _launched(state, 1)


def _draining(state: Expected, registrations: tuple[Registration, ...]) -> Expected:
    at = state.observation.at
    for id in dict.fromkeys(one.instance for one in registrations):
        instance = state.observation.instance(id)
        targets = tuple(replace(one, state=TargetState.DRAINING) for one in instance.targets) if instance else ()
        state = _each(state, {id}, targets=targets)
        state = replace(state, due=(*state.due, (at + state.observation.expected_drain, id)))
    return state


def _serving(state: Expected, ids: set[str]) -> Expected:
    return _each(state, ids, targets=_healthy(state.observation))
