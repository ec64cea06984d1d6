"""Load balancers that the group names and AWS does not find: what that holds up, and what to do about it.

Nobody waits for what such a one says of an instance. But one answer may be wrong, and nothing is taken out on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Cause
from async_rollout.core.memory import GONE_LOOKS, Memory, Odd
from async_rollout.core.sight import Sight, Source

BELIEVED = 30.0
"""Seconds for which AWS must say that it does not find one, before something is taken out without asking it."""


def doubted(memory: Memory, sight: Sight) -> tuple[Source, ...]:
    """Not found in this look, and not for long enough to be believed."""
    return tuple(source for source in unfound_in(sight) if not _is_believed(memory.unfound.get(source.id), sight.at))


def _is_believed(seen: Odd | None, at: float) -> bool:
    return seen is not None and seen.looks >= GONE_LOOKS and at - seen.at >= BELIEVED


def unfound_in(sight: Sight) -> tuple[Source, ...]:
    return tuple(source for source in sight.sources if source.gone)


def held_up(draft: Draft) -> Wait | None:
    """Why nothing more is taken out as yet."""
    if sources := doubted(draft.memory, draft.sight):
        since = min(draft.memory.unfound[source.id].at for source in sources)
        return Wait(on=_named(sources), why="AWS does not find it: looking again", since=since, until=since + BELIEVED)
    return None


def blinded_by(draft: Draft) -> Iterator[Cause]:
    """No load balancer is left that tells who serves: what took its place nobody knows, so nothing more goes."""
    sources = unfound_in(draft.sight)
    if sources and not doubted(draft.memory, draft.sight) and not any(source.gated for source in draft.sight.sources):
        yield Cause(code=1, text=f"AWS does not find {_named(sources)}, and no other load balancer tells who serves")


def refused_for(sight: Sight) -> Iterator[str]:
    """Why not to begin."""
    for source in unfound_in(sight):
        yield f"AWS does not find {called(source)}, and launches nothing while the group names it: detach it"


def told_of(sight: Sight) -> tuple[str, ...]:
    """What of it people are told, a line each, with the command that ends it."""
    group = sight.group.name
    return tuple(
        f"AWS does not find {called(source)}: not waited for; while the group names it nothing can be launched: "
        f"{_detaching(group, source)}"
        for source in unfound_in(sight)
    )


def next_for(sight: Sight) -> str:
    """The commands to type first; empty without such a source."""
    return "; ".join(_detaching(sight.group.name, source) for source in unfound_in(sight))


def _detaching(group: str, source: Source) -> str:
    if source.id.startswith("arn:"):
        what = f"detach-load-balancer-target-groups --target-group-arns {source.id}"
    else:
        what = f"detach-load-balancers --load-balancer-names {source.id}"
    return f"aws autoscaling {what} --auto-scaling-group-name {group}"


def called(source: Source) -> str:
    """Its kind and name."""
    return f"{'target group' if source.id.startswith('arn:') else 'load balancer'} {source.name}"


def _named(sources: tuple[Source, ...]) -> str:
    return ", ".join(called(source) for source in sources)
