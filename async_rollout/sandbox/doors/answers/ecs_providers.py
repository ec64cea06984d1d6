"""ECS's capacity providers: described, and what they attach to their clusters."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers import ecs_rows as rows
from async_rollout.sandbox.doors.answers.asked import Asked, Params
from async_rollout.sandbox.doors.answers.ecs_asked import described, paged
from async_rollout.sandbox.ecs.draining import HOOK
from async_rollout.sandbox.ecs.providers import POLICY
from async_rollout.sandbox.ecs.records import Cluster
from async_rollout.sandbox.ecs.words import wrong

FARGATE = ("FARGATE", "FARGATE_SPOT")
"""Every account has these two."""


def describe_providers(asked: Asked) -> Params:
    """Ten a page; with names, those, and failures for who is missing."""
    names = asked.params.get("capacityProviders") or []
    if len(names) > 100:
        raise wrong("capacityProviders can have at most 100 items.")
    every = {**dict.fromkeys(FARGATE), **asked.state.providers}
    arns = {asked.world.ecs.arn(f"capacity-provider/{name}"): name for name in every}
    if not names:
        page = paged(asked, "capacityProviders", list(every), size=10, most=10)
        return page | {"capacityProviders": [_row(asked, name) for name in page["capacityProviders"]], "failures": []}
    find = lambda name: name if name in every else arns.get(name)  # noqa: E731
    return described(asked, "capacityProviders", names, find, "capacity-provider", lambda name: _row(asked, name))


def _row(asked: Asked, name: str) -> Params:
    if name in FARGATE:
        arn = asked.world.ecs.arn(f"capacity-provider/{name}")
        return {"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "tags": []}
    return rows.provider(asked.state, asked.state.providers[name])


def attachments(asked: Asked, one: Cluster) -> Params:
    """What managed scaling and managed draining have made for the cluster."""
    several = [asked.state.providers[name] for name in one.providers if name in asked.state.providers]
    told: list[Params] = []
    for each in several:
        named = {"name": "capacityProviderName", "value": each.name}
        if each.scaling:
            policy = next((name for name, _ in asked.state.groups[each.group].policies if name.startswith(POLICY)), "")
            told.append(_attachment(f"as_policy-{each.name}", "as_policy", named, "scalingPolicyName", policy))
        if each.draining:
            hook = "autoScalingLifecycleHookName"
            told.append(_attachment(f"managed_draining-{each.name}", "managed_draining", named, hook, HOOK))
    return {"attachments": told, "attachmentsStatus": "UPDATE_COMPLETE" if told else None}


def _attachment(id: str, kind: str, named: Params, key: str, value: str) -> Params:
    return {"id": id, "type": kind, "status": "CREATED", "details": [named, {"name": key, "value": value}]}
