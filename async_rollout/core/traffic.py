"""What holds up a removal, whoever is next: a source that AWS does not find, a zonal shift, a world that is ill.

Nobody waits for what one that is gone says of an instance. But one answer may be wrong, and nothing is taken out on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Wait
from async_rollout.core.failures import worlds_doing
from async_rollout.core.journal import Cause
from async_rollout.core.observation import Observation, Source
from async_rollout.core.policy import UNFOUND
from async_rollout.core.situation import Situation
from async_rollout.core.stages import Stage
from async_rollout.core.zonal_shift import SHIFT, shifted_in


def unfound_in(observation: Observation) -> tuple[Source, ...]:
    return tuple(source for source in observation.sources if source.gone)


def held_up(situation: Situation) -> Wait | None:
    """Why nothing more is taken out as yet."""
    if sources := situation.belief.doubted(situation.observation):
        since = min(situation.belief.unfound[source.id].at for source in sources)
        return Wait(
            on=_named(sources), why="AWS does not find it: looking again", since=since, until=since + UNFOUND.seconds
        )
    if shift := shifted_in(situation.observation):
        since = situation.belief.shifted.at if situation.belief.shifted else situation.at
        until, option = since + situation.spec.limits.healthy, "--healthy-timeout"
        return Wait(on="a zonal shift", why=f"{shift}: nothing more goes out", since=since, until=until, option=option)
    if doing := worlds_doing(situation.spec, situation.observation, situation.journal, situation.belief.histories):
        ailing = [id for id, stage in situation.belief.stages.items() if stage is Stage.AILING]
        since = min((situation.belief.stage_since(id) for id in ailing), default=situation.at)
        why = f"{doing}, so it is not the release: nothing more goes out"
        return Wait(on="the world", why=why, since=since)
    return None


def shift_is_over_limit(situation: Situation) -> str:
    """What is shifted, where it has been so for longer than anything may take to get healthy."""
    seen, limit = situation.belief.shifted, situation.spec.limits.healthy
    return shifted_in(situation.observation) if seen is not None and situation.over(seen.at, limit) else ""


def shifted_for_long(situation: Situation) -> Iterator[Cause]:
    """It has lasted for as long as it was waited for."""
    if shift := shift_is_over_limit(situation):
        text = f"{shift}, for {situation.spec.limits.healthy:.0f} s; run when it is over, or raise --healthy-timeout"
        yield Cause(code=1, text=text)


def blinded_by(situation: Situation) -> Iterator[Cause]:
    """No load balancer is left that tells who serves: what took its place nobody knows, so nothing more goes."""
    sources, told = (
        unfound_in(situation.observation),
        any(source.has_listener for source in situation.observation.sources),
    )
    if sources and not told and not situation.belief.doubted(situation.observation):
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


def next_for(observation: Observation) -> str:
    """The commands to type first; empty without such a source."""
    commands = (_detaching(observation.group.name, source) for source in unfound_in(observation))
    return "; ".join(command for command in commands if command)


def _detaching(group: str, source: Source) -> str:
    return f"aws autoscaling {source.detach} --auto-scaling-group-name {group}" if source.detach else ""


def called(source: Source) -> str:
    """Its kind and name, for people."""
    return f"{source.noun} {source.name}"


def longer(observation: Observation) -> str:
    """Which options give a drain more time."""
    own = sorted({source.option for source in observation.sources if source.option and not source.gone})
    return " or ".join([*own, "--drain-timeout"])


def drains_still(observation: Observation, id: str, seconds: float) -> str:
    """Why one that drains is given up: who holds it, with what, the options that help, and what does not come to rest.

    In this order, as a record keeps no more than the beginning.
    """
    one, sources = observation.instance(id), [source for source in observation.sources if source.open_ended]
    held = {target.source: target.reason for target in one.targets if target.reason} if one else {}
    holds = "; ".join(f"{source.name} holds {held[source.id]}" for source in sources if source.id in held)
    restless = "; ".join(f"{name}: {why}" for source in sources for name, why in source.unsettled)
    words = f"{id} still drains after {seconds:.0f} s{f': {holds}' if holds else ''}; raise {longer(observation)}"
    return f"{words}; not at rest: {restless}" if restless else words


def _named(sources: tuple[Source, ...]) -> str:
    return ", ".join(called(source) for source in sources)
