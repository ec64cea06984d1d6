"""What other people do in a storm, with whatever is there at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import anyio

from async_rollout.sandbox import balancers, people
from async_rollout.sandbox.groups import _target_groups
from async_rollout.sandbox.records import Group, Hook, Instance, Tag
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.words import AwsError
from support.storms import tenants
from support.storms.ec2_ends import ended_any, ended_new, ended_old
from support.storms.loads import lost, shifted
from support.storms.owners import GROUP
from support.storms.weather import Deed
from support.storms.witness import Witness


async def meddle(world: Witness, deeds: tuple[Deed, ...]) -> None:
    """Each deed at its time; one that AWS refuses is none."""
    for deed in deeds:
        await anyio.sleep(max(0.0, deed.at - (world.now - world.log.wanted[0].at)))
        world.advance()
        if GROUP in world.state.groups and not world.state.groups[GROUP].status:
            try:
                DEEDS[deed.kind](world, deed.luck)
            except AwsError:
                continue


def _group(world: Witness) -> Group:
    return world.state.groups[GROUP]


def _someone(world: Witness, luck: float) -> Instance | None:
    serving = [one for one in world.members(GROUP) if one.in_service]
    return serving[int(luck * len(serving))] if serving else None


def raised(world: Witness, luck: float) -> None:
    group = _group(world)
    world.human_sets(GROUP, desired=min(group.maximum, group.desired + 1 + int(luck > 0.7)))


def lowered(world: Witness, luck: float) -> None:
    group = _group(world)
    world.human_sets(GROUP, desired=max(group.minimum, group.desired - 1))


def minimum(world: Witness, luck: float) -> None:
    group = _group(world)
    world.human_sets(GROUP, minimum=min(group.desired, group.minimum + 1) if luck > 0.5 else max(0, group.minimum - 1))


def maximum(world: Witness, luck: float) -> None:
    group = _group(world)
    world.human_sets(GROUP, maximum=group.maximum + 2 if luck > 0.5 else max(group.desired, group.maximum - 1))


def lifted(world: Witness, luck: float) -> None:
    """A minimum above desired: AWS raises desired to it."""
    group = _group(world)
    world.human_sets(GROUP, minimum=min(group.maximum, group.desired + 1))


def lidded(world: Witness, luck: float) -> None:
    """A maximum below desired: AWS lowers desired to it, and chooses who goes."""
    group = _group(world)
    world.human_sets(GROUP, maximum=max(group.minimum, group.desired - 1))


def drought(world: Witness, luck: float) -> None:
    """A zone, or now and then all of them, has no capacity for a while."""
    trouble, zones = world.troubles[GROUP], _group(world).zones
    dry = zones if luck > 0.85 else zones[int(luck * len(zones)) :][:1]

    def over() -> None:
        trouble.dry_zones -= frozenset(dry)

    trouble.dry_zones |= frozenset(dry)
    world.after(60.0 + 1500.0 * luck, over)


def suspended(world: Witness, luck: float) -> None:
    names = ("AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy", "Launch", "Terminate")
    world.suspend(GROUP, [names[int(luck * len(names))]], who=HUMAN)


def resumed(world: Witness, luck: float) -> None:
    names = sorted(_group(world).suspended_names)
    if names:
        world.resume(GROUP, [names[int(luck * len(names))]], who=HUMAN)


def protected(world: Witness, luck: float) -> None:
    """A worker at its work: most end it in time, some do not."""
    if one := _someone(world, luck):
        world.protect(GROUP, [one.id], protected=True, who=HUMAN)
        if luck < 0.8:
            world.after(2_000.0 * luck, lambda: _unprotected(world, one.id))


def _unprotected(world: Witness, id: str) -> None:
    if GROUP in world.state.groups and id in world.state.rosters[GROUP]:
        world.protect(GROUP, [id], protected=False, who=HUMAN)


def accused(world: Witness, luck: float) -> None:
    """Somebody's own check calls one Unhealthy, now and then all of them, whatever the load balancers say."""
    serving = [one for one in world.members(GROUP) if one.in_service]
    for one in serving if luck > 0.9 else serving[int(luck * len(serving)) :][:1]:
        world.set_health(one.id, "Unhealthy", who=HUMAN)


def terminated(world: Witness, luck: float) -> None:
    if one := _someone(world, luck):
        world.terminate(one.id, decrement=luck > 0.5 and _group(world).desired > _group(world).minimum, who=HUMAN)


def killed(world: Witness, luck: float) -> None:
    if one := _someone(world, luck):
        world.kill(one.id)


def broken(world: Witness, luck: float) -> None:
    if one := _someone(world, luck):
        world.break_app(one.id)


def flapped(world: Witness, luck: float) -> None:
    if one := _someone(world, luck):
        world.break_app(one.id, mended_after=5.0 + 60 * luck)


def deregistered(world: Witness, luck: float) -> None:
    one, sources = _someone(world, luck), _group(world).source_ids
    if one and sources:
        world.log.taken.add(one.id)
        world.deregister(sources[0], one.id, who=HUMAN)


def attached(world: Witness, luck: float) -> None:
    """One more target group; AWS registers every member in it."""
    group = _group(world)
    (more,) = _target_groups(world, f"more-{len(group.target_groups)}", 1, 0, group.zones, 30.0, 10.0)
    world.human_edits(GROUP, lambda one: replace(one, target_groups=(*one.target_groups, more)), why="attached")
    for one in world.members(GROUP):
        if one.in_service and one.ec2 == "running":
            balancers.register(world, more, one.id, None, "aws")


def template(world: Witness, luck: float) -> None:
    if (ref := _group(world).template) is not None:
        world.log.released.append(world.now)
        world.human_releases(ref.name)


def refreshed(world: Witness, luck: float) -> None:
    """A refresh that somebody starts and cancels after a while, if the group is still there."""

    def cancel() -> None:
        if GROUP in world.state.groups:
            world.put_group(replace(_group(world), refresh="Cancelled"))

    world.human_starts_refresh(GROUP)
    world.after(60.0 + 300.0 * luck, cancel)


def untagged(world: Witness, luck: float) -> None:
    keys = [tag.key for tag in _group(world).tags if tag.key.startswith("async-rollout:")]
    if keys:
        world.log.forged = True
        last, desired = world.log.wanted[-1], _group(world).desired  # who takes the record away adopts our lift
        world.log.wanted.append(replace(last, at=world.now, high=max(last.high, desired)))
        world.delete_tags(GROUP, keys if luck > 0.5 else [keys[int(luck * 2 * len(keys))]], who=HUMAN)


def forged(world: Witness, luck: float) -> None:
    """Somebody writes into our tags: junk, another version, a foreign instance."""
    values = ("", "n=999999999 v=1", "n=1 v=9 g=x run=y", "$(reboot)", "n=5 code=10 \x1b[31m")
    keys = ("head", "found", "cause", "holder", "lane:i-00000000000000000", "order")
    key, value = keys[int(luck * len(keys))], values[int(luck * 100) % len(values)]
    world.log.forged = True
    world.put_tags(GROUP, [Tag(key=f"async-rollout:{key}", value=value)], who=HUMAN)


def stood_by(world: Witness, luck: float) -> None:
    if (one := _someone(world, luck)) and _group(world).desired > _group(world).minimum:
        before = world._desired()
        world.enter_standby(GROUP, [one.id], decrement=True, who=HUMAN)
        world._was_moved(before)


def unparked(world: Witness, luck: float) -> None:
    """Somebody brings back who stands by, whoever put it there, or ends it."""
    idle = [one for one in world.members(GROUP) if one.lifecycle == "Standby"]
    if not idle:
        return
    id, before = idle[int(luck * len(idle))].id, world._desired()
    if int(luck * 100) % 2:
        world.exit_standby(GROUP, [id], who=HUMAN)
        world._was_moved(before)
    else:
        world.terminate(id, decrement=False, who=HUMAN)


def detached(world: Witness, luck: float) -> None:
    """Out of the group alive, for somebody to look into; without decrement another one comes in its place."""
    if one := _someone(world, luck):
        before, group = world._desired(), _group(world)
        world.detach(GROUP, [one.id], decrement=luck > 0.5 and group.desired > group.minimum, who=HUMAN)
        world._was_moved(before)


def joined(world: Witness, luck: float) -> None:
    """One that was taken out is put back; now and then before it is out, which AWS refuses."""
    out = [one.id for one in world.state.instances.values() if one.lifecycle.startswith("Detach")]
    if out:
        before = world._desired()
        world.attach(GROUP, [out[int(luck * len(out))]], who=HUMAN)
        world._was_moved(before)


def forgotten(world: Witness, luck: float) -> None:
    """Somebody lets one stand by; EC2 forgets it, its row stays."""
    before = [one.id for one in world.members(GROUP) if one.standby]
    stood_by(world, luck)
    for one in world.members(GROUP):
        if one.standby and one.id not in before:
            world.after(400.0, partial(_forgets, world, one.id))


def _forgets(world: Witness, id: str) -> None:
    if world.state.instances[id].lifecycle == "Standby":
        people.forgets(world, id)


def leaving_long(world: Witness, luck: float) -> None:
    """Somebody ends one that a hook then holds for hours; the hook is for nobody else."""
    group, hook = _group(world), Hook(name="long", launching=False, heartbeat=7200.0)
    world.put_group(replace(group, hooks=(*group.hooks, hook)))
    terminated(world, luck)
    world.after(group_drains(world) + 1.0, partial(_without, world, hook))


def group_drains(world: Witness) -> float:
    """So long AWS itself takes to drain whoever it ends."""
    lasting = [world.state.sources[id].delay for id in _group(world).source_ids if id in world.state.sources]
    return max(lasting, default=0.0) + world.troubles[GROUP].lingering


def _without(world: Witness, hook: Hook) -> None:
    if (group := world.state.groups.get(GROUP)) is not None:
        world.put_group(replace(group, hooks=tuple(one for one in group.hooks if one != hook)))


def retaining(world: Witness, luck: float) -> None:
    """From now on whoever goes is retained: a hook that nobody completes, and a policy that keeps who it abandons."""
    hook = Hook(name="kept", launching=False, heartbeat=30.0 + 60.0 * luck)
    world.human_edits(GROUP, lambda one: replace(one, retains=True, hooks=(*one.hooks, hook)), why="retains")


def deleted(world: Witness, luck: float) -> None:
    world.log.deleted = True
    world.human_deletes_group(GROUP)


DEEDS: Mapping[str, Callable[[Witness, float], None]] = MappingProxyType({
    "raise": raised, "lower": lowered, "minimum": minimum, "maximum": maximum, "suspend": suspended,
    "resume": resumed, "protect": protected, "terminate": terminated, "kill": killed, "break": broken,
    "flap": flapped, "deregister": deregistered, "attach": attached, "template": template, "refresh": refreshed,
    "untag": untagged, "forge": forged, "standby": stood_by, "delete": deleted, "floor": lifted, "ceiling": lidded,
    "drought": drought, "forget": forgotten, "leave": leaving_long, "retain": retaining,
    "lose": lost, "accuse": accused, "shift": shifted,
    "unpark": unparked, "detach": detached, "join": joined,
    "end new": ended_new, "end old": ended_old, "end any": ended_any,
    "agent": tenants.agent, "agent for good": tenants.agent_for_good, "deploy": tenants.deployed,
    "rescale": tenants.rescaled, "drain": tenants.drained, "activate": tenants.activated, "run task": tenants.ran,
    "exit": tenants.exited, "register again": tenants.registered_again,
})  # fmt: skip
