"""How an instance goes: Terminating, drained by AWS, terminating hooks, shutting down, gone."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import activities, balancers, hooks
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Activity, Group, Instance
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import at_minimum, no_instance

BY_ITSELF = "Client.InstanceInitiatedShutdown"
"""EC2's code of whoever has shut itself down."""
BY_USER = "Client.UserInitiatedShutdown"
"""EC2's code of whoever was ended by a call, Auto Scaling's too."""
RETAINED = "The instance is retained: its terminating lifecycle action was abandoned or timed out"


def down(instance: Instance) -> str:
    """EC2's state of one that it does not run; empty where it does."""
    return "" if instance.ec2 in ("pending", "running") else instance.ec2


def asked(simulation: Simulation, id: str, *, decrement: bool, who: str) -> Activity:
    """TerminateInstanceInAutoScalingGroup. Scale-in protection does not stop it."""
    one = simulation.state.instances.get(id)
    if one is None or not one.member:
        raise no_instance(id)
    group = simulation.state.groups[one.group]
    if one.leaving:
        return _again(simulation, group, id, decrement=decrement, who=who)
    if decrement:
        _shrink(simulation, group)
    simulation.happened(What.TERMINATE, who, group.name, id, "decrement" if decrement else "replace")
    begin(simulation, id, "a user request", who)
    simulation.unsettled(group.name)
    return _activity(simulation, group.name, id)


def _shrink(simulation: Simulation, group: Group) -> None:
    if group.desired <= group.minimum:
        raise at_minimum(group.minimum)
    simulation.put_group(replace(group, desired=group.desired - 1))


def _again(simulation: Simulation, group: Group, id: str, *, decrement: bool, who: str) -> Activity:
    """It is Terminating already; what AWS does then is not documented, so the world can be told.

    One that is retained ends, and takes nothing out of DesiredCapacity, as it holds no place there.
    """
    if simulation.state.instances[id].retained:
        simulation.happened(What.TERMINATE, who, group.name, id, "retained no longer")
        _shut_down(simulation, id)
        return _activity(simulation, group.name, id)
    if simulation.second_terminate == "refuse":
        raise no_instance(id)
    if simulation.second_terminate == "decrement" and decrement:
        _shrink(simulation, group)
    simulation.happened(What.TERMINATE, who, group.name, id, "again")
    simulation.unsettled(group.name)
    return _activity(simulation, group.name, id)


def _activity(simulation: Simulation, group: str, id: str) -> Activity:
    return next(one for one in reversed(simulation.state.activities[group]) if one.instance == id and not one.launch)


def begin(simulation: Simulation, id: str, why: str, who: str) -> None:
    """Terminating, out of DesiredCapacity's count; AWS deregisters what is still registered and lets it drain."""
    one = simulation.state.instances[id]
    group = simulation.state.groups[one.group]
    if who == AWS:
        simulation.happened(What.TERMINATE, who, group.name, id, why)
    simulation.hook_waits.pop(id, None)
    for launch in (True, False):  # whatever was going on with it; a detachment, too
        activities.move(simulation, group.name, id, "Cancelled", launch=launch)
    cause = f"instance {id} was taken out of service in response to {why}"
    activities.start(simulation, group.name, id, one.zone, cause, launch=False)
    simulation.put_instance(replace(one, lifecycle="Terminating"))
    until = balancers.remove(simulation, group, id) if one.ec2 == "running" else simulation.now
    if until > simulation.now:
        activities.move(simulation, group.name, id, "WaitingForELBConnectionDraining", launch=False)
        simulation.after(until - simulation.now, lambda: _drained(simulation, id))
    else:
        _drained(simulation, id)


def _drained(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    activities.move(simulation, one.group, id, "InProgress", launch=False)
    if one.ec2 != "running":
        _shut_down(simulation, id)
        return
    group = simulation.state.groups[one.group]
    hooks.wait(simulation, group, id, lambda result: _hooked(simulation, id, result), launching=False)


def _hooked(simulation: Simulation, id: str, result: str) -> None:
    """The instance lifecycle policy: whoever's hook was abandoned is kept, running, as it is."""
    one = simulation.state.instances[id]
    if result == "ABANDON" and simulation.state.groups[one.group].retains and one.ec2 == "running":
        activities.move(simulation, one.group, id, "Cancelled", launch=False, message=RETAINED)
        simulation.put_instance(replace(one, lifecycle="Terminating:Retained"))
        simulation.happened(What.HOOK, AWS, one.group, id, "Terminating:Retained")
    else:
        _shut_down(simulation, id)


def _shut_down(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    ec2 = one.ec2 if one.ec2 == "terminated" else "shutting-down"
    lifecycle = "Terminating:Proceed" if one.retained else one.lifecycle
    simulation.put_instance(replace(one, ec2=ec2, lifecycle=lifecycle, reason=one.reason or BY_USER))
    simulation.after(simulation.state.groups[one.group].physics.terminate, lambda: _gone(simulation, id))


def _gone(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    balancers.forget(simulation, id)
    activities.move(simulation, one.group, id, "Successful", launch=False)
    simulation.put_instance(replace(one, ec2="terminated", lifecycle="Terminated"))
    simulation.happened(What.GONE, AWS, one.group, id)
    if simulation.state.groups[one.group].status and not simulation.state.rosters[one.group]:
        simulation.drop_group(one.group)


def die(simulation: Simulation, id: str, who: str, reason: str = BY_USER) -> None:
    """EC2 ends the instance behind its group's back; the group's health check finds out. reason: EC2's code."""
    one = simulation.state.instances[id]
    if one.ec2 in ("pending", "running"):
        simulation.put_instance(replace(one, ec2="terminated", reason=reason))
        balancers.application_changed(simulation, id)
        simulation.happened(What.DIED, who, one.group, id)
        simulation.disturbed(one.group)
