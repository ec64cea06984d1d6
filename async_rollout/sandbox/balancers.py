"""What load balancers do: registering, health checks, draining. Target groups and Classic ones are one kind here.

The health of a registration follows from its instance's application, looked at on the health check's own ticks. A
tick is an event only when it can change something, so a quiet world costs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Instance, Registration, Source
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import AwsError, no_balancer, no_target_group

SOON = 0.001
"""A tick set for the very moment an application comes up must find it up."""


def known(simulation: Simulation, source: str) -> Source:
    """Raises AwsError, in the words of the source's kind."""
    found = simulation.state.sources.get(source)
    if found is None and source.startswith("arn:"):
        raise no_target_group()
    if found is None:
        raise no_balancer(source)
    return found


def delete(simulation: Simulation, source: str, who: str) -> None:
    """Nobody asks whether a group still names it; with its last target group a load balancer is left without any."""
    here = known(simulation, source)
    simulation.happened(What.DELETE, who, detail=here.name)
    for each in simulation.state.registered(source):
        if each.state == "draining":
            one = simulation.state.instances.get(each.instance)  # none has an IP address for its id
            simulation.happened(What.DRAINED, AWS, one.group if one else "", each.instance, here.name)
    del simulation.state.sources[source], simulation.state.registrations[source]
    for group in simulation.state.groups.values():
        if source in group.source_ids:
            simulation.touch(group.name)


def shift(simulation: Simulation, source: str, zone: str, who: str, *, active: bool) -> None:
    """A zone of its load balancer, for all of that one's target groups: health goes on, traffic does not."""
    here = known(simulation, source)
    alike = [
        one
        for one in simulation.state.sources.values()
        if one.id == source or (one.balancer and one.balancer == here.balancer)
    ]
    for one in alike:
        simulation.put_source(replace(one, shifted=one.shifted | {zone} if active else one.shifted - {zone}))
    for group in simulation.state.groups.values():
        if any(one.id in group.source_ids for one in alike):
            simulation.happened(What.SHIFT, who, group.name, detail=f"{zone} {'begins' if active else 'ends'}")
            simulation.touch(group.name)


def register(simulation: Simulation, source: str, id: str, port: int | None, who: str) -> None:
    """Registering one that is registered changes nothing; one that drains begins anew."""
    here, one = known(simulation, source), simulation.state.instances.get(id)
    if one is None or one.ec2 not in ("pending", "running"):
        raise _bad_instance(here, id)
    port = None if here.classic else port or here.port
    others = tuple(each for each in simulation.state.registered(source, id) if each.port != port)
    if any(each.port == port and each.state != "draining" for each in simulation.state.registered(source, id)):
        return
    fresh = Registration(source=source, instance=id, port=port, at=simulation.now)
    if not here.has_listener or (here.zones and one.zone not in here.zones):
        fresh = replace(fresh, state="unused", reason="Target.NotInUse")
    simulation.happened(What.REGISTER, who, one.group, id, here.name)
    simulation.put_registrations(source, id, (*others, fresh))
    if fresh.state == "initial":
        _tick_in(simulation, here, fresh, here.interval)


def _bad_instance(source: Source, id: str) -> AwsError:
    if source.classic:
        return AwsError("InvalidInstance", f"Could not find EC2 instance {id}.")
    text = f"The following targets are not in a running state and cannot be registered: '{id}'"
    return AwsError("InvalidTarget", text)


def deregister(simulation: Simulation, source: str, id: str, port: int | None, who: str) -> None:
    """Starts draining; of what is not registered, or drains already, nothing changes."""
    here = known(simulation, source)
    if here.classic and id not in simulation.state.instances:
        raise _bad_instance(here, id)
    port = None if here.classic else port or here.port
    several = simulation.state.registered(source, id)
    mine = next((each for each in several if each.port == port and each.state != "draining"), None)
    if mine is None or id not in simulation.state.instances:
        return
    group = simulation.state.instances[id].group
    simulation.happened(What.DEREGISTER, who, group, id, here.name)
    others = tuple(each for each in several if each is not mine)
    if mine.state == "unused" or not here.drains or here.delay <= 0:
        simulation.put_registrations(source, id, others)
        _drained(simulation, here, id)
        return
    takes = here.delay + simulation.troubles[group].lingering
    gone_at = simulation.after(takes, lambda: _end_drain(simulation, here, id, port))
    draining = replace(
        mine, state="draining", reason="Target.DeregistrationInProgress", gone_at=gone_at, next_check=inf
    )
    simulation.put_registrations(source, id, (*others, draining))
    simulation.disturbed(group)


def _end_drain(simulation: Simulation, source: Source, id: str, port: int | None) -> None:
    several = simulation.state.registered(source.id, id)
    over = [each for each in several if each.port == port and each.gone_at <= simulation.now]
    if over:
        simulation.put_registrations(source.id, id, tuple(each for each in several if each not in over))
        _drained(simulation, source, id)


def _drained(simulation: Simulation, source: Source, id: str) -> None:
    group = simulation.state.instances[id].group
    simulation.happened(What.DRAINED, AWS, group, id, source.name)
    simulation.disturbed(group)


def add(simulation: Simulation, group: Group, id: str) -> None:
    """AddToLoadBalancer: register with every source of the group, at its own port."""
    for source in simulation.state.sources_of(group.name):
        register(simulation, source.id, id, None, AWS)


def remove(simulation: Simulation, group: Group, id: str) -> float:
    """Deregister from every source of the group, every port; returns when the last drain is over."""
    for source in group.source_ids:
        for each in simulation.state.registered(source, id):
            deregister(simulation, source, id, each.port, AWS)
    return draining_until(simulation, group, id)


def draining_until(simulation: Simulation, group: Group, id: str) -> float:
    """When the instance's last drain in its group's sources is over; now if none is under way."""
    drains = [each.gone_at for source in group.source_ids for each in simulation.state.registered(source, id)]
    return max([simulation.now, *(at for at in drains if at < inf)])


def forget(simulation: Simulation, id: str) -> None:
    """The instance is no more: every load balancer drops it."""
    for source in simulation.state.sources:
        if simulation.state.registered(source, id):
            simulation.put_registrations(source, id, ())


def application_changed(simulation: Simulation, id: str) -> None:
    """Its application comes or goes: each load balancer finds out on its next tick."""
    one = simulation.state.instances[id]
    simulation.touch(one.group)
    for source in simulation.state.sources.values():
        for each in simulation.state.registered(source.id, one.id):
            if each.state in ("initial", "healthy", "unhealthy") and each.next_check > simulation.now + source.interval:
                _tick_in(simulation, source, replace(each, streak=0), source.interval)


def _tick_in(simulation: Simulation, source: Source, one: Registration, seconds: float) -> None:
    at = simulation.after(seconds, lambda: _tick(simulation, source, one.instance, one.port, at))
    _write(simulation, replace(one, next_check=at))


def _write(simulation: Simulation, one: Registration) -> None:
    several = simulation.state.registered(one.source, one.instance)
    simulation.put_registrations(
        one.source, one.instance, tuple(one if each.port == one.port else each for each in several)
    )


def _tick(simulation: Simulation, source: Source, id: str, port: int | None, at: float) -> None:
    """One health check, if it is still the one that the registration waits for."""
    mine = next((each for each in simulation.state.registered(source.id, id) if each.port == port), None)
    if mine is None or mine.next_check != at:
        return
    one = simulation.state.instances[id]
    after = _checked(mine, source, up=one.app_up(simulation.now + SOON))
    _write(simulation, replace(after, next_check=inf))
    if after.state != mine.state:
        what = What.HEALTHY if after.state == "healthy" else What.UNHEALTHY
        simulation.happened(what, AWS, one.group, id, source.name)
        simulation.disturbed(one.group)
    _plan_tick(simulation, source, after, one)


def _checked(mine: Registration, source: Source, *, up: bool) -> Registration:
    """The registration after one check. The first passed check of a new target is enough; recovering takes more."""
    streak = mine.streak + 1
    match mine.state, up:
        case "initial", True:
            return replace(mine, state="healthy", reason="", streak=0)
        case ("healthy", True) | ("unhealthy", False):
            return replace(mine, streak=0)
        case "unhealthy", True:
            recovered = streak >= source.healthy_threshold
            return replace(mine, state="healthy", reason="", streak=0) if recovered else replace(mine, streak=streak)
    if streak >= source.unhealthy_threshold:
        return replace(mine, state="unhealthy", reason="Target.FailedHealthChecks", streak=0)
    reason = "Elb.InitialHealthChecking" if mine.state == "initial" else mine.reason
    return replace(mine, streak=streak, reason=reason)


def _plan_tick(simulation: Simulation, source: Source, mine: Registration, one: Instance) -> None:
    """The next check that can change anything, on the grid of the interval."""
    settled = mine.streak == 0 and (mine.state == "healthy") == one.app_up(simulation.now + SOON)
    if not settled:
        _tick_in(simulation, source, mine, source.interval)
    elif mine.state == "unhealthy" and simulation.now < one.app_up_at < inf:
        ticks = int((one.app_up_at - simulation.now) / source.interval) + 1
        _tick_in(simulation, source, mine, ticks * source.interval)
