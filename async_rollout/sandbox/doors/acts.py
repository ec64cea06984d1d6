"""Actions as calls: which AWS calls one action is made of, in order, and what each of them does to the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar, assert_never

from async_rollout.core.actions import (
    CloudAction,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    MarkHealthy,
    Order,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.tags import ORDER, PREFIX, PROBE, to_tags
from async_rollout.sandbox import templates
from async_rollout.sandbox.ecs.records import Host
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.simulation import OWNER
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World

T = TypeVar("T")

TAGS_A_CALL = 25
"""CreateOrUpdateTags and DeleteTags take so many (Auto Scaling's documents)."""
HOSTS_A_CALL = 10
"""UpdateContainerInstancesState takes so many."""
CLUSTERS = "ecs:"
"""How the id of a source begins that is a group's clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. name: "service:Operation"; do: what it does to the world, raises AwsError.

    spare: the action is done without it, too. template: which launch template it gives to the group, if any.
    """

    name: str
    do: Callable[[], object]
    spare: bool = False
    template: str = ""


def steps(world: World, group: str, action: CloudAction) -> Iterator[Step]:
    """The calls of one action, made one after the other; each is worked out only when the one before is done."""
    match action:
        case Record(journal=journal):
            tags = to_tags(journal)
            yield from _put(world, group, tags)
            stale = [key for key in _ours(world, group) if key not in tags and key != ORDER]
            yield from (replace(step, spare=True) for step in _drop(world, group, stale))
        case Erase():
            yield from _drop(world, group, _ours(world, group))
        case Order(text=text):
            yield from _drop(world, group, [ORDER]) if text is None else _put(world, group, {ORDER: text})
        case Probe(run=run, at=at, present=True):
            yield from _put(world, group, {f"{PROBE}{run}": str(at)})
        case Probe(run=run):
            yield from _drop(world, group, [f"{PROBE}{run}"])
        case Suspend(processes=processes):
            yield Step(name="autoscaling:SuspendProcesses", do=partial(world.suspend, group, processes))
        case Resume(processes=processes):
            yield Step(name="autoscaling:ResumeProcesses", do=partial(world.resume, group, processes))
        case SetCapacity():
            yield _sizes(world, group, action)
        case SetTemplate(spelled=spelled):
            template = "" if spelled.startswith("lc:") else spelled.partition(":")[0]
            edited = partial(_launching_from, world, group, action)
            yield Step(name="autoscaling:UpdateAutoScalingGroup", do=edited, template=template)
        case SetSizes(minimum=low, desired=size, maximum=high):
            sized = partial(world.update_group, group, minimum=low, desired=size, maximum=high)
            yield Step(name="autoscaling:UpdateAutoScalingGroup", do=sized)
        case Launch(zone=zone, count=count, token=token):
            launch = partial(world.launch_instances, group, zone, count, token)
            yield Step(name="autoscaling:LaunchInstances", do=launch)
        case Deregister(registrations=several):
            yield from _move(world, several, register=False)
        case Register(registrations=several):
            yield from _move(world, several, register=True)
        case MarkHealthy(instances=ids):
            for id in ids:
                yield Step(name="autoscaling:SetInstanceHealth", do=partial(world.set_health, id, "Healthy"))
        case Terminate(instance=id, shrink=shrink):
            do = partial(world.terminate, id, decrement=shrink)
            yield Step(name="autoscaling:TerminateInstanceInAutoScalingGroup", do=do)
        case EnterStandby(instance=id):
            yield Step(name="autoscaling:EnterStandby", do=partial(world.enter_standby, group, [id], decrement=True))
        case _:
            assert_never(action)


def _sizes(world: World, group: str, action: SetCapacity) -> Step:
    if action.desired is not None:
        do = partial(world.set_desired_capacity, group, action.desired)
        return Step(name="autoscaling:SetDesiredCapacity", do=do)
    return Step(
        name="autoscaling:UpdateAutoScalingGroup", do=partial(world.update_group, group, maximum=action.maximum)
    )


def _launching_from(world: World, group: str, action: SetTemplate) -> None:
    keeps, mixed = world.readings.keeps_policy, action.mixed
    edited = templates.launching_from(world.state, world.group(group), action.spelled, mixed=mixed, keeps=keeps)
    world.human_edits(group, lambda _: edited, who=OWNER, why="UpdateAutoScalingGroup")


def _ours(world: World, group: str) -> list[str]:
    known = world.look().groups.get(group)
    return [tag.key for tag in known.tags if tag.key.startswith(PREFIX)] if known else []


def _put(world: World, group: str, tags: dict[str, str]) -> Iterator[Step]:
    records = [Tag(key=key, value=value) for key, value in tags.items()]
    for part in _chunks(records, TAGS_A_CALL):
        yield Step(name="autoscaling:CreateOrUpdateTags", do=partial(world.put_tags, group, part))


def _drop(world: World, group: str, keys: list[str]) -> Iterator[Step]:
    for part in _chunks(keys, TAGS_A_CALL):
        yield Step(name="autoscaling:DeleteTags", do=partial(world.delete_tags, group, part))


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _move(world: World, several: Sequence[Registration], *, register: bool) -> Iterator[Step]:
    """One call a source, with all of its instances and ports."""
    for source in dict.fromkeys(one.source for one in several):
        here = [one for one in several if one.source == source]
        if source.startswith(CLUSTERS):
            yield from _move_hosts(world, here, "ACTIVE" if register else "DRAINING")
            continue
        yield Step(name=_call(source, register=register), do=partial(_move_here, world, here, register=register))


def _call(source: str, *, register: bool) -> str:
    if source.startswith("arn:"):
        return f"elbv2:{'Register' if register else 'Deregister'}Targets"
    return f"elb:{'RegisterInstancesWith' if register else 'DeregisterInstancesFrom'}LoadBalancer"


def _move_here(world: World, here: Sequence[Registration], *, register: bool) -> None:
    """Where the source is no more, nothing is left to be done of it, as in the aws layer."""
    try:
        for one in here:
            (world.register if register else world.deregister)(one.source, one.instance, one.port)
    except AwsError as no:
        if no.code not in ("TargetGroupNotFound", "LoadBalancerNotFound"):
            raise


def _move_hosts(world: World, several: Sequence[Registration], status: str) -> Iterator[Step]:
    """By the row of each that counts, the newest connected one. Whose rows are all gone is gone itself."""
    rows = [row for one in several if (row := _row(world, one.instance)) is not None]
    for cluster in sorted({row.cluster for row in rows}):
        for part in _chunks([row.arn for row in rows if row.cluster == cluster], HOSTS_A_CALL):
            do = partial(_set_state, world, cluster, part, status)
            yield Step(name="ecs:UpdateContainerInstancesState", do=do)


def _row(world: World, instance: str) -> Host | None:
    return max(world.ecs.rows_of(instance), key=lambda one: (one.connected, one.registered_at), default=None)


def _set_state(world: World, cluster: str, rows: Sequence[str], status: str) -> None:
    """A no to one of them is AWS's no; that one is missing is none."""
    _, failed = world.ecs.set_state(cluster, rows, status)
    for arn, reason in failed:
        if reason != "MISSING":
            raise AwsError(reason, arn)
