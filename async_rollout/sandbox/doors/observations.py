"""The world's tables as the core sees them: pure, from a State to the parts of a Observation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import floor

from async_rollout.core import activity, observation
from async_rollout.core.journal import digest
from async_rollout.core.others import Trait, claims_of, hook_traits, policy_traits, traits_of
from async_rollout.core.tags import ORDER, PREFIX, from_tags, probes_in
from async_rollout.sandbox import leaving, purchase, templates
from async_rollout.sandbox.doors.answers.settings import kept
from async_rollout.sandbox.records import Activity, Group, Hook, Instance, Registration, Source
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import OVERRIDES, classic_words

ACTIVE_REFRESH = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")

Health = dict[str, tuple[observation.Target, ...]]
"""By instance id: where it is registered."""


def observation_of(
    state: State, name: str, at: float, health: Health | None = None, seen_at: Mapping[str, float] | None = None,
    others: tuple[observation.Source, ...] = (),
) -> observation.Observation:  # fmt: skip
    """What DescribeAutoScalingGroups and EC2 tell; with the health in the sources, where that was asked.

    others: sources that the group's row does not name.
    """
    group = state.groups[name]
    tags = {tag.key: tag.value for tag in group.tags}
    return observation.Observation(
        at=at,
        group=group_of(state, group),
        instances=tuple(instance_of(state, group, one, (health or {}).get(one.id, ())) for one in state.members(name)),
        sources=(*(_source(state, id, at, (seen_at or {}).get(id)) for id in group.source_ids), *others),
        journal=from_tags(tags, group.arn),
        order=tags.get(ORDER),
        probes=probes_in(tags),
    )


def group_of(state: State, group: Group) -> observation.Group:
    return observation.Group(
        name=group.name,
        arn=group.arn,
        minimum=group.minimum,
        desired=group.desired,
        maximum=group.maximum,
        template=templates.of_group(state, group),
        spelled=templates.spelled(group),
        policy=_policy(group),
        own_templates=any(one.template for one in group.overrides),
        suspended=group.suspended_names,
        status=group.status,
        health_check_type=group.health_check_type,
        warmup=max(0.0, float(kept(group, "DefaultInstanceWarmup") or 0)),
        grace=group.grace,
        tag_count=sum(not tag.key.startswith(("aws:", PREFIX)) for tag in group.tags),
        zones=group.zones,
        weighted=group.weighted,
        mixed_purchase=purchase.is_mixed(group),
        warm_pool=group.warm_pool,
        ecs_managed=any(tag.key == "AmazonECSManaged" for tag in group.tags),
        unknown_sources=tuple(id for id, _ in group.other_sources),
        claims=claims_of({tag.key: tag.value for tag in group.tags}, group.operator),
        traits=traits_of(tag.key for tag in group.tags) | frozenset(_traits(group)),
    )


def _policy(group: Group) -> str:
    """A word for all that a mixed policy says beside which template."""
    said = (group.overrides, group.spot, group.on_demand_base, kept(group, "InstancesDistribution"))
    return digest(repr(said)) if group.overrides else ""


def _traits(group: Group) -> Iterable[Trait]:
    shown = {Trait.REBALANCES: group.rebalances, Trait.LIFETIME: group.lifetime, Trait.RESERVED: group.reserved}
    return (trait for trait, there in shown.items() if there)


def instance_of(
    state: State, group: Group, one: Instance, targets: tuple[observation.Target, ...] = ()
) -> observation.Instance:
    return observation.Instance(
        id=one.id,
        lifecycle=one.lifecycle,
        health=one.health,
        zone=one.zone,
        launched_at=None if one.forgotten else one.attached_at,
        launched_from=templates.spoken(one.template, one.configuration),
        outdated=templates.outdated(state, group, one),
        private_ip=one.private_ip,
        public_ip=one.public_ip,
        protected=one.protected,
        targets=targets,
        **_down(one),
    )


def ends_of(state: State, ids: Iterable[str]) -> dict[str, str]:
    """EC2's code of how each has ended; empty of one that it runs, or does not show any more."""
    known = {id: one for id in ids if (one := state.instances.get(id)) and leaving.down(one) and not one.forgotten}
    return {id: known[id].reason if id in known else "" for id in ids}


def _down(one: Instance) -> dict[str, str]:
    """EC2 is asked of those that are marked, and does not know whom it has forgotten."""
    state = leaving.down(one)
    asked = one.health != "Healthy" and state and not one.forgotten
    return {"down": state, "reason": one.reason} if asked else {}


def _source(state: State, id: str, at: float, seen_at: float | None) -> observation.Source:
    found = state.sources.get(id)
    if found is not None:
        return source_of(found, seen_at)
    name = id.rsplit(":targetgroup/", maxsplit=1)[-1].split("/", maxsplit=1)[0]
    classic = not id.startswith("arn:")
    kind, noun = _kind(classic=classic)
    gone = observation.Source(id=id, kind=kind, noun=noun, name=name, detach=_detach(id, classic=classic))
    return replace(observation.unfound(gone), seen_at=at)


def _kind(*, classic: bool) -> tuple[str, str]:
    """The name of a kind, and its noun, as `aws.traffic` has them."""
    return ("classic", "load balancer") if classic else ("target group", "target group")


def _detach(id: str, *, classic: bool) -> str:
    if classic:
        return f"detach-load-balancers --load-balancer-names {id}"
    return f"detach-load-balancer-target-groups --target-group-arns {id}"


def source_of(one: Source, seen_at: float | None = None) -> observation.Source:
    kind, noun = _kind(classic=one.classic)
    return observation.Source(
        id=one.id,
        kind=kind,
        noun=noun,
        name=one.name,
        has_listener=one.has_listener,
        drain_delay=one.delay if one.drains else 0.0,
        default_port=one.port,
        zones=frozenset(one.zones) if one.has_listener else None,
        seen_at=seen_at,
        ends_early=one.classic,
        detach=_detach(one.id, classic=one.classic),
        slow_start=one.slow_start,
    )


def health_of(state: State, sources: Iterable[str]) -> Health:
    """What DescribeInstanceHealth and DescribeTargetHealth list for these sources."""
    found: Health = {}
    for source in sources:
        for one in state.registered(source):
            target = _target(state, state.sources[source], one)
            found[one.instance] = (*found.get(one.instance, ()), target)
    return found


def _target(state: State, source: Source, one: Registration) -> observation.Target:
    reason = one.reason
    if one.state == "healthy" and state.is_shifted(source.id, one.instance):
        _, code, words = OVERRIDES[True]
        reason = f"{code}: {words}"
        return observation.Target(source=source.id, port=one.port, state=observation.TargetState.SHIFTED, reason=reason)
    if source.classic and one.state != "healthy":
        reason = classic_words(one, terse=source.terse)[2]
    return observation.Target(source=source.id, port=one.port, state=observation.TargetState(one.state), reason=reason)


def survey_of(group: Group, at: float) -> observation.Survey:
    """DescribeLifecycleHooks, DescribeScheduledActions, DescribeInstanceRefreshes."""
    return observation.Survey(
        at=at,
        launch_heartbeat=_longest(hook for hook in group.hooks if hook.launching),
        terminate_heartbeat=_longest(hook for hook in group.hooks if not hook.launching),
        scheduled=tuple(
            observation.Scheduled(
                name=one.name, at=one.at, minimum=one.minimum, maximum=one.maximum, desired=one.desired
            )
            for one in group.scheduled
        ),
        refresh=group.refresh if group.refresh in ACTIVE_REFRESH else None,
        traits=hook_traits(hook.name for hook in group.hooks),
    )


def with_policies(shown: observation.Group, group: Group) -> observation.Group:
    """DescribePolicies."""
    return replace(shown, traits=shown.traits | policy_traits(json.loads(text) for _, text in group.policies))


def _longest(hooks: Iterable[Hook]) -> float:
    return max((hook.heartbeat for hook in hooks), default=0.0)


def activities_of(state: State, name: str) -> tuple[activity.Activity, ...]:
    """The first page of DescribeScalingActivities."""
    return tuple(_activity(one) for one in state.activities_of(name)[:100])


KINDS = {"Launching": "launch", "Terminating": "terminate", "Moving EC2 instance to Standby": "standby"}
"""How AWS's own descriptions begin of what the core wants to know."""


def _activity(one: Activity) -> activity.Activity:
    return activity.Activity(
        id=one.id,
        kind=next((kind for words, kind in KINDS.items() if one.description.startswith(words)), "other"),
        status=one.status,
        message=one.message or one.cause,
        started_at=one.started_at,
        ended_at=None if one.ended_at is None else floor(one.ended_at),
        instance=one.instance,
        zone=one.zone,
    )
