"""Load balancers that AWS does not find, and zones in zonal shift: what that holds up, and what to do about it.

Nobody waits for what one that is gone says of an instance. But one answer may be wrong, and nothing is taken out on it.
Targets in a zone in zonal shift are well and take no traffic: they neither count nor go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Cause
from async_rollout.core.memory import GONE_LOOKS, Memory, Odd
from async_rollout.core.observation import Observation, Source, Target, TargetState
from async_rollout.core.spec import RolloutSpec

SHIFT = "zonal-shift"
"""The name by which the owner allows one."""
SHIFTED = TargetState.SHIFTED
ACTIVE, DELEGATED = "AdministrativeOverride.ZonalShiftActive", "AdministrativeOverride.ZonalShiftDelegatedToDns"
"""AWS's codes."""
BELIEVED = 30.0
"""Seconds for which AWS must say that it does not find one, before something is taken out without asking it."""


def doubted(memory: Memory, observation: Observation) -> tuple[Source, ...]:
    """Not found in this look, and not for long enough to be believed."""
    return tuple(
        source for source in unfound_in(observation) if not _is_believed(memory.unfound.get(source.id), observation.at)
    )


def _is_believed(seen: Odd | None, at: float) -> bool:
    return seen is not None and seen.looks >= GONE_LOOKS and at - seen.at >= BELIEVED


def unfound_in(observation: Observation) -> tuple[Source, ...]:
    return tuple(source for source in observation.sources if source.gone)


def held_up(draft: Draft) -> Wait | None:
    """Why nothing more is taken out as yet."""
    if sources := doubted(draft.memory, draft.observation):
        since = min(draft.memory.unfound[source.id].at for source in sources)
        return Wait(on=_named(sources), why="AWS does not find it: looking again", since=since, until=since + BELIEVED)
    if shift := shifted_in(draft.observation):
        since = draft.memory.shifted.at if draft.memory.shifted else draft.at
        until, option = since + draft.spec.limits.healthy, "--healthy-timeout"
        return Wait(on="a zonal shift", why=f"{shift}: nothing more goes out", since=since, until=until, option=option)
    return None


def shifted_zones(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Zones in zonal shift as their targets tell it, each with the names of the sources where."""
    found = {
        (one.zone, target.source) for one in observation.instances for target in one.targets if target.state is SHIFTED
    }
    names = {source.id: source.name for source in observation.sources}
    return {
        zone: tuple(sorted(names.get(id, id) for other, id in found if other == zone))
        for zone in sorted({zone for zone, _ in found})
    }


def shifted_in(observation: Observation) -> str:
    """The zones in zonal shift in words; empty without any."""
    zones = shifted_zones(observation).items()
    words = ", ".join(f"zone {zone} is in zonal shift at {', '.join(where)}" for zone, where in zones)
    return f"{words}, so its targets take no traffic" if words else ""


def shift_is_over_limit(draft: Draft) -> str:
    """What is shifted, where it has been so for longer than anything may take to get healthy."""
    seen, limit = draft.memory.shifted, draft.spec.limits.healthy
    return shifted_in(draft.observation) if seen is not None and draft.over(seen.at, limit) else ""


def shifted_for_long(draft: Draft) -> Iterator[Cause]:
    """It has lasted for as long as it was waited for."""
    if shift := shift_is_over_limit(draft):
        text = f"{shift}, for {draft.spec.limits.healthy:.0f} s; run when it is over, or raise --healthy-timeout"
        yield Cause(code=1, text=text)


def as_allowed(spec: RolloutSpec, observation: Observation) -> Observation:
    """The look as its owner wants it read: where a zonal shift is allowed, a target's health is all that counts."""
    if SHIFT not in spec.allow or not shifted_zones(observation):
        return observation
    instances = (replace(one, targets=tuple(map(_unshifted, one.targets))) for one in observation.instances)
    return replace(observation, instances=tuple(instances))


def _unshifted(target: Target) -> Target:
    return replace(target, state=TargetState.HEALTHY) if target.state is SHIFTED else target


def blinded_by(draft: Draft) -> Iterator[Cause]:
    """No load balancer is left that tells who serves: what took its place nobody knows, so nothing more goes."""
    sources, told = unfound_in(draft.observation), any(source.has_listener for source in draft.observation.sources)
    if sources and not told and not doubted(draft.memory, draft.observation):
        yield Cause(code=1, text=f"AWS does not find {_named(sources)}, and no other load balancer tells who serves")


def refused_for(observation: Observation) -> Iterator[str]:
    """Why not to begin."""
    for source in unfound_in(observation):
        named = ", and launches nothing while the group names it: detach it" if source.detach else ""
        yield f"AWS does not find {called(source)}{named}"
    if shift := shifted_in(observation):
        yield f"{shift} (--allow {SHIFT}: roll it all the same)"


def told_of(observation: Observation) -> tuple[str, ...]:
    """What of it people are told, a line each, with the command that ends it."""
    return tuple(
        f"AWS does not find {called(source)}: not waited for{_held_by(observation, source)}"
        for source in unfound_in(observation)
    )


def _held_by(observation: Observation, source: Source) -> str:
    """What AWS does not do as long as the group's row names one that is gone."""
    command = _detaching(observation.group.name, source)
    return f"; while the group names it nothing can be launched: {command}" if command else ""


def overridden(observation: Observation) -> Iterator[str]:
    """Healthy targets of which AWS says more: a shift that the owner has allowed, one that it does not tell of."""
    for source in observation.sources:
        told = {one.zone: target.reason for one in observation.instances for target in one.targets
                if target.source == source.id and target.state is TargetState.HEALTHY}  # fmt: skip
        if zones := [zone for zone in sorted(told) if told[zone].startswith(ACTIVE)]:
            yield f"{source.name}: zone {', '.join(zones)} is in zonal shift: allowed, healthy counts without traffic"
        if any(reason.startswith(DELEGATED) for reason in told.values()):
            yield f"{source.name}: AWS does not tell here whether a zone is in zonal shift, it leaves that to DNS"


def next_for(observation: Observation) -> str:
    """The commands to type first; empty without such a source."""
    commands = (_detaching(observation.group.name, source) for source in unfound_in(observation))
    return "; ".join(command for command in commands if command)


def _detaching(group: str, source: Source) -> str:
    return f"aws autoscaling {source.detach} --auto-scaling-group-name {group}" if source.detach else ""


def called(source: Source) -> str:
    """Its kind and name, for people."""
    return f"{source.noun} {source.name}"


def _named(sources: tuple[Source, ...]) -> str:
    return ", ".join(called(source) for source in sources)
