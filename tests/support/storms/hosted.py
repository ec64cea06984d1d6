"""Groups that host ECS tasks, asked of a storm's ground truth: tasks that are lost, hosts left DRAINING, what is told.

As everywhere, a deed of ours is wrong only where no look that was fresh enough could have justified it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from async_rollout.core.events import Waiting
from async_rollout.core.journal import Goal
from async_rollout.sandbox.ecs.records import ServiceCensus
from async_rollout.sandbox.faults import FaultKind, concerns
from async_rollout.sandbox.history import Happening, What
from async_rollout.sandbox.simulation import HUMAN, OWNER
from support.storms.noted import Removal
from support.storms.storm import Past

FIND = ("ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListContainerInstances")
"""Who may not ask these does not know that there is a cluster; that is told, and goes on."""
BLINDING = (FaultKind.GAP, FaultKind.EMPTY)
NAMELESS = 90.0
"""Seconds within which whose tasks are left on a host has been asked."""


def no_task_is_lost(past: Past) -> Iterator[str]:
    """Law E2: whom we terminate holds no task of which anything still runs."""
    ended = _terminated(past)
    for lost in _of(past, What.TASK_LOST):
        at = ended.get(lost.instance)
        if at is not None and not _is_excused(past, lost, at):
            yield f"law E2: {lost.instance} was terminated at {at:.1f} with the task {lost.detail}"


def no_service_is_short(past: Past) -> Iterator[str]:
    """Law E1: in weather that leaves them alone no service that keeps all of its tasks is short of one."""
    if not _is_left_alone(past):
        return
    kept = {arn: one.name for arn, one in past.world.state.services.items() if one.minimum >= 100 and not one.daemon}
    for one in past.world.ecs.history:
        if one.service in kept and one.healthy < one.desired:
            yield f"law E1: {kept[one.service]} had {one.healthy} of {one.desired} tasks at {one.at:.1f}"


def no_batch_begins_before_the_one_before_is_at_rest(past: Past) -> Iterator[str]:
    """Law E1: none is drained while what was moved from those before has not come to rest."""
    if past.weather.hosting is None or _may_be_unknown(past):
        return
    names = {arn: one.name for arn, one in past.world.state.services.items() if not one.daemon}
    for one in past.world.log.removals:
        begun = _begun(past, one)
        if begun is None or one.surplus or one.ended or one.known_ill or one.goal is not Goal.REPLACE or not one.first:
            continue
        for arn, name in names.items():
            since = _restless_since(past, arn, one.at)
            if since is not None and begun < since < one.at - past.window:
                yield f"law E1: {one.id} was taken out at {one.at:.1f}, and {name} was not at rest since {since:.1f}"


def every_host_is_as_found(past: Past) -> Iterator[str]:
    """Law E4: at every end each member is ACTIVE, or DRAINING by others; nor do we set ACTIVE whom others drain."""
    log, group = past.world.log, past.world.state.groups.get(past.found.name)
    changes = _of(past, What.HOST)
    drained_by: dict[str, str] = {}
    for one in changes:
        if one.detail.endswith("DRAINING"):
            drained_by.setdefault(one.instance, one.who)
        elif drained_by.pop(one.instance, "") == HUMAN and one.who == OWNER:
            yield f"law E4: {one.instance} was set ACTIVE at {one.at:.1f}, and others had drained it"
    if group is None or log.deleted or log.forged or past.world.record_of() is not None or past.overdue is not None:
        return
    members = {one.id for one in past.world.members(group.name) if one.in_service}
    for host in past.world.state.hosts.values():
        ours = drained_by.get(host.instance) == OWNER
        if host.instance in members and host.status == "DRAINING" and host.ended_at is None and ours:
            yield f"law E4: {host.instance} is left DRAINING"


def waits_name_who_is_left(past: Past) -> Iterator[str]:
    """Law E5: a wait for a host's tasks, or for services to come to rest, names a service or tasks."""
    names = {one.name for one in past.world.state.services.values()}
    for event in past.events:
        for wait in event.waits if isinstance(event, Waiting) else ():
            about = "prod" in wait.on and ("let go" in wait.why or "at rest" in wait.why)
            late = about and event.at - wait.since > NAMELESS
            if late and "task" not in wait.why and not any(name in wait.why for name in names):
                yield f"law E5: at {event.at:.1f} it waits for {wait.on}, and names nobody: {wait.why}"


def _of(past: Past, what: What) -> list[Happening]:
    return [one for one in past.world.record if one.what is what]


def _terminated(past: Past) -> dict[str, float]:
    """By instance: when we terminated it, if nobody else had ended it before."""
    found: dict[str, float] = {}
    others = set[str]()
    for one in past.world.record:
        if one.what is What.DIED or (one.what is What.TERMINATE and one.who != OWNER):
            others.add(one.instance)
        elif one.what is What.TERMINATE and one.instance not in others:
            found.setdefault(one.instance, one.at)
    return found


def _is_excused(past: Past, lost: Happening, at: float) -> bool:
    """What could not be known: an agent that is gone, a task that came too late, a cluster nobody may look for."""
    since = at - past.window
    id = lost.detail.split()[2]
    task = next((one for arn, one in past.world.state.tasks.items() if arn.endswith(id)), None)
    young = task is None or task.created_at >= since
    away = _was_away(past, lost.instance, at)
    again = sum(one.instance == lost.instance for one in past.world.state.hosts.values()) > 1
    set_back = any(
        one.instance == lost.instance and one.who == HUMAN and one.at >= since for one in _of(past, What.HOST)
    )
    return young or away or again or set_back or _may_be_unknown(past)


def _was_away(past: Past, instance: str, at: float) -> bool:
    """Its agent was gone at some time of the minutes before: its tasks do not do as they are told."""
    gone = [one for one in _of(past, What.AGENT) if one.instance == instance and one.at <= at]
    return bool(gone) and (gone[-1].detail == "gone" or gone[-1].at >= at - past.window)


def _may_be_unknown(past: Past) -> bool:
    """Nobody may ask whether there is a cluster, at some time."""
    denied = (one.action for one in past.weather.faults if one.kind is FaultKind.DENIED)
    return any(concerns(action, name) for action in denied for name in FIND)


def _is_left_alone(past: Past) -> bool:
    """Nobody and nothing touches hosts, tasks and services but we."""
    weather, hosting = past.weather, past.weather.hosting
    if hosting is None or weather.deeds or hosting.flapping or hosting.broken or weather.struck or weather.scalers:
        return False
    trouble = weather.trouble
    ends = trouble.dying or trouble.short_lived or trouble.sick or weather.relapse is not None
    by_aws = any(one.who != OWNER for one in _of(past, What.TERMINATE))
    return not ends and not by_aws and not _may_be_unknown(past)


def _begun(past: Past, one: Removal) -> float | None:
    """When this rollout drained its first host, None: not before this one. What was so before that is as found."""
    began = one.record.began if one.record is not None else past.world.now
    drained = (each for each in _of(past, What.HOST) if each.who == OWNER and began <= each.at < one.at)
    return min((each.at for each in drained), default=None)


def _restless_since(past: Past, arn: str, at: float) -> float | None:
    """Since when a service has not been steady at that moment, by its counts; None: it is."""
    history: list[ServiceCensus] = [one for one in past.world.ecs.history if one.service == arn]
    here = bisect_right(history, at, key=lambda one: one.at)
    since = None
    for one in reversed(history[:here]):
        if one.running == one.desired and not one.pending:
            break
        since = one.at
    return since


LAWS = (
    no_task_is_lost,
    no_service_is_short,
    no_batch_begins_before_the_one_before_is_at_rest,
    every_host_is_as_found,
    waits_name_who_is_left,
)
