"""How an instance comes to life: a row, boot, launching hooks, InService and registered, at last an application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from async_rollout.sandbox import activities, balancers, hooks, leaving, templates
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import ABANDONED, NO_BALANCER, NO_TARGETS


def launch(ground: Ground, group: Group, zones: Sequence[str], why: str, *, rebalances: bool = False) -> bool:
    """Launch one instance in the first of the zones that has not failed yet.

    False if it fails there too: then AWS tries again a minute later, in the next zone.
    """
    troubles = ground.troubles[group.name]
    zone = _next_zone(troubles, zones)
    if (words := troubles.refusal(zone, _running_now(ground, group), ground.now)) is not None:
        troubles.tried.add(zone)
        _fail(ground, group, zone, why, words)
        return False
    if (name := next((id for id in group.classics if id not in ground.state.sources), None)) is not None:
        _fail(ground, group, zone, why, NO_BALANCER.format(name=name))
        return False
    troubles.tried.clear()
    one = _fresh(ground, group, zone, rebalances=rebalances)
    ground.put_instance(one)
    ground.happened(What.LAUNCH, AWS, group.name, one.id, why)
    activities.start(ground, group.name, one.id, zone, why, launch=True)
    boot = ground.around(group.physics.boot, group.physics.jitter)
    ground.after(boot / 4, lambda: _running(ground, one.id))
    ground.after(boot, lambda: _booted(ground, one.id))
    if troubles.dying_launches > 0:
        troubles.dying_launches -= 1
        ground.after(boot / 2, lambda: leaving.die(ground, one.id, AWS))
    return True


def _next_zone(troubles: Troubles, zones: Sequence[str]) -> str:
    """One zone an attempt; when all have failed it begins with the first again."""
    if troubles.tried.issuperset(zones):
        troubles.tried.clear()
    return next(zone for zone in zones if zone not in troubles.tried)


def _running_now(ground: Ground, group: Group) -> int:
    return sum(one.ec2 in ("pending", "running") for one in ground.state.members(group.name))


def _fail(ground: Ground, group: Group, zone: str, why: str, message: str) -> None:
    image = templates.image(ground.state, group, group.instance_type)
    message = message.replace("{zone}", zone).replace("{image}", image)
    activities.failed(ground, group.name, zone, why, message)
    ground.happened(What.LAUNCH_FAILED, AWS, group.name, detail=message)
    ground.soon("reconcile", group.name, group.physics.retry)


def _fresh(ground: Ground, group: Group, zone: str, *, rebalances: bool) -> Instance:
    types = [one.instance_type for one in group.overrides]
    instance_type = ground.rng.choice(types) if types else group.instance_type
    ref = templates.launches(ground.state, group, instance_type)
    return Instance(
        id=ground.new_id("i"),
        group=group.name,
        zone=zone,
        subnet=dict(zip(group.zones, group.subnets, strict=False)).get(zone, ""),
        template=ref,
        configuration=None if ref else group.configuration,
        instance_type=instance_type,
        image=templates.own_image(group, instance_type),
        launched_at=ground.now,
        attached_at=ground.now,
        private_ip=address(ground, "10.0"),
        public_ip=address(ground, "203.0") if group.public else None,
        protected=group.new_protected,
        rebalances=rebalances,
    )


def address(ground: Ground, network: str) -> str:
    """An address in a /16."""
    return f"{network}.{ground.rng.randrange(256)}.{ground.rng.randrange(4, 255)}"


def _running(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    if one.ec2 == "pending":
        ground.put_instance(replace(one, ec2="running"))


def _booted(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    if one.lifecycle == "Pending" and one.ec2 == "running":
        group = ground.state.groups[one.group]
        hooks.wait(ground, group, id, lambda result: _hooked(ground, id, result), launching=True)


def _hooked(ground: Ground, id: str, result: str) -> None:
    one = ground.state.instances[id]
    if not one.booting or one.ec2 != "running":
        return
    if result == "ABANDON":
        activities.move(ground, one.group, id, "Cancelled", launch=True, message=ABANDONED)
        leaving.begin(ground, id, "a lifecycle hook was abandoned", AWS)
        ground.unsettled(one.group)
    elif ground.state.groups[one.group].runs("AddToLoadBalancer") and _unplaced(ground, one):
        leaving.begin(ground, id, "a load balancer configuration that could not be updated", AWS)
        ground.soon("reconcile", one.group, ground.state.groups[one.group].physics.retry)
    else:
        enter_service(ground, id)


def _unplaced(ground: Ground, one: Instance) -> bool:
    """A target group of its group is deleted: its launch has failed."""
    gone = [id for id in ground.state.gone_sources(one.group) if id.startswith("arn:")]
    if gone:
        message = NO_TARGETS.format(arn=gone[0])
        activities.move(ground, one.group, one.id, "Failed", launch=True, message=message)
        ground.happened(What.LAUNCH_FAILED, AWS, one.group, one.id, message)
    return bool(gone)


def enter_service(ground: Ground, id: str) -> None:
    """InService: registered, not healthy. The application follows after its warm-up, or never."""
    one = ground.state.instances[id]
    group = ground.state.groups[one.group]
    up_at = one.app_up_at if one.app_up_at < inf else _up_at(ground, group, one)  # back from standby it runs already
    ground.put_instance(replace(one, lifecycle="InService", in_service_at=ground.now, app_up_at=up_at))
    ground.happened(What.IN_SERVICE, AWS, group.name, id)
    activities.move(ground, group.name, id, "Successful", launch=True)
    if ground.now < up_at < inf:
        ground.after(up_at - ground.now + balancers.SOON, lambda: balancers.application_changed(ground, id))
    if group.runs("AddToLoadBalancer"):
        balancers.add(ground, group, id)
    _maybe_short_lived(ground, one)
    ground.disturbed(group.name)
    if one.rebalances:
        ground.put_instance(replace(ground.state.instances[id], rebalances=False))
        ground.unsettled(group.name)


def _up_at(ground: Ground, group: Group, one: Instance) -> float:
    warm = ground.around(group.physics.warm, group.physics.jitter)
    return inf if _sick(ground, one) else ground.now + warm


def _sick(ground: Ground, one: Instance) -> bool:
    troubles = ground.troubles[one.group]
    if one.template is not None and one.template.version in troubles.sick_versions:
        return True
    if troubles.sick_launches > 0:
        troubles.sick_launches -= 1
        return True
    return False


def _maybe_short_lived(ground: Ground, one: Instance) -> None:
    troubles = ground.troubles[one.group]
    if troubles.short_lived_launches > 0:
        troubles.short_lived_launches -= 1
        ground.after(troubles.short_lived, lambda: leaving.die(ground, one.id, AWS))
