"""Rollouts of groups that host ECS tasks, and the ways to break what drains a host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

import anyio

from async_rollout.aws.calls import Ask, Body, Call
from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import connect
from async_rollout.aws.traffic.ecs import Ecs, EcsHosts, api, clusters, drained, kind, ledger
from async_rollout.aws.traffic.ecs.ledger import Ledger
from async_rollout.core import gates
from async_rollout.core.actions import Deregister, Need, Outcome, Registration
from async_rollout.core.gates import at_rest
from async_rollout.core.gates.canary import CANARY
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.core.spec import Limits
from async_rollout.engine.ports import Refused
from async_rollout.errors import UnseenError
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_service, a_task
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Hook
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.ecs_runs import QUICK, hosts, rolled
from support.laws.at_rest import _as_many_as_may
from support.laws.breaking import Sabotage, around, both, swap
from support.laws.tasks_kept import told

QUICKLY = Ecs(drain_timeout=200.0)
LIMITS = Limits(drain=100.0)
TARGETS = frozenset({Need.TARGETS})
LATER = 400.0
"""So long a newcomer has to stay well, where its agent may go."""


def played(build: Callable[[World], object], outcome: Outcome = Outcome.DONE, **more: Any) -> Callable[[], list[str]]:
    """What the ground truth says of a story."""
    return lambda: told(rolled(build, **more), outcome)


# --- stories


def shops(world: World, size: int = 2, **more: Any) -> None:
    """Tasks that serve for half a minute once they are told to stop."""
    hosts(world, size, **more)
    definition = a_definition(world, "shop", port=8080, quits=10.0)
    a_service(world, "prod", "shop", desired=2 * size, definition=definition, target_group=True)


def behind(world: World) -> None:
    """The group has a load balancer of its own, beside the service's."""
    a_group(world, size=2, maximum=4, classic=0, target_groups=1, delay=20.0, outdated=2, physics=QUICK)
    a_cluster(world, "prod", groups=("web",))
    a_service(world, "prod", "shop", desired=4, target_group=True)


def slow(world: World) -> None:
    """Half of the tasks stop before others run, which takes two minutes; the first host is drained long before."""
    hosts(world, 4)
    definition = a_definition(world, "shop", starts=120.0)
    a_service(world, "prod", "shop", desired=8, definition=definition, minimum=50, maximum=100)


def held(world: World) -> None:
    """A task that nobody ends."""
    shops(world)
    a_task(world, "prod", "migration")


async def agentless(world: World) -> None:
    """The first newcomer's agent goes soon after it came."""
    found = {one.id for one in world.members("web")}
    while not (new := [one for one in world.state.hosts.values() if one.instance not in found]):
        await anyio.sleep(5.0)
        world.advance()
    await anyio.sleep(30.0)
    world.ecs.agent_gone(new[0].instance)


def lacking(kind: FaultKind, action: str, **more: Any) -> tuple[Fault, ...]:
    return (Fault(kind=kind, action=action, **more),)


Look = Callable[[], Awaitable[Observation]]


def met(story: Callable[[World, AwsCloud, Look], Awaitable[list[str]]], *rules: Fault) -> list[str]:
    """A story of the aws layer alone: nobody conducts."""

    async def main() -> list[str]:
        world = World(1, loop_clock())
        shops(world)
        async with connect(session=session(world, Faults(world, rules)), jitter=lambda: 0.5) as cloud:
            return await story(world, cloud, lambda: cloud.look("web", TARGETS, anyio.current_time()))

    return run_virtual(main)


def held_as_it_boots() -> list[str]:
    """One that a lifecycle hook keeps out of service has joined its cluster, and is given tasks."""

    async def story(world: World, cloud: AwsCloud, look: Look) -> list[str]:
        found, hook = {one.id for one in world.members("web")}, Hook(name="slow", launching=True, heartbeat=900.0)
        world.put_group(replace(world.group("web"), hooks=(hook,)))
        world.human_sets("web", desired=3)
        while not (new := [one for one in world.state.hosts.values() if one.instance not in found]):
            await anyio.sleep(5.0)
            world.advance()
        one = (await look()).instance(new[0].instance)
        known = one is not None and one.booting and one.targets
        return [] if known else [f"law E2: {new[0].instance} has joined, and nobody would drain it"]

    return met(story)


def begun_anew() -> list[str]:
    """A service has lost its tasks, none of them starts, and a process comes that has seen none of it."""

    async def story(world: World, cloud: AwsCloud, look: Look) -> list[str]:
        world.ecs.troubles_of("web").broken = frozenset({"1", "2"})
        for task in list(world.state.tasks.values()):
            world.ecs.exits(task.arn)
        while any(not task.over for task in world.state.tasks.values()):
            await anyio.sleep(5.0)
            world.advance()
        (source,) = (await look()).sources
        return [] if source.unsettled else ["law E1: a service none of whose tasks runs is nothing to wait for"]

    return met(story)


def no_to_a_move() -> list[str]:
    """What comes of a host that cannot be moved, in a reply that says 200."""

    async def story(world: World, cloud: AwsCloud, look: Look) -> list[str]:
        seen = await look()
        for row in world.ecs.rows_of(seen.instances[0].id):
            world.ecs.put_host(replace(row, status="REGISTERING"))
        moved = Registration(source=seen.sources[0].id, instance=seen.instances[0].id, port=None)
        answer = await cloud.act("web", Deregister(registrations=(moved,)))
        return [] if isinstance(answer, Refused) else [f"law E2: AWS said no to a drain, and it counts as {answer}"]

    return met(story)


def unanswered() -> list[str]:
    """Who asks for the tasks of a host that is counted empty gets replies in which nothing can be read."""

    async def story(world: World, cloud: AwsCloud, look: Look) -> list[str]:
        (id, *_) = (one.id for one in world.members("web"))
        world.ecs.drains(id)
        while any(task.runs for row in world.ecs.rows_of(id) for task in world.ecs.tasks_on(row.arn)):
            await anyio.sleep(1.0)
            world.advance()
        try:
            seen = (await look()).instance(id)
        except UnseenError:
            return []
        gone = seen is not None and not seen.targets
        return ["law E2: its tasks were not told, and it counts as drained"] if gone else []

    return met(story, *lacking(FaultKind.GARBLED, action="ecs:(List|Describe)Tasks"))


def in_between() -> list[str]:
    """A task is told to stop between the two lists of a host's tasks."""
    lists = 0

    async def ask(call: Call) -> Any:
        nonlocal lists
        if call.operation == "DescribeTasks":
            return _Reply({"tasks": [{"taskArn": arn, "lastStatus": "RUNNING"} for arn in call.params["tasks"]]})
        lists += 1
        shown = call.params["desiredStatus"] == ("RUNNING" if lists == 1 else "STOPPED")
        return _Reply({"taskArns": ["task"] if shown else []})

    left = run_virtual(lambda: drained.tasks_left(ask, "prod", {"host": frozenset()}))
    return [] if left["host"] else ["law E2: a task that was told to stop meanwhile is taken for none"]


class _Reply:
    """What an `Ask` gives back."""

    def __init__(self, body: Body) -> None:
        self.body, self.at = body, 0.0


# --- sabotages


async def _by_counts(ask: Ask, cluster: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever is counted empty is."""
    return dict.fromkeys(known, frozenset())


async def _stopped_first(ask: Ask, cluster: str, host: str) -> frozenset[str]:
    stopped = await drained._of(ask, cluster, host, "STOPPED")
    return stopped | await drained._of(ask, cluster, host, "RUNNING")


async def _listed_or_none(ask: Ask, cluster: str, host: str, status: str) -> frozenset[str]:
    call = api.ECS.call("ListTasks", cluster=cluster, containerInstance=host, desiredStatus=status)
    return frozenset((await ask(call)).body.get("taskArns", ()))


async def _none_stopped(real: Callable[..., Any], ask: Ask, cluster: str, *desired: str) -> Any:
    return () if desired else await real(ask, cluster)


async def _nobody(ask: Ask, cluster: str, desired: str = "") -> tuple[()]:
    return ()


def _until_the_limit() -> Callable[..., Any]:
    """What still drains when the limit is over counts as drained."""
    since: dict[str, float] = {}

    def state(real: Callable[..., Any], self: Any, host: Any, at: float) -> Any:
        if host.status == "DRAINING" and at - since.setdefault(host.arn, at) > QUICKLY.drain_timeout:
            return None, ""
        return real(self, host, at)

    return state


def _as_shown(real: Any, self: Any, cluster: str, members: Any, several: Any, at: float) -> Any:
    """A row that an answer lacks is there no more."""
    real(self, cluster, members, several, at)
    return tuple(host for host in several if host.id in members)


def _next_one(real: Any, status: str, registrations: Any, handles: Mapping[str, str]) -> Any:
    ids = sorted(handles)
    return real(status, registrations, {id: handles[ids[number - 1]] for number, id in enumerate(ids)})


NOTHING_WANTED = {name: () if name in ("ListTasks", "DescribeTasks") else keys for name, keys in api.KEYS.items()}
blank = lacking(FaultKind.EMPTY, action="ecs:DescribeContainerInstances", window=(100.0, 300.0))

plain = played(shops)
batches = played(partial(shops, size=3), max_surge="100%")
steps = played(slow, max_surge=2)
stuck = played(held, Outcome.FAILED, ecs=Ecs(drain_timeout=200.0, await_standalone=True), limits=LIMITS)
brief = played(shops, ecs=QUICKLY, limits=LIMITS)
restored = played(shops, Outcome.RESTORED, goals=(Goal.REPLACE, Goal.RESTORE), killed=110.0, ecs=QUICKLY, limits=LIMITS)

HOSTED = (
    Sabotage(name="a host that is counted empty is drained", law="law E2:", story=plain,
             spoil=swap(kind, "tasks_left", _by_counts)),
    Sabotage(name="stopped tasks are listed before the running ones", law="law E2:", story=in_between,
             spoil=swap(drained, "_listed", _stopped_first)),
    Sabotage(name="a reply without tasks says that there are none", law="law E2:",
             story=unanswered,
             spoil=both(swap(api, "KEYS", NOTHING_WANTED), swap(kind, "tasks_of", _nobody),
                        swap(drained, "_of", _listed_or_none))),
    Sabotage(name="a row that an answer lacks is gone", law="law E2:", story=played(shops, rules=blank),
             spoil=around(Ledger, "saw", _as_shown)),
    Sabotage(name="no cluster is believed at once", law="law E2:",
             story=played(shops, rules=lacking(FaultKind.EMPTY, action="ecs:DescribeClusters", count=1)),
             spoil=swap(clusters, "LOOKS", 1)),
    Sabotage(name="the cluster is left beside the group's load balancers", law="walkthrough:",
             story=played(behind), spoil=swap(EcsHosts, "turn", 0)),
    Sabotage(name="what still drains at the limit is terminated", law="law E2:", story=stuck,
             spoil=around(EcsHosts, "_state", _until_the_limit())),
    Sabotage(name="services are not waited for", law="law E1:", story=steps, spoil=swap(gates, "GATES", (CANARY,))),
    Sabotage(name="several hosts go before one has", law="law E1:", story=batches,
             spoil=around(at_rest.AtRest, "ask", _as_many_as_may)),
    Sabotage(name="an agent may be away for ever", law="law 5:",
             story=played(partial(shops, size=1), others=agentless, min_ready=LATER, limits=LIMITS, ecs=QUICKLY),
             spoil=swap(kind, "FLAP", inf)),
    Sabotage(name="the row of another instance is moved", law="law 9:", story=brief,
             spoil=around(kind, "_moves", _next_one)),
    Sabotage(name="a no in a reply that says 200 is not read", law="law E2:", story=no_to_a_move,
             spoil=swap(api, "ACTS", None)),
    Sabotage(name="restore sets nobody ACTIVE", law="law E4:", story=restored,
             spoil=swap(EcsHosts, "register", lambda *_, **__: ())),
    Sabotage(name="a service without a task is not known to who comes next", law="law E1:", story=begun_anew,
             spoil=around(kind, "tasks_of", _none_stopped)),
    Sabotage(name="a host that boots is not known", law="law E2:", story=held_as_it_boots,
             spoil=swap(EcsHosts, "meets_booting", False)),
    Sabotage(name="who is left on a host is not said", law="law E5:", story=plain,
             spoil=swap(ledger, "left_on", lambda *_: "")),
)  # fmt: skip
