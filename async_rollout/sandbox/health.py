"""The group's own health: HealthCheck marks, the mark sticks, ReplaceUnhealthy acts on it."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import leaving
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import no_instance

ENDED = "an EC2 health check indicating it has been terminated or stopped"
ILL = "an ELB system health check failure"
"""Auto Scaling's words for why it ends one."""


def mark(simulation: Simulation, id: str, status: str, who: str, why: str) -> None:
    """SetInstanceHealth, or AWS's own finding. Raises AwsError for what is no member."""
    one = simulation.state.instances.get(id)
    if one is None or not one.member:
        raise no_instance(id)
    if one.health != status:
        simulation.put_instance(replace(one, health=status))
        simulation.happened(What.MARK, who, one.group, id, f"{status}: {why}")
    simulation.disturbed(one.group)


def look(simulation: Simulation, name: str) -> None:
    """One round: mark, then replace what is marked, each unless its process is suspended."""
    group = simulation.state.groups[name]
    if group.runs("HealthCheck"):
        for one in simulation.state.members(name):
            _check(simulation, group, one)
    for one in simulation.state.members(name):
        if _dead_while_booting(one) or (_marked(one) and group.runs("ReplaceUnhealthy") and group.runs("Terminate")):
            leaving.begin(simulation, one.id, ENDED if one.ec2 != "running" else ILL, AWS)
            simulation.unsettled(name)


def _marked(one: Instance) -> bool:
    return one.in_service and one.health != "Healthy"


def _dead_while_booting(one: Instance) -> bool:
    return one.booting and one.ec2 == "terminated"


def _check(simulation: Simulation, group: Group, one: Instance) -> None:
    if not one.in_service or one.health != "Healthy":
        return
    if one.ec2 != "running":  # the grace period does not protect what does not run
        mark(simulation, one.id, "Unhealthy", AWS, f"EC2 instance is {one.ec2}")
        return
    fault = _balancer_fault(simulation, group, one)
    if not fault:
        return
    grace_ends = (one.in_service_at or 0.0) + group.grace
    if simulation.now < grace_ends:
        simulation.soon("health", group.name, grace_ends - simulation.now)
    else:
        mark(simulation, one.id, "Unhealthy", AWS, fault)


def _balancer_fault(simulation: Simulation, group: Group, one: Instance) -> str:
    """What a load balancer has against the instance. Missing there counts, so deregistering by hand can kill."""
    if "ELB" not in group.health_check_type.split(","):
        return ""
    for source in simulation.state.sources_of(group.name):
        states = [each.state for each in simulation.state.registered(source.id, one.id)]
        if not source.has_listener or (source.classic and "draining" in states):
            continue
        if not states or "unhealthy" in states or "draining" in states:
            return f"ELB {source.name} says {states[0] if states else 'not registered'}"
    return ""
