"""Behind the scenes of the http door: what other people do to ECS, of what its calls do not have.

POST /_sandbox/human  {"drain": instance id}                  somebody sets its host DRAINING; "active": true beside:
                                                              ACTIVE again
                      {"agent": instance id, "seconds": 600}  its agent is gone for so long; without: for ever; 0: it
                                                              is back
                      {"service": ARN, "desired": 5}          it is scaled; "deploy": true beside: deployed once more
                      {"exit": task's ARN}                    its container ends by itself
                      {"protect": task's ARN, "seconds": 600} protected from scale-in for so long; without: no longer
"""

from __future__ import annotations

from typing import Any

from async_rollout.sandbox.world import World


def do(world: World, asked: dict[str, Any]) -> bool:
    """Whether it is one of these. Raises AwsError, LookupError or TypeError for what cannot be done."""
    match asked:
        case {"drain": str(id)}:
            world.ecs.drains(id, "ACTIVE" if asked.get("active") is True else "DRAINING")
        case {"agent": str(id)}:
            _agent(world, id, _seconds(asked))
        case {"service": str(arn)}:
            desired = asked.get("desired")
            if type(desired) not in (int, type(None)):
                raise TypeError("desired is a whole number")
            world.ecs.sets_service(arn, desired=desired, force=asked.get("deploy") is True)
        case {"exit": str(arn)}:
            world.ecs.exits(arn)
        case {"protect": str(arn)}:
            world.ecs.protect(arn, _seconds(asked))
        case _:
            return False
    return True


def _agent(world: World, id: str, seconds: float | None) -> None:
    if seconds == 0:
        world.ecs.agent_back(id)
    else:
        world.ecs.agent_gone(id, seconds)


def _seconds(asked: dict[str, Any]) -> float | None:
    given = asked.get("seconds")
    if given is None:
        return None
    if type(given) not in (int, float) or not 0 <= given <= 1e9:
        raise TypeError("seconds is a number, not below 0")
    return float(given)
