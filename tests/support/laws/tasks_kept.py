"""What is asked of a rollout of a group that hosts ECS tasks, on the world's own truth."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from async_rollout.core.actions import Outcome
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import OWNER
from support.ecs_runs import Hosted, short

AWAY = 300.0
"""Seconds that an agent may be away."""


def none_was_lost(run: Hosted) -> Iterator[str]:
    """Law E2: no task was there any more as we ended its host."""
    ended = {one.instance for one in run.happened(What.TERMINATE, OWNER)}
    yield from (f"law E2: {one.detail} was lost with {one.instance}" for one in run.killed if one.instance in ended)


def none_was_short(run: Hosted) -> Iterator[str]:
    """Law E1: a service that keeps all of its tasks has them."""
    yield from (f"law E1: {line}" for line in short(run))


def each_batch_found_all_at_rest(run: Hosted) -> Iterator[str]:
    """Law E1: no host was drained while a service was short that was whole before."""
    names = {arn: one.name for arn, one in run.world.state.services.items() if not one.daemon}
    for at, id in drains(run)[1:]:
        for arn, name in names.items():
            last = [one for one in run.world.ecs.history if one.service == arn and one.at <= at - 10.0][-1]
            since = [one for one in run.world.ecs.history if one.service == arn and at - 10.0 < one.at <= at]
            if all(one.running != one.desired for one in (last, *since)):
                yield f"law E1: {id} was drained with {last.running} of {last.desired} tasks of {name} running"


def the_first_went_alone(run: Hosted) -> Iterator[str]:
    """Law E1: until the first one has gone no other host is drained."""
    gone = min((one.at for one in run.happened(What.TERMINATE, OWNER)), default=inf)
    beside = [id for at, id in drains(run) if at < gone and id in run.found]
    if len(beside) > 1:
        yield f"law E1: {beside[1]} was drained beside the first one"


def load_balancers_were_left_first(run: Hosted) -> Iterator[str]:
    """The walkthrough: a host is drained once its group's own load balancers have let go of it."""
    for at, id in drains(run):
        held = [one.at for one in run.happened(What.DRAINED) if one.instance == id and one.at <= at]
        if run.world.group("web").target_groups and not held:
            yield f"walkthrough: {id} was drained while its load balancer still held it"


def only_who_goes_is_drained(run: Hosted) -> Iterator[str]:
    """Law 9: whom we drain stands in the record."""
    for at, id in drains(run):
        tags = [one.detail for one in run.happened(What.TAG, OWNER) if one.at <= at]
        if not any(f"lane:{id}" in detail for detail in tags):
            yield f"law 9: {id} was drained and stands in no record"


def all_are_active(run: Hosted) -> Iterator[str]:
    """Law E4: at the end each member is ACTIVE."""
    idle = sorted(id for id, status in run.statuses.items() if status != "ACTIVE")
    yield from (f"law E4: {id} is left {run.statuses[id]}" for id in idle)


def a_new_one_takes_tasks_first(run: Hosted) -> Iterator[str]:
    """Law 5: an old one is drained only where some newcomer has an agent, or had one a moment ago."""
    joined = [one for one in run.happened(What.HOST) if one.detail.endswith("ACTIVE") and one.instance not in run.found]
    gone = {one.instance: one.at for one in run.happened(What.AGENT) if one.detail == "gone"}
    for at, id in (one for one in drains(run) if one[1] in run.found):
        there = [one.instance for one in joined if one.at <= at]
        if there and all(at - gone.get(each, at) > AWAY for each in there):
            yield f"law 5: {id} was drained, and {there} have no agent"


def it_is_said_who_is_left(run: Hosted) -> Iterator[str]:
    """Law E5: while a host drains, the services on it are named."""
    if drains(run) and "shop" not in run.waited:
        yield "law E5: nobody says that tasks of shop are left"


def drains(run: Hosted) -> list[tuple[float, str]]:
    """When we set which host DRAINING."""
    return [(one.at, one.instance) for one in run.happened(What.HOST, OWNER) if one.detail.endswith("DRAINING")]


LAWS = (
    none_was_lost, none_was_short, each_batch_found_all_at_rest, the_first_went_alone, load_balancers_were_left_first,
    only_who_goes_is_drained, all_are_active, a_new_one_takes_tasks_first, it_is_said_who_is_left,
)  # fmt: skip


def told(run: Hosted, outcome: Outcome) -> list[str]:
    verdict = run.result.verdict
    ended = [] if verdict.outcome is outcome else [f"law 12: it ended {verdict.outcome}: {verdict.why}"]
    return [*(line for law in LAWS for line in law(run)), *ended]
