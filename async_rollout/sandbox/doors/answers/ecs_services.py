"""ECS's services: listed, described, changed."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers import ecs_rows as rows
from async_rollout.sandbox.doors.answers.asked import Asked, Params
from async_rollout.sandbox.doors.answers.ecs_asked import at_most, cluster, described, paged
from async_rollout.sandbox.ecs import deeds
from async_rollout.sandbox.words import not_simulated

CHANGES = {
    "cluster", "service", "desiredCount", "taskDefinition", "deploymentConfiguration", "forceNewDeployment",
}  # fmt: skip
"""What UpdateService takes here."""


def list_services(asked: Asked) -> Params:
    """Ten a page, if nothing else is asked for."""
    here, strategy = cluster(asked), asked.params.get("schedulingStrategy")
    found = [one for one in asked.state.services.values() if one.cluster == here.name]
    found = [one for one in found if strategy in (None, "DAEMON" if one.daemon else "REPLICA")]
    if asked.params.get("launchType", "EC2") != "EC2":
        found = []
    return paged(asked, "serviceArns", [one.arn for one in found], size=10)


def describe_services(asked: Asked) -> Params:
    names, here = at_most(asked, "services", 10, "Services"), cluster(asked)
    return described(
        asked,
        "services",
        names,
        lambda name: deeds.find(asked.state.services, "service", here, name),
        "service",
        lambda one: rows.service(asked.state, one),
    )


def update_service(asked: Asked) -> Params:
    if lost := sorted(set(asked.params) - CHANGES):
        raise not_simulated(f"{', '.join(lost)} of ecs:UpdateService")
    limits = asked.params.get("deploymentConfiguration", {})
    changed = asked.world.ecs.update_service(
        asked.params.get("cluster"),
        asked.params["service"],
        desired=asked.params.get("desiredCount"),
        defined=asked.params.get("taskDefinition"),
        minimum=limits.get("minimumHealthyPercent"),
        maximum=limits.get("maximumPercent"),
        force=bool(asked.params.get("forceNewDeployment")),
        who=asked.who,
    )
    return {"service": rows.service(asked.world.look(), changed)}
