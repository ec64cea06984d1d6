"""Groups that host ECS tasks, as options of the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any

from async_rollout.cli.options import Account, duration, option
from async_rollout.cli.order import Order

AUTO, OFF = "auto", "off"


class Standalone(StrEnum):
    """Tasks of no service on a host that is to go."""

    REFUSE = "refuse"
    WAIT = "wait"


class Move(StrEnum):
    """When an old host drains, where several go at once."""

    BATCH = "batch"
    EACH = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """How hosts of ECS tasks are found, and what of their tasks is waited for."""

    ecs: Annotated[
        str,
        option(
            "--ecs",
            metavar="auto|off|CLUSTER[,...]",
            help="Look in all clusters whether the instances host ECS tasks, in these alone, or not at all: then tasks "
            "end with their hosts.",
        ),
    ] = AUTO
    ecs_standalone: Annotated[
        Standalone,
        option("--ecs-standalone", help="Tasks of no service on a host: refuse to begin, or wait until they end."),
    ] = Standalone.REFUSE
    ecs_stop_first: Annotated[
        bool, option("--ecs-stop-first", help="A service may be without a running task while its tasks move.")
    ] = False
    ecs_move: Annotated[
        Move,
        option(
            "--ecs-move",
            help="Where several go at once: the old hosts of a batch drain together once all its new ones serve, so "
            "that tasks move once; or each as soon as one new one does.",
        ),
    ] = Move.BATCH
    ecs_drain_timeout: Annotated[
        float,
        duration("--ecs-drain-timeout", help="For a host to drain, beside its load balancers.", shown="30m"),
    ] = 1800.0


def reached(account: Account, containers: Containers, order: Order) -> dict[str, Any]:
    """What `connect` is given. Raises UsageError where the name of a cluster is empty."""
    from async_rollout.aws.traffic.ecs.options import Ecs

    if containers.ecs == OFF:
        return {**asdict(account), "ecs": None}
    named = [] if containers.ecs == AUTO else [name.strip() for name in containers.ecs.split(",")]
    hosts = Ecs(
        named,
        drain_timeout=containers.ecs_drain_timeout,
        await_standalone=containers.ecs_standalone is Standalone.WAIT,
        stop_first=containers.ecs_stop_first,
        unavailable=order.max_unavailable,
        unserved=order.skip_elb_health_check,
        together=containers.ecs_move is Move.BATCH,
    )
    return {**asdict(account), "ecs": hosts}
