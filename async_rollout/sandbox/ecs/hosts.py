"""Instances that join a cluster: registered by their agent, connected or not, DRAINING, gone for good."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import leaving
from async_rollout.sandbox.ecs import tasks
from async_rollout.sandbox.ecs.records import Cluster, Host, Pairs
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.timing import HostTroubles
from async_rollout.sandbox.ecs.words import holds_tasks, refused
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.simulation import AWS


def instance_changed(room: Room, was: Instance | None, now: Instance) -> None:
    """It begins to run: its agent will register it. It ends: its tasks end with it, and its row outlives it."""
    before = was.ec2 if was else "pending"
    if before == now.ec2:
        return
    if before == "pending" and now.ec2 == "running":
        for cluster in room.clusters_of(now.group):
            seconds = room.rng.uniform(*room.timing.registers)
            room.simulation.after(seconds, lambda name=cluster.name: _joins(room, name, now.id))  # type: ignore[misc]
    elif before == "running":
        for host in room.rows_of(now.id):
            if host.ended_at is None:
                _ended(room, host)


def _joins(room: Room, cluster: str, instance: str) -> None:
    one = room.state.instances[instance]
    if one.ec2 != "running" or cluster not in room.state.clusters:
        return
    troubles = room.troubles.setdefault(one.group, HostTroubles())
    if troubles.lost > 0:
        troubles.lost -= 1
        if troubles.ended is not None:
            room.simulation.after(troubles.ended, lambda: _given_up(room, instance))
        return
    host = row(room, room.state.clusters[cluster], one)
    if troubles.refused > 0:
        troubles.refused -= 1
        host = replace(host, status="REGISTRATION_FAILED", reason=troubles.refusal)
    elif troubles.registering > 0:
        host = replace(host, status="REGISTERING", connected=False)
        room.simulation.after(troubles.registering, lambda: _set_up(room, host.arn))
    if troubles.silent > 0:
        troubles.silent -= 1
        host = replace(host, connected=False)
    _write(room, host, AWS)


def _given_up(room: Room, instance: str) -> None:
    """ECS has those ended that never joined; its group replaces them."""
    one = room.state.instances[instance]
    if one.member and not one.leaving:
        leaving.asked(room.simulation, instance, decrement=False, who=AWS)


def row(room: Room, cluster: Cluster, one: Instance) -> Host:
    """A new row for the instance."""
    own = [room.state.providers[name] for name in cluster.providers]
    return Host(
        arn=room.arn(f"container-instance/{cluster.name}/{room.new_id()}"),
        cluster=cluster.name,
        instance=one.id,
        group=one.group,
        zone=one.zone,
        registered_at=room.now,
        cpu=room.timing.host_cpu,
        memory=room.timing.host_memory,
        attributes=_attributes(room, one),
        provider=next((each.name for each in own if each.group == one.group), ""),
    )


def _attributes(room: Room, one: Instance) -> Pairs:
    """Its own and those of its group, without those that its launch template's version lacks."""
    version = one.template.version if one.template else None
    every = {
        "ecs.availability-zone": one.zone,
        "ecs.instance-type": one.instance_type,
        "ecs.os-type": "linux",
        "ecs.capability.task-eni": "",
        **room.attributes.get(one.group, {}),
    }
    lacks = (
        room.troubles[one.group].lacks.get(version or "", frozenset()) if one.group in room.troubles else frozenset()
    )
    return tuple((name, value) for name, value in every.items() if name not in lacks)


def _set_up(room: Room, arn: str) -> None:
    host = room.state.hosts[arn]
    if host.status == "REGISTERING" and host.ended_at is None:
        _write(room, replace(host, status="ACTIVE", connected=True), AWS)


def _write(room: Room, host: Host, who: str) -> None:
    room.put_host(host)
    room.simulation.happened(What.HOST, who, host.group, host.instance, f"{host.cluster} {host.status}")


def _ended(room: Room, host: Host) -> None:
    tasks.lose(room, host)
    gone = replace(room.state.hosts[host.arn], connected=False, ended_at=room.now)
    room.put_host(gone)
    room.simulation.after(room.timing.outlives, lambda: _forgotten(room, host.arn))


def _forgotten(room: Room, arn: str) -> None:
    host = room.state.hosts[arn]
    if host.status != "INACTIVE":
        _write(room, replace(host, status="INACTIVE"), AWS)


def set_state(room: Room, host: Host, status: str, who: str) -> Host:
    """UpdateContainerInstancesState of one; said twice is said once. Raises AwsError where it may not become so."""
    if host.status == status:
        return host
    if host.status not in ("ACTIVE", "DRAINING"):
        raise refused(f"The container instance is {host.status} and cannot become {status}.")
    _write(room, replace(host, status=status), who)
    return room.state.hosts[host.arn]


def deregister(room: Room, host: Host, who: str, *, force: bool) -> Host:
    """DeregisterContainerInstance. Its tasks go on where they are, and ECS counts them no more."""
    if room.tasks_on(host.arn) and not force:
        raise holds_tasks()
    tasks.orphan(room, host)
    _write(room, replace(host, status="INACTIVE", connected=False), who)
    return room.state.hosts[host.arn]


def registers_again(room: Room, instance: str) -> None:
    """Its agent has lost what it knew, as after a reboot: a new row, and the old one stays, without agent or tasks."""
    for host in room.rows_of(instance):
        if host.ended_at is None:
            tasks.orphan(room, host)
            agent(room, room.state.hosts[host.arn], connected=False)
            _write(room, row(room, room.state.clusters[host.cluster], room.state.instances[instance]), AWS)


def agent(room: Room, host: Host, *, connected: bool) -> None:
    """Its agent comes back, or is gone."""
    if host.ended_at is not None or host.status == "INACTIVE" or host.connected == connected:
        return
    room.put_host(replace(host, connected=connected))
    word = "connected" if connected else "gone"
    room.simulation.happened(What.AGENT, AWS, host.group, host.instance, word)
    if connected:
        tasks.resume(room, room.state.hosts[host.arn])


def agent_gone(room: Room, instance: str, seconds: float | None) -> None:
    """For so many seconds; None: for ever."""
    for host in room.rows_of(instance):
        agent(room, host, connected=False)
        if seconds is not None:
            arn = host.arn
            room.simulation.after(seconds, lambda arn=arn: agent(room, room.state.hosts[arn], connected=True))  # type: ignore[misc]


def agent_flaps(room: Room, instance: str, every: float, seconds: float) -> None:
    """From now on its agent is gone for so many seconds, each `every` seconds; as long as its instance runs."""
    if any(host.ended_at is None for host in room.rows_of(instance)):
        agent_gone(room, instance, seconds)
        room.simulation.after(every, lambda: agent_flaps(room, instance, every, seconds))
