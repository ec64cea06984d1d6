"""Deployments of a service: begun by UpdateService, over when no task of an older one is left; and its steady state."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox.ecs.records import Deployment, Service
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.words import STEADY


def first(room: Room, definition: str, at: float, rollout: str = "COMPLETED") -> Deployment:
    id = f"ecs-svc/{room.rng.randrange(10**18, 10**19)}"
    return Deployment(id=id, definition=definition, created_at=at, updated_at=at, rollout=rollout)


def begin(room: Room, service: Service, definition: str) -> Service:
    """Its tasks are replaced, one after the other, within its percentages."""
    fresh = first(room, definition, room.now, "IN_PROGRESS")
    begun = replace(service, deployments=(fresh, *service.deployments), steady=False)
    room.failures.pop(service.arn, None)
    room.not_before.pop(service.arn, None)
    room.put_service(begun)
    return begun


def settle(room: Room, arn: str) -> None:
    """After each round: older deployments without tasks are over; a service that came to rest says so."""
    service, census = room.state.services[arn], room.numbers.now(arn)
    primary = service.deployments[0]
    kept = {task.deployment for task in room.tasks_of(arn) if task.wanted}
    left = (primary, *(one for one in service.deployments[1:] if one.id in kept))
    calm = census.running == census.healthy == service.desired and not census.pending
    calm = calm and len(left) == 1 and not census.old
    if calm and primary.rollout != "COMPLETED":
        left = (replace(primary, rollout="COMPLETED", updated_at=room.now),)
    steady = calm or (service.steady and not _disturbed(service, census.running, census.pending, len(left)))
    if left != service.deployments or steady != service.steady:
        room.state.services[arn] = replace(service, deployments=left, steady=steady)
        room.simulation.version += 1
    if left[0].rollout != primary.rollout:
        room.say(arn, f"(deployment {primary.id}) deployment completed.")
    if steady and not service.steady:
        room.say(arn, STEADY)


def _disturbed(service: Service, running: int, pending: int, deployments: int) -> bool:
    return running != service.desired or pending > 0 or deployments > 1
