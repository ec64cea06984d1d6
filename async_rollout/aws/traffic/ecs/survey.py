"""What stands against a rollout of hosts, or beside it: asked of a cluster, or of the group where nobody may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from async_rollout.aws.calls import Ask, Body, autoscaling
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.concerns import Options, concerns
from async_rollout.aws.traffic.ecs.hosts import Host, all_rows, hosts_of
from async_rollout.aws.traffic.ecs.left import drained_of
from async_rollout.aws.traffic.ecs.room import Hosts
from async_rollout.aws.traffic.ecs.services import services_of, tasks_of, with_protection
from async_rollout.aws.traffic.kind import Concerns

HOOK = "ecs-managed-draining-termination-hook"
"""The lifecycle hook that ECS puts on the group of a capacity provider with managed draining."""
OFF = "--ecs off: they host none"


async def surveyed(ask: Ask, cluster: str, members: Sequence[str], options: Options) -> Concerns:
    """Of one cluster. members: the group's instances."""
    listed, running = Part(partial(all_rows, ask, cluster)), Part(partial(tasks_of, ask, cluster))
    await together(listed, running)
    hosts = (await hosts_of(ask, cluster, listed.value.arns)).hosts
    ours = {host.arn: host.id for host in hosts if host.id in members}
    usable = frozenset(host.arn for host in hosts if host.status == "ACTIVE" and host.connected)
    protected = Part(partial(with_protection, ask, cluster, [task for task in running.value if task.host in ours]))
    services = Part(partial(services_of, ask, cluster, {task.service for task in running.value if task.service}))
    await together(protected, services)
    tasks = (*protected.value, *(task for task in running.value if task.host not in ours))
    name = cluster.rpartition("/")[2]
    found = concerns(Hosts(cluster=name, old=ours, others=usable - ours.keys()), tasks, services.value, options)
    aside = [_aside(name, host) for host in hosts if host.arn in ours and host.status == "DRAINING"]
    held = drained_of(name, len(ours), [task for task in tasks if task.host in ours], services.value)
    return Concerns(objections=found.objections, told=(held, *aside, *found.told))


def _aside(cluster: str, host: Host) -> str:
    return f"{host.id} drains in cluster {cluster} already"


def elsewhere(named: Sequence[str], absent: Sequence[str]) -> Concerns:
    """The owner has named clusters, and they are not those of the group. absent: those that there are not at all."""
    if absent:
        are = f"is no cluster {absent[0]}" if len(absent) == 1 else f"are no clusters {', '.join(absent)}"
        return Concerns(objections=(f"there {are} in this account and region (--ecs; {OFF})",))
    return Concerns(told=(f"none of its instances hosts tasks of {', '.join(named)}, and no other cluster is asked",))


async def unlooked(ask: Ask, group: Body, denied: CallFailedError) -> Concerns:
    """Nobody may look whether its instances are hosts: refused where anything speaks for it, else told."""
    permission = denied.call.api.permission(denied.call.operation)
    why = f"whether its instances host ECS tasks cannot be told: {permission} is denied; allow it, or {OFF}"
    hint = _tagged({tag["Key"]: tag.get("Value", "") for tag in group.get("Tags", ())}) or await _hooked(ask, group)
    return Concerns(objections=(f"{hint}, and {why}",)) if hint else Concerns(told=(why,))


def _tagged(tags: Mapping[str, str]) -> str:
    return "its tag AmazonECSManaged says that ECS manages it" if "AmazonECSManaged" in tags else ""


async def _hooked(ask: Ask, group: Body) -> str:
    call = autoscaling("DescribeLifecycleHooks", AutoScalingGroupName=group["AutoScalingGroupName"])
    names = [row.get("LifecycleHookName", "") for row in (await ask(call)).body.get("LifecycleHooks", ())]
    return f"its lifecycle hook {HOOK} is ECS's own" if HOOK in names else ""
