"""Why not to begin: everything in a group that a rollout would trip over, each with what to do.

Asked once before the first change, of the first complete look; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from async_rollout.core.budget import bounds
from async_rollout.core.choices import Scaling, Standby
from async_rollout.core.journal import REQUIRED_RUNNING, SUSPENDED_BY_US
from async_rollout.core.observation import Instance, Observation, Source, Survey, TargetState
from async_rollout.core.open_launches import unanswerable
from async_rollout.core.others import SAID, Trait
from async_rollout.core.policy import PROTECTED
from async_rollout.core.protection import is_shielded
from async_rollout.core.serving import departure_of
from async_rollout.core.spec import LaunchCall, Protected, RolloutSpec
from async_rollout.core.standby import may_end
from async_rollout.core.tags import HEAD_TAGS, fits
from async_rollout.core.traffic import refused_for, told_of
from async_rollout.core.zonal_shift import overridden

TAGS_MAX = 50
"""AWS's limit of tags a group."""


def objections(spec: RolloutSpec, observation: Observation, survey: Survey) -> tuple[str, ...]:
    """Every reason not to begin, a sentence each; empty if there is none."""
    conflicts, misfits = _conflicts(spec, observation, survey), (*_misfits(observation), *refused_for(observation))
    return (*conflicts, *_of_others(spec, observation), *_unsupported(observation), *misfits, *survey.objections)


def _of_others(spec: RolloutSpec, observation: Observation) -> Iterator[str]:
    for claim in observation.group.claims:
        if claim.allowance not in spec.allow:
            yield f"the group belongs to {claim.words} (--allow {claim.allowance}: roll it all the same)"


def _conflicts(spec: RolloutSpec, observation: Observation, survey: Survey) -> Iterator[str]:
    group = observation.group
    if group.status:
        yield f"the group is being deleted ({group.status})"
    if survey.refresh:
        yield f"an instance refresh is active ({survey.refresh}): wait for it or cancel it"
    if spec.launch is LaunchCall.ANSWERED and (why := unanswerable(group)):
        yield f"--launch answered: {why}, so AWS does not answer launches here"
    if group.ecs_managed and spec.scaling is Scaling.FOLLOW:
        yield "--scaling follow: ECS scales the group, and would end new hosts as long as they have no tasks"
    missing = [name for name in REQUIRED_RUNNING if name in group.suspended]
    if missing and spec.require_healthy_group:
        yield f"suspended: {', '.join(missing)}; a rollout needs them (resume them, or --force resumes them)"
    if spec.require_healthy_group and observation.journal is None and group.suspended.issuperset(SUSPENDED_BY_US):
        yield (
            f"{', '.join(SUSPENDED_BY_US)} are all suspended and no record says by whom: this looks like a rollout "
            "whose record was deleted; resume what the owner did not suspend, then run again"
        )
    needed = HEAD_TAGS + bounds(spec, group.desired).draining
    if group.tag_count + needed > TAGS_MAX:
        yield f"the group has {group.tag_count} tags of {TAGS_MAX} and the record needs up to {needed}: remove some"
    for one in observation.instances:
        if one.in_service and not fits(departure_of(observation, one)):
            yield f"{one.id} is registered under too many ports of its own to be recorded in one tag: not supported"


def _unsupported(observation: Observation) -> Iterator[str]:
    group = observation.group
    if group.weighted:
        yield "the group counts in weights or units, not in instances: not supported"
    if group.warm_pool:
        yield "the group has a warm pool, whose instances may be of an old template: not supported"
    if group.ecs_managed and not any(source.moves_work for source in observation.sources):
        yield "the group is a capacity provider of an ECS cluster (tag AmazonECSManaged), and no cluster has its hosts"
    for source in group.unknown_sources:
        yield f"traffic source {source} is of a kind that is not supported"


def _misfits(observation: Observation) -> Iterator[str]:
    """A target in a zone that its load balancer does not serve stays unused for ever."""
    zones = {*observation.group.zones, *(one.zone for one in observation.instances if one.zone)}
    for source in observation.sources:
        if source.has_listener and source.zones is not None and (off := sorted(zones - source.zones)):
            names = ", ".join(off)
            yield f"{source.name}: zone {names} is not enabled on its load balancer, so targets there stay unused"


def hindered(observation: Observation) -> str:
    """What somebody suspended of that which a rollout needs, to be put behind what is waited for."""
    names = [name for name in REQUIRED_RUNNING if name in observation.group.suspended]
    return f"; suspended by somebody: {', '.join(names)}" if names else ""


def unhealthy(observation: Observation) -> tuple[str, ...]:
    """Who is not healthy where, a line each, in AWS's words."""
    marked = (
        f"{one.id} is marked {one.health}" for one in observation.instances if one.in_service and one.marked_unhealthy
    )
    listening = (source for source in observation.sources if source.has_listener)
    return (*marked, *(line for source in listening for line in _unhealthy_at(observation, source)))


def _unhealthy_at(observation: Observation, source: Source) -> Iterator[str]:
    for one in observation.instances:
        states = [target for target in one.targets if target.source == source.id]
        if one.in_service and not any(target.state is TargetState.HEALTHY for target in states):
            words = "; ".join(f"{target.state} {target.reason}".strip() for target in states) or "not registered"
            yield f"{one.id} at {source.name}: {words}"


def warnings(spec: RolloutSpec, observation: Observation, survey: Survey | None = None) -> tuple[str, ...]:
    """What the owner ought to know before; no reason not to begin."""
    unheard = (one for one in observation.sources if not one.has_listener and not one.gone)
    idle = (f"{one.name} has no listener: not waited for, still deregistered from" for one in unheard)
    standby = (f"{one.id} is in Standby: {_idle(spec, one)}" for one in observation.instances if one.standby)
    kept = retained(observation)
    heeded = () if observation.group.ecs_managed else observation.instances  # ECS protects its own by itself
    meant = (one for one in heeded if one.protected and (not one.standby or may_end(spec, one)))
    held = (f"{one.id} is protected from scale-in: {_what_of(spec, observation, one)}" for one in meant)
    blind = "behind no load balancer and without an up-check: InService is all that is known of a new instance"
    unseen = not any(one.has_listener for one in observation.sources) and spec.hooks.up_check is None
    gone = (*told_of(observation), *overridden(observation))
    return (*gone, *idle, *standby, *kept, *held, *((blind,) if unseen else ()), *_beside(spec, observation, survey))


def _idle(spec: RolloutSpec, instance: Instance) -> str:
    if may_end(spec, instance):
        return "terminated last, if it is to be replaced"
    if instance.launched_at is None:
        return "left alone, EC2 does not know it"
    return "left alone" + (" (--standby terminate)" if spec.standby is Standby.SKIP else ", it only enters it")


def _what_of(spec: RolloutSpec, observation: Observation, instance: Instance) -> str:
    if not is_shielded(spec, observation.group, instance):
        return "replaced all the same"
    if spec.protected is Protected.SKIP:
        return "left as it is while it is so"
    return f"waited for, up to {PROTECTED / 3600:.0f} h, then left (--protected skip or replace)"


def _beside(spec: RolloutSpec, observation: Observation, survey: Survey | None) -> Iterator[str]:
    """Who else is at work in the group: allowed ones, and what may act in it meanwhile."""
    yield from (
        f"belongs to {claim.words}: allowed" for claim in observation.group.claims if claim.allowance in spec.allow
    )
    traits = observation.group.traits | (survey.traits if survey else frozenset())
    drained = {Trait.AUTOSCALER} if spec.hooks.before_terminate is not None else set()
    yield from (SAID[one] for one in Trait if one in traits - drained)
    yield from survey.told if survey else ()


def retained(observation: Observation) -> tuple[str, ...]:
    """Who runs on, out of the group's count, with the one thing that ends it."""
    end = "aws autoscaling terminate-instance-in-auto-scaling-group --should-decrement-desired-capacity --instance-id"
    return tuple(
        f"{one.id} is {one.lifecycle}: left alone, it runs on and is paid for until it is terminated once more: "
        f"{end} {one.id}"
        for one in observation.instances
        if one.retained
    )


def missed(scheduled: Mapping[str, float], since: float, until: float) -> tuple[str, ...]:
    """Scheduled actions that fall into the time from since to until: suspended, they are lost, not deferred."""
    return tuple(name for name, at in scheduled.items() if since <= at <= until)
