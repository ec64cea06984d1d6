"""Which services are not at rest, and why, in words: what the next batch waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from async_rollout.aws.traffic.ecs.work import Service


def unsettled(services: Iterable[Service]) -> dict[str, str]:
    """By name, why it is not steady; empty where all are.

    Steady: ACTIVE, as many tasks run as are desired, none is starting, and its one deployment is through. ECS counts
    what runs: whether its load balancers find it healthy is not said here.
    """
    return {service.name: why for service in services if (why := "; ".join(_reasons(service)))}


def _reasons(service: Service) -> Iterator[str]:
    restless = [*_counts(service), *_deploying(service)]
    yield from restless
    if restless and service.unplaced:
        yield service.unplaced


def _counts(service: Service) -> Iterator[str]:
    if service.status != "ACTIVE":
        yield "it is being deleted" if service.status == "DRAINING" else f"its status is {service.status or 'not told'}"
    if service.running != service.desired:
        yield f"{service.running} of {service.desired} tasks run"
    if service.pending:
        yield f"{service.pending} pending"


def _deploying(service: Service) -> Iterator[str]:
    if len(service.deployments) != 1:
        yield f"{len(service.deployments) or 'no'} deployments where one is usual"
    for one in service.deployments:
        if len(service.deployments) == 1 and one.rollout not in ("", "COMPLETED"):
            yield f"its deployment is {one.rollout}" + (f" ({one.reason})" if one.reason else "")
