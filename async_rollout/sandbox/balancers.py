"""What load balancers do: registering, health checks, draining. Target groups and Classic ones are one kind here.

The health of a registration follows from its instance's application, looked at on the health check's own ticks. A
tick is an event only when it can change something, so a quiet world costs nothing.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Group, Instance, Registration, Source
from async_rollout.sandbox.words import AwsError, no_balancer, no_target_group

SOON = 0.001
"""A tick set for the very moment an application comes up must find it up."""


def known(ground: Ground, source: str) -> Source:
    """Raises AwsError, in the words of the source's kind."""
    found = ground.state.sources.get(source)
    if found is None and source.startswith("arn:"):
        raise no_target_group()
    if found is None:
        raise no_balancer(source)
    return found


def delete(ground: Ground, source: str, who: str) -> None:
    """Nobody asks whether a group still names it; with its last target group a load balancer is left without any."""
    here = known(ground, source)
    ground.happened(What.DELETE, who, detail=here.name)
    for each in ground.state.registered(source):
        if each.state == "draining":
            ground.happened(What.DRAINED, AWS, ground.state.instances[each.instance].group, each.instance, here.name)
    del ground.state.sources[source], ground.state.registrations[source]
    for group in ground.state.groups.values():
        if source in group.source_ids:
            ground.touch(group.name)


def shift(ground: Ground, source: str, zone: str, who: str, *, active: bool) -> None:
    """A zone of its load balancer, for all of that one's target groups: health goes on, traffic does not."""
    here = known(ground, source)
    alike = [
        one
        for one in ground.state.sources.values()
        if one.id == source or (one.balancer and one.balancer == here.balancer)
    ]
    for one in alike:
        ground.put_source(replace(one, shifted=one.shifted | {zone} if active else one.shifted - {zone}))
    for group in ground.state.groups.values():
        if any(one.id in group.source_ids for one in alike):
            ground.happened(What.SHIFT, who, group.name, detail=f"{zone} {'begins' if active else 'ends'}")
            ground.touch(group.name)


def register(ground: Ground, source: str, id: str, port: int | None, who: str) -> None:
    """Registering one that is registered changes nothing; one that drains begins anew."""
    here, one = known(ground, source), ground.state.instances.get(id)
    if one is None or one.ec2 not in ("pending", "running"):
        raise _bad_instance(here, id)
    port = None if here.classic else port or here.port
    others = tuple(each for each in ground.state.registered(source, id) if each.port != port)
    if any(each.port == port and each.state != "draining" for each in ground.state.registered(source, id)):
        return
    fresh = Registration(source=source, instance=id, port=port, at=ground.now)
    if not here.has_listener or (here.zones and one.zone not in here.zones):
        fresh = replace(fresh, state="unused", reason="Target.NotInUse")
    ground.happened(What.REGISTER, who, one.group, id, here.name)
    ground.put_registrations(source, id, (*others, fresh))
    if fresh.state == "initial":
        _tick_in(ground, here, fresh, here.interval)


def _bad_instance(source: Source, id: str) -> AwsError:
    if source.classic:
        return AwsError("InvalidInstance", f"Could not find EC2 instance {id}.")
    text = f"The following targets are not in a running state and cannot be registered: '{id}'"
    return AwsError("InvalidTarget", text)


def deregister(ground: Ground, source: str, id: str, port: int | None, who: str) -> None:
    """Starts draining; of what is not registered, or drains already, nothing changes."""
    here = known(ground, source)
    if here.classic and id not in ground.state.instances:
        raise _bad_instance(here, id)
    port = None if here.classic else port or here.port
    several = ground.state.registered(source, id)
    mine = next((each for each in several if each.port == port and each.state != "draining"), None)
    if mine is None:
        return
    group = ground.state.instances[id].group
    ground.happened(What.DEREGISTER, who, group, id, here.name)
    others = tuple(each for each in several if each is not mine)
    if mine.state == "unused" or not here.drains or here.delay <= 0:
        ground.put_registrations(source, id, others)
        _drained(ground, here, id)
        return
    takes = here.delay + ground.troubles[group].lingering
    gone_at = ground.after(takes, lambda: _end_drain(ground, here, id, port))
    draining = replace(
        mine, state="draining", reason="Target.DeregistrationInProgress", gone_at=gone_at, next_check=inf
    )
    ground.put_registrations(source, id, (*others, draining))
    ground.disturbed(group)


def _end_drain(ground: Ground, source: Source, id: str, port: int | None) -> None:
    several = ground.state.registered(source.id, id)
    over = [each for each in several if each.port == port and each.gone_at <= ground.now]
    if over:
        ground.put_registrations(source.id, id, tuple(each for each in several if each not in over))
        _drained(ground, source, id)


def _drained(ground: Ground, source: Source, id: str) -> None:
    group = ground.state.instances[id].group
    ground.happened(What.DRAINED, AWS, group, id, source.name)
    ground.disturbed(group)


def add(ground: Ground, group: Group, id: str) -> None:
    """AddToLoadBalancer: register with every source of the group, at its own port."""
    for source in ground.state.sources_of(group.name):
        register(ground, source.id, id, None, AWS)


def remove(ground: Ground, group: Group, id: str) -> float:
    """Deregister from every source of the group, every port; returns when the last drain is over."""
    for source in group.source_ids:
        for each in ground.state.registered(source, id):
            deregister(ground, source, id, each.port, AWS)
    return draining_until(ground, group, id)


def draining_until(ground: Ground, group: Group, id: str) -> float:
    """When the instance's last drain in its group's sources is over; now if none is under way."""
    drains = [each.gone_at for source in group.source_ids for each in ground.state.registered(source, id)]
    return max([ground.now, *(at for at in drains if at < inf)])


def forget(ground: Ground, id: str) -> None:
    """The instance is no more: every load balancer drops it."""
    for source in ground.state.sources:
        if ground.state.registered(source, id):
            ground.put_registrations(source, id, ())


def application_changed(ground: Ground, id: str) -> None:
    """Its application comes or goes: each load balancer finds out on its next tick."""
    one = ground.state.instances[id]
    ground.touch(one.group)
    for source in ground.state.sources.values():
        for each in ground.state.registered(source.id, one.id):
            if each.state in ("initial", "healthy", "unhealthy") and each.next_check > ground.now + source.interval:
                _tick_in(ground, source, replace(each, streak=0), source.interval)


def _tick_in(ground: Ground, source: Source, one: Registration, seconds: float) -> None:
    at = ground.after(seconds, lambda: _tick(ground, source, one.instance, one.port, at))
    _write(ground, replace(one, next_check=at))


def _write(ground: Ground, one: Registration) -> None:
    several = ground.state.registered(one.source, one.instance)
    ground.put_registrations(
        one.source, one.instance, tuple(one if each.port == one.port else each for each in several)
    )


def _tick(ground: Ground, source: Source, id: str, port: int | None, at: float) -> None:
    """One health check, if it is still the one that the registration waits for."""
    mine = next((each for each in ground.state.registered(source.id, id) if each.port == port), None)
    if mine is None or mine.next_check != at:
        return
    one = ground.state.instances[id]
    after = _checked(mine, source, up=one.app_up(ground.now + SOON))
    _write(ground, replace(after, next_check=inf))
    if after.state != mine.state:
        what = What.HEALTHY if after.state == "healthy" else What.UNHEALTHY
        ground.happened(what, AWS, one.group, id, source.name)
        ground.disturbed(one.group)
    _plan_tick(ground, source, after, one)


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


def _plan_tick(ground: Ground, source: Source, mine: Registration, one: Instance) -> None:
    """The next check that can change anything, on the grid of the interval."""
    settled = mine.streak == 0 and (mine.state == "healthy") == one.app_up(ground.now + SOON)
    if not settled:
        _tick_in(ground, source, mine, source.interval)
    elif mine.state == "unhealthy" and ground.now < one.app_up_at < inf:
        ticks = int((one.app_up_at - ground.now) / source.interval) + 1
        _tick_in(ground, source, mine, ticks * source.interval)
