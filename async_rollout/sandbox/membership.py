"""Attached and detached by hand: how a running instance joins a group, or leaves it and lives on."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import activities, balancers, launching, templates
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Activity, Group
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.words import already_member, invalid, not_running, too_few_places

MOST = 20
"""Instances of one call (the user guide's quotas)."""


def attach(simulation: Simulation, name: str, ids: tuple[str, ...], who: str) -> None:
    """AttachInstances: desired rises by as many. They boot no more and meet no hook, and stand for no template."""
    group = simulation.known(name)
    check_number(ids, "attach")
    for id in ids:
        _check_newcomer(simulation, group, id)
    if group.desired + len(ids) > group.maximum:
        raise too_few_places(group, "attach", len(ids))
    if not group.runs("Launch"):  # the guide: nothing can be attached then; the words are ours
        raise invalid(f"No instance can be attached to AutoScalingGroup {name} while its Launch process is suspended.")
    simulation.put_group(replace(group, desired=group.desired + len(ids)))
    for id in ids:
        _attach(simulation, name, id, who)
    simulation.unsettled(name)


def check_number(ids: tuple[str, ...], verb: str) -> None:
    """One call takes one instance at least, and not too many."""
    if not ids:
        raise invalid("At least one instance ID must be specified")
    if len(ids) > MOST:
        raise invalid(
            f"List exceeds the maximum number of instances to {verb}. Please retry your request with fewer instances."
        )


def _check_newcomer(simulation: Simulation, group: Group, id: str) -> None:
    one = simulation.state.instances.get(id)
    if one is None or one.forgotten:
        raise invalid(f"Invalid Instance ID(s): [{id}] specified")
    if one.member:
        raise already_member(id, one.group)
    if one.ec2 != "running":
        raise not_running(one)
    if one.zone not in group.zones:
        raise invalid(f"The instance {id} is in {one.zone}, which is not part of AutoScalingGroup:{group.name}")


def _attach(simulation: Simulation, name: str, id: str, who: str) -> None:
    one, group = simulation.state.instances[id], simulation.state.groups[name]
    simulation.happened(What.ATTACH, who, name, id)
    kept = templates.image_of(simulation.state, one)
    joined = replace(one, group=name, lifecycle="Pending", health="Healthy", protected=group.new_protected)
    simulation.put_instance(replace(joined, template=None, configuration=None, image=None, ami=kept))
    why = f"an instance was added in response to user request. Keeping the capacity at the new {group.desired}"
    activities.moved(simulation, name, id, "Attaching an existing EC2 instance", why, launch=True)
    simulation.after(group.physics.react, lambda: _attached(simulation, id))


def _attached(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    if one.lifecycle == "Pending" and one.ec2 == "running":
        launching.enter_service(simulation, id)


def detach(
    simulation: Simulation, name: str, ids: tuple[str, ...], *, decrement: bool, who: str
) -> tuple[Activity, ...]:
    """DetachInstances: deregistered and drained first. Without decrement AWS launches in their place."""
    group = simulation.known(name)
    check_number(ids, "detach")
    for id in ids:
        if id not in simulation.state.rosters[name]:
            raise invalid(f"The instance {id} is not part of Auto Scaling group {name}.")
        one = simulation.state.instances[id]
        if not (one.retained or one.lifecycle in ("InService", "Standby")):
            raise invalid(f"The instance {id} is not in InService or Standby.")
    shrinks = places_given_up(simulation, group, "detach", len(ids)) if decrement else ""
    told = tuple(_detach(simulation, name, id, shrinks, who) for id in ids)
    simulation.unsettled(name)
    return told


def places_given_up(simulation: Simulation, group: Group, verb: str, number: int) -> str:
    """So many places less in DesiredCapacity, as AWS tells of it; never below the minimum."""
    left = group.desired - number
    if left < group.minimum:
        raise too_few_places(group, verb, number)
    simulation.put_group(replace(group, desired=left))
    return f", shrinking the capacity from {group.desired} to {left}"


def _detach(simulation: Simulation, name: str, id: str, shrinks: str, who: str) -> Activity:
    simulation.happened(What.DETACH, who, name, id, "decrement" if shrinks else "replace")
    simulation.put_instance(replace(simulation.state.instances[id], lifecycle="Detaching", protected=False))
    why = f"instance {id} was detached in response to a user request{shrinks}"
    told = activities.moved(simulation, name, id, "Detaching EC2 instance", why, launch=False)
    until = balancers.remove(simulation, simulation.state.groups[name], id)
    simulation.after(until - simulation.now, lambda: _detached(simulation, id))
    return told


def _detached(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    if one.lifecycle == "Detaching":
        activities.move(simulation, one.group, id, "Successful", launch=False)
        simulation.put_instance(replace(one, lifecycle="Detached"))
        simulation.unsettled(one.group)
