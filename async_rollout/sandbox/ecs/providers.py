"""Capacity providers: an Auto Scaling group that ECS manages, and managed termination protection.

With that a host with tasks of its own (no daemons) is protected from scale-in, as soon as the first is placed there and
until the last has stopped.
"""

from __future__ import annotations

import json
from dataclasses import replace

from async_rollout.sandbox import calls
from async_rollout.sandbox.ecs import draining, scaling
from async_rollout.sandbox.ecs.records import Host, Provider
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.words import no_cluster
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.simulation import AWS

TAG = "AmazonECSManaged"
POLICY = "ECSManagedAutoScalingPolicy-"
"""How the name of the scaling policy begins that managed scaling puts."""


def create(room: Room, name: str, group: str, cluster: str, provider: Provider) -> None:
    """CreateCapacityProvider and PutClusterCapacityProviders: what ECS then does with the group."""
    if cluster not in room.state.clusters:
        raise no_cluster()
    room.state.providers[name] = provider
    here = room.state.clusters[cluster]
    room.state.clusters[cluster] = replace(here, providers=(*here.providers, name))
    record = room.simulation.known(group)
    hooks = (draining.hook(),) if provider.draining else ()
    policies = ((POLICY + room.new_id()[:8], _policy(name, provider, cluster)),) if provider.scaling else ()
    room.simulation.put_group(
        replace(
            record,
            tags=(*record.tags, Tag(key=TAG, value="", propagate=True)),
            hooks=(*record.hooks, *hooks),
            policies=(*record.policies, *policies),
            new_protected=record.new_protected or provider.protection,
        )
    )
    for host in room.hosts_in(cluster):
        if host.group == group:
            room.state.hosts[host.arn] = replace(host, provider=name)
            _set(room, host, quiet=True)
    if provider.scaling:
        scaling.drive(room, name, cluster)


def _policy(name: str, provider: Provider, cluster: str) -> str:
    metric = {
        "MetricName": "CapacityProviderReservation",
        "Namespace": "AWS/ECS/ManagedScaling",
        "Dimensions": [
            {"Name": "CapacityProviderName", "Value": name},
            {"Name": "ClusterName", "Value": cluster},
        ],
        "Statistic": "Average",
    }
    tracked = {
        "CustomizedMetricSpecification": metric,
        "TargetValue": float(provider.target),
        "DisableScaleIn": False,
    }
    settings = {"PolicyType": "TargetTrackingScaling", "Enabled": True, "EstimatedInstanceWarmup": 300}
    return json.dumps({**settings, "TargetTrackingConfiguration": tracked})


def host_changed(room: Room, host: Host) -> None:
    """A task has come, or has stopped."""
    _set(room, host, quiet=False)


def _set(room: Room, host: Host, *, quiet: bool) -> None:
    provider = room.state.providers.get(room.state.hosts[host.arn].provider)
    one = room.state.instances.get(host.instance)
    if provider is None or not provider.protection or one is None or not one.in_service:
        return
    wanted = any(not room.is_daemon(task) for task in room.tasks_on(host.arn))
    if wanted == one.protected:
        return
    if quiet:
        room.simulation.put_instance(replace(one, protected=wanted))
    else:
        calls.protect(room.simulation, host.group, (host.instance,), protected=wanted, who=AWS)
