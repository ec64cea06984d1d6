"""A simulated group as data, the record in its tags included: what one release left behind at one step of a rollout.

`freeze` writes it down, `thaw` builds a world that goes on from there, whatever the sandbox has learnt since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from math import inf
from typing import Any

from async_rollout.sandbox import balancers, launching, leaving, records
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.world import World

GROUP = "web"


def freeze(world: World) -> dict[str, Any]:
    """The group, its members, its traffic sources and its template, as they are now."""
    state, group = world.state, world.group(GROUP)
    held = [one for source in group.source_ids for one in state.registered(source)]
    whole = [group, *state.members(GROUP), *state.sources_of(GROUP), *state.templates.values(), *held]
    return {"at": world.now, "records": [_plain(one) for one in whole]}


def _plain(value: Any) -> Any:
    """What differs from a record's own defaults, so that a field which is new later takes its default."""
    if is_dataclass(value):
        said = {one.name: getattr(value, one.name) for one in fields(value)}
        defaults = {one.name: one.default for one in fields(value) if one.default is not MISSING}
        kept = {key: _plain(each) for key, each in said.items() if key not in defaults or defaults[key] != each}
        return {"is": type(value).__name__, **kept}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return "inf" if value == inf else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return getattr(records, value["is"])(**{key: _read(each) for key, each in value.items() if key != "is"})
    if isinstance(value, list):
        return tuple(_read(one) for one in value)
    return inf if value == "inf" else value


def thaw(frozen: dict[str, Any], clock: Callable[[], float]) -> World:
    """A world in which what was under way then goes on."""
    world = World(0, clock)
    world._clock_base = world.now = frozen["at"]
    whole = [_read(one) for one in frozen["records"]]
    for one in whole:
        _put(world, one)
    for registration in (one for one in whole if isinstance(one, records.Registration)):
        others = world.state.registered(registration.source, registration.instance)
        world.put_registrations(registration.source, registration.instance, (*others, registration))
    for member in world.state.members(GROUP):
        _go_on(world, member)
    for registration in (one for one in whole if isinstance(one, records.Registration)):
        _look_after(world, registration)
    world.unsettled(GROUP)
    world.disturbed(GROUP)
    world.settle()
    return world


def _put(world: Simulation, one: Any) -> None:
    match one:
        case records.Group():
            world.put_group(one)
        case records.Instance():
            world.put_instance(one)
        case records.Source():
            world.put_source(one)
        case records.Template():
            world.put_template(one)


def _go_on(world: Simulation, one: records.Instance) -> None:
    """It boots to its end, gets warm, or shuts down."""
    physics = world.state.groups[GROUP].physics
    if one.booting:
        world.after(physics.boot / 4, lambda: launching._running(world, one.id))
        world.after(physics.boot, lambda: launching._booted(world, one.id))
    if one.leaving:
        world.after(physics.terminate, lambda: leaving._gone(world, one.id))
    if one.in_service and world.now < one.app_up_at < inf:
        world.after(one.app_up_at - world.now + 1, lambda: balancers.application_changed(world, one.id))


def _look_after(world: Simulation, one: records.Registration) -> None:
    source = world.state.sources[one.source]
    if one.state == "draining":
        world.after(one.gone_at - world.now, lambda: balancers._end_drain(world, source, one.instance, one.port))
    elif one.state == "initial":
        balancers._tick_in(world, source, one, source.interval)


def departures_of(frozen: dict[str, Any]) -> Iterator[str]:
    """The tags of the departures, as they were written."""
    group = next(one for one in frozen["records"] if one["is"] == "Group")
    yield from (tag["value"] for tag in group["tags"] if tag["key"].startswith("async-rollout:lane:"))
