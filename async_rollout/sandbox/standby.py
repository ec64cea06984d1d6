"""Standby: out of service by its owner's wish, still a row, no health checks.

It holds no place in DesiredCapacity: ended from here (`leaving`), nothing comes for it, and a decrement is one more.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import activities, balancers, launching
from async_rollout.sandbox.history import What
from async_rollout.sandbox.membership import check_number, places_given_up
from async_rollout.sandbox.records import Activity
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.words import invalid, no_instance, not_running


def enter(
    simulation: Simulation, name: str, ids: tuple[str, ...], *, decrement: bool, who: str
) -> tuple[Activity, ...]:
    """EnterStandby: deregistered and drained first. Without decrement AWS launches in their place."""
    group = simulation.known(name)
    check_number(ids, "place into standby")
    for id in ids:
        if id not in simulation.state.rosters[name]:
            raise no_instance(id)
        if not simulation.state.instances[id].in_service:
            raise invalid(f"The instance {id} is not in InService.")
    shrinks = places_given_up(simulation, group, "place into standby", len(ids)) if decrement else ""
    told = tuple(_enter_one(simulation, name, id, shrinks, who) for id in ids)
    simulation.unsettled(name)
    return told


def _enter_one(simulation: Simulation, name: str, id: str, shrinks: str, who: str) -> Activity:
    simulation.happened(What.STANDBY, who, name, id, "enter")
    why = f"instance {id} was moved to standby in response to a user request{shrinks}"
    told = activities.moved(simulation, name, id, "Moving EC2 instance to Standby", why, launch=False)
    simulation.put_instance(replace(simulation.state.instances[id], lifecycle="EnteringStandby"))
    until = balancers.remove(simulation, simulation.state.groups[name], id)
    simulation.after(until - simulation.now, lambda: _entered(simulation, id))
    return told


def _entered(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    if one.lifecycle == "EnteringStandby":
        simulation.put_instance(replace(one, lifecycle="Standby"))
        activities.move(simulation, one.group, id, "Successful", launch=False)


def leave(simulation: Simulation, name: str, ids: tuple[str, ...], who: str) -> tuple[Activity, ...]:
    """ExitStandby: desired rises by as many; they boot no more, but are registered anew."""
    group = simulation.known(name)
    check_number(ids, "exit standby")
    if not group.runs("Launch"):  # the guide: nothing leaves Standby then; the words are ours
        raise invalid(
            f"No instance can leave Standby while the Launch process of AutoScalingGroup {name} is suspended."
        )
    if group.desired + len(ids) > group.maximum:
        raise invalid(f"AutoScalingGroup {name} has max-size={group.maximum}: no room for {len(ids)} more.")
    for id in ids:
        if id not in simulation.state.rosters[name]:
            raise no_instance(id)
        if simulation.state.instances[id].lifecycle != "Standby":
            raise invalid(f"The instance {id} is not in Standby.")
        if simulation.state.instances[id].ec2 != "running":  # no load balancer would take it
            raise not_running(simulation.state.instances[id])
    simulation.put_group(replace(group, desired=group.desired + len(ids)))
    grows = f", increasing the capacity from {group.desired} to {group.desired + len(ids)}"
    return tuple(_leave_one(simulation, name, id, grows, who) for id in ids)


def _leave_one(simulation: Simulation, name: str, id: str, grows: str, who: str) -> Activity:
    simulation.happened(What.STANDBY, who, name, id, "exit")
    why = f"instance {id} was moved out of standby in response to a user request{grows}"
    told = activities.moved(simulation, name, id, "Moving EC2 instance out of Standby", why, launch=True)
    simulation.put_instance(replace(simulation.state.instances[id], lifecycle="Pending"))
    launching.enter_service(simulation, id)
    return told
