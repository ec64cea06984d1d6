"""How an instance comes to life: a row, boot, launching hooks, InService and registered, at last an application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from async_rollout.sandbox import activities, balancers, hooks, leaving, people, templates
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import ABANDONED, NO_BALANCER, NO_TARGETS, no_version


def launch(simulation: Simulation, group: Group, zones: Sequence[str], why: str, *, rebalances: bool = False) -> bool:
    """Launch one instance in the first of the zones that has not failed yet.

    False if it fails there too: then AWS tries again a minute later, in the next zone.
    """
    troubles = simulation.troubles[group.name]
    zone = _next_zone(troubles, zones)
    if (words := refusal(simulation, group, zone)) is not None:
        troubles.tried.add(zone)
        _fail(simulation, group, zone, why, words)
        return False
    if (words := unlaunchable(simulation, group)) is not None:
        _fail(simulation, group, zone, why, words)
        return False
    troubles.tried.clear()
    start(simulation, group, zone, why, rebalances=rebalances)
    return True


def refusal(simulation: Simulation, group: Group, zone: str) -> str | None:
    """EC2's words for a launch there now, None if it comes to be. Uses up a launch that shall fail."""
    running = sum(one.ec2 in ("pending", "running") for one in simulation.state.members(group.name))
    return simulation.troubles[group.name].refusal(zone, running, simulation.now)


def unlaunchable(simulation: Simulation, group: Group) -> str | None:
    """AWS's words where it launches in no zone: the template's version is deleted, or a Classic Load Balancer is."""
    if (ref := templates.deleted(simulation.state, group)) is not None:
        return no_version(ref.id, ref.version or "").message
    gone = next((id for id in group.classics if id not in simulation.state.sources), None)
    return None if gone is None else NO_BALANCER.format(name=gone)


def start(simulation: Simulation, group: Group, zone: str, why: str, *, rebalances: bool = False) -> Instance:
    """A new instance, Pending, with all that follows from that."""
    troubles = simulation.troubles[group.name]
    one = _fresh(simulation, group, zone, rebalances=rebalances)
    simulation.put_instance(one)
    simulation.happened(What.LAUNCH, AWS, group.name, one.id, why)
    activities.start(simulation, group.name, one.id, zone, why, launch=True)
    boot = simulation.around(group.physics.boot, group.physics.jitter)
    simulation.after(boot / 4, lambda: _running(simulation, one.id))
    simulation.after(boot, lambda: _booted(simulation, one.id))
    if troubles.dying_launches > 0:
        troubles.dying_launches -= 1
        simulation.after(boot / 2, lambda: leaving.die(simulation, one.id, AWS, leaving.BY_ITSELF))
    return one


def _next_zone(troubles: Troubles, zones: Sequence[str]) -> str:
    """One zone an attempt; when all have failed it begins with the first again."""
    if troubles.tried.issuperset(zones):
        troubles.tried.clear()
    return next(zone for zone in zones if zone not in troubles.tried)


def _fail(simulation: Simulation, group: Group, zone: str, why: str, message: str) -> None:
    message = worded(simulation, group, zone, message)
    activities.failed(simulation, group.name, zone, why, message)
    simulation.happened(What.LAUNCH_FAILED, AWS, group.name, detail=message)
    simulation.soon("reconcile", group.name, group.physics.retry)


def worded(simulation: Simulation, group: Group, zone: str, message: str) -> str:
    """The message with the zone and the image of this launch in it."""
    image = templates.image(simulation.state, group, group.instance_type)
    return message.replace("{zone}", zone).replace("{image}", image)


def _fresh(simulation: Simulation, group: Group, zone: str, *, rebalances: bool) -> Instance:
    types = [one.instance_type for one in group.overrides]
    instance_type = simulation.rng.choice(types) if types else group.instance_type
    ref = templates.launches(simulation.state, group, instance_type)
    return Instance(
        id=simulation.new_id("i"),
        group=group.name,
        zone=zone,
        subnet=dict(zip(group.zones, group.subnets, strict=False)).get(zone, ""),
        template=ref,
        configuration=None if ref else group.configuration,
        instance_type=instance_type,
        image=templates.own_image(group, instance_type),
        launched_at=simulation.now,
        attached_at=simulation.now,
        private_ip=address(simulation, "10.0"),
        public_ip=address(simulation, "203.0") if group.public else None,
        protected=group.new_protected,
        rebalances=rebalances,
    )


def address(simulation: Simulation, network: str) -> str:
    """An address in a /16."""
    return f"{network}.{simulation.rng.randrange(256)}.{simulation.rng.randrange(4, 255)}"


def _running(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    if one.ec2 == "pending":
        simulation.put_instance(replace(one, ec2="running"))


def _booted(simulation: Simulation, id: str) -> None:
    one = simulation.state.instances[id]
    if one.lifecycle == "Pending" and one.ec2 == "running":
        group = simulation.state.groups[one.group]
        hooks.wait(simulation, group, id, lambda result: _hooked(simulation, id, result), launching=True)


def _hooked(simulation: Simulation, id: str, result: str) -> None:
    one = simulation.state.instances[id]
    if not one.booting or one.ec2 != "running":
        return
    if result == "ABANDON":
        activities.move(simulation, one.group, id, "Cancelled", launch=True, message=ABANDONED)
        leaving.begin(simulation, id, "a lifecycle hook was abandoned", AWS)
        simulation.unsettled(one.group)
    elif simulation.state.groups[one.group].runs("AddToLoadBalancer") and _unplaced(simulation, one):
        leaving.begin(simulation, id, "a load balancer configuration that could not be updated", AWS)
        simulation.soon("reconcile", one.group, simulation.state.groups[one.group].physics.retry)
    else:
        enter_service(simulation, id)


def _unplaced(simulation: Simulation, one: Instance) -> bool:
    """A target group of its group is deleted: its launch has failed."""
    gone = [id for id in simulation.state.gone_sources(one.group) if id.startswith("arn:")]
    if gone:
        message = NO_TARGETS.format(arn=gone[0])
        activities.move(simulation, one.group, one.id, "Failed", launch=True, message=message)
        simulation.happened(What.LAUNCH_FAILED, AWS, one.group, one.id, message)
    return bool(gone)


def enter_service(simulation: Simulation, id: str) -> None:
    """InService: registered, not healthy. The application follows after its warm-up, or never."""
    one = simulation.state.instances[id]
    group = simulation.state.groups[one.group]
    up_at = (
        one.app_up_at if one.app_up_at < inf else _up_at(simulation, group, one)
    )  # back from standby it runs already
    simulation.put_instance(replace(one, lifecycle="InService", in_service_at=simulation.now, app_up_at=up_at))
    simulation.happened(What.IN_SERVICE, AWS, group.name, id)
    activities.move(simulation, group.name, id, "Successful", launch=True)
    if simulation.now < up_at < inf:
        simulation.after(up_at - simulation.now + balancers.SOON, lambda: balancers.application_changed(simulation, id))
    if group.runs("AddToLoadBalancer"):
        balancers.add(simulation, group, id)
    _maybe_short_lived(simulation, one)
    if one.app_up_at == inf:
        _maybe_relapses(simulation, one, up_at)
    simulation.disturbed(group.name)
    if one.rebalances:
        simulation.put_instance(replace(simulation.state.instances[id], rebalances=False))
        simulation.unsettled(group.name)


def _up_at(simulation: Simulation, group: Group, one: Instance) -> float:
    warm = simulation.around(group.physics.warm, group.physics.jitter)
    return inf if _sick(simulation, one) else max(simulation.now + warm, simulation.troubles[group.name].ill_until)


def _sick(simulation: Simulation, one: Instance) -> bool:
    troubles = simulation.troubles[one.group]
    if one.template is not None and one.template.version in troubles.sick_versions:
        return True
    if troubles.sick_launches > 0:
        troubles.sick_launches -= 1
        return True
    return False


def _maybe_relapses(simulation: Simulation, one: Instance, up_at: float) -> None:
    """A release whose application fails some time after it answered."""
    troubles = simulation.troubles[one.group]
    if troubles.relapsing is not None and (one.template is None or one.template.version not in troubles.relapsing):
        return
    if troubles.relapse is not None and up_at < inf and simulation.rng.random() < troubles.relapse_share:
        simulation.after(
            up_at - simulation.now + troubles.relapse, lambda: people.breaks(simulation, one.id, None, AWS)
        )


def _maybe_short_lived(simulation: Simulation, one: Instance) -> None:
    troubles = simulation.troubles[one.group]
    if troubles.short_lived_launches > 0:
        troubles.short_lived_launches -= 1
        simulation.after(troubles.short_lived, lambda: leaving.die(simulation, one.id, AWS, leaving.BY_ITSELF))
