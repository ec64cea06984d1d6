"""How one instance stands with its load balancers and target groups: healthy, registered, serving."""

from __future__ import annotations

from async_rollout.core.journal import Departure, digest
from async_rollout.core.observation import Instance, Observation, Target, TargetState
from async_rollout.core.spec import RolloutSpec


def is_ready(spec: RolloutSpec, observation: Observation, instance: Instance) -> bool:
    """InService, and at least one healthy target in each of the group's sources with a listener.

    One that is marked Unhealthy serves on only if they all say so: where there is none, or none is asked, it does not.
    """
    if not instance.in_service or (instance.marked_unhealthy and not healthy_everywhere(observation, instance)):
        return False
    if not spec.require_healthy_targets:
        return True
    return all(healthy_at(instance, source.id) for source in observation.sources if source.has_listener)


def healthy_at(instance: Instance, source: str) -> bool:
    """Whether one source calls it healthy, and sends it traffic."""
    return any(target.source == source and target.state is TargetState.HEALTHY for target in instance.targets)


def healthy_everywhere(observation: Observation, instance: Instance) -> bool:
    """Every source with a listener calls it healthy; False where there is none to say so."""
    listening = [source.id for source in observation.sources if source.has_listener]
    return bool(listening) and all(healthy_at(instance, id) for id in listening)


def called_healthy(observation: Observation, instance: Instance) -> bool:
    """Its health checks are passed in every source with a listener, whether it takes traffic there or not."""
    well = {target.source for target in instance.targets if target.state in (TargetState.HEALTHY, TargetState.SHIFTED)}
    listening = {source.id for source in observation.sources if source.has_listener}
    return bool(listening) and listening <= well


def ails(observation: Observation, instance: Instance) -> str:
    """What its load balancers say against it, in their words."""
    bad = [target for target in instance.targets if target.state is not TargetState.HEALTHY]
    if instance.marked_unhealthy and not bad:
        return "it is marked Unhealthy"
    words = [f"{_name(observation, target.source)} {target.state} {target.reason}".strip() for target in bad]
    return "; ".join(words) or "not registered everywhere"


def _name(observation: Observation, id: str) -> str:
    source = observation.source(id)
    return source.name if source else id


def is_shifted(observation: Observation, instance: Instance) -> bool:
    """Nothing is wrong with it but that its zone takes no traffic somewhere."""
    return called_healthy(observation, instance) and not healthy_everywhere(observation, instance)


def is_registered(target: Target) -> bool:
    """Still known to the source: serving, coming or draining."""
    return target.state is not TargetState.UNUSED or not target.reason.startswith("Target.NotRegistered")


def serves_still(observation: Observation, instance: Instance) -> bool:
    """Its way out stands in the record, and it serves: the call was never made, or somebody has put it back since.

    Behind no load balancer it serves until it is terminated.
    """
    if any(source.has_listener for source in observation.sources):
        return instance.in_service and healthy_everywhere(observation, instance)
    return instance.in_service and not instance.marked_unhealthy


def departure_of(observation: Observation, instance: Instance) -> Departure:
    """What has to be known of it once it is out: its addresses, and where it was registered."""
    missing, odd = _registered_where(observation, instance)
    return Departure(
        id=instance.id,
        at=int(observation.at),
        private_ip=instance.private_ip,
        public_ip=instance.public_ip,
        missing=missing,
        odd=odd,
    )


def _registered_where(
    observation: Observation, instance: Instance
) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Where it is not registered on the source's own port, and where it is on another."""
    ports = {target.source: target.port for target in instance.targets if is_registered(target)}
    missing, odd = [], []
    for source in observation.sources:
        held = {one.port for one in instance.targets if one.source == source.id and is_registered(one)}
        if source.id not in ports or source.default_port not in held:
            missing.append(digest(source.id, 6))
        odd += [(digest(source.id, 6), port) for port in sorted(p for p in held if p) if port != source.default_port]
    return tuple(missing), tuple(odd)
