"""Work that sources move off instances which are taken out: what of it has not come to rest, and since when.

What had not before the rollout began to act is none of its doing, and is left out for as long as it stays so. Only
looks from before then can tell that: whoever goes on with a record that has begun begins with nothing to leave out. He
could not tell what was so at the start from what the process before him has unsettled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from async_rollout.core.observation import Observation, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Restless:
    """Of one source, as it last answered. before: names of what had not come to rest before the rollout began to act.

    since: of all else that has not, the time of the first look that showed it so, without a break.
    """

    before: frozenset[str] = frozenset()
    since: Mapping[str, float] = field(default_factory=dict)


def folded(known: Mapping[str, Restless], observation: Observation, *, begun: bool) -> dict[str, Restless]:
    """After one more look. begun: whether the rollout may have taken anybody out.

    A source that this look did not ask, or that AWS does not find, stands as it was.
    """
    asked = {one.id: one for one in observation.sources if one.seen_at is not None and not one.gone}
    now = {id: _of(source, known.get(id, Restless()), observation.at, begun=begun) for id, source in asked.items()}
    return {**known, **now}


def _of(source: Source, known: Restless, at: float, *, begun: bool) -> Restless:
    names = frozenset(name for name, _ in source.unsettled)
    if not begun:
        return Restless(before=names)
    before = known.before & names
    return Restless(before=before, since={name: known.since.get(name, at) for name in sorted(names - before)})
