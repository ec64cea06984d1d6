"""What a storm has left, asked when all is calm: that it ended, that all is as found, that zero means done."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from async_rollout.core.journal import SUSPENDED_BY_US
from support.storms.storm import Past

COLLISION = 60.0
"""A record is taken over when its lease, three minutes, is over: so soon after its last renewal, two have crossed."""


def it_ends(past: Past) -> Iterator[str]:
    """Law 12: in calm everything ends within its limits."""
    if past.overdue is not None:
        yield f"law 12: not at its end after {past.overdue:.0f} s of calm"


def nothing_is_left(past: Past) -> Iterator[str]:
    """Laws 7 and 10: in the end all is as found, but for what others changed; or a record stands and says so (10)."""
    log, group = past.world.log, past.world.state.groups.get(past.found.name)
    if group is None or log.deleted or past.overdue is not None:
        return
    codes = [one.verdict.code for one in past.calm]
    if past.world.record_of() is not None or log.forged:
        if codes and codes[-1] != 10 and not log.forged:
            yield f"law 10: restore ended with {codes} and a record stands"
        return
    yield from _sizes(past)
    ours = set(SUSPENDED_BY_US) | ({"Launch", "Terminate"} if not past.weather.spec.require_healthy_group else set())
    odd = (set(group.suspended_names) ^ log.suspended) - log.unsure
    if odd and (past.weather.spec.require_healthy_group or odd - ours):
        yield f"law 7: suspended are {sorted(group.suspended_names)}, {sorted(log.suspended)} ought to be"
    yield from _members(past)


def _sizes(past: Past) -> Iterator[str]:
    log, group = past.world.log, past.world.state.groups[past.found.name]
    if _collided(past):
        return
    last = log.wanted[-1]
    low, high = min(last.low, group.maximum), max(last.high, group.minimum)
    if not max(low, group.minimum) <= group.desired <= high:
        yield f"law 7: desired is {group.desired}, between {low} and {high} were wanted"
    least = max(log.own_maximum, group.minimum, group.desired)  # a minimum above it that was taken back since
    for name, value in log.sizes.items():
        if value >= 0 and getattr(group, name) not in (value, *((least,) if name == "maximum" else ())):
            yield f"law 7: the {name} is {getattr(group, name)}, it ought to be {value}"


def _collided(past: Past) -> bool:
    """One's record was written over another's who was at work: a write was under way for long, and tags have no
    compare-and-swap."""
    holders = past.world.log.holders
    return any(run != other and at - before < COLLISION for (before, other), (at, run) in pairwise(holders))


def _members(past: Past) -> Iterator[str]:
    state, group = past.world.state, past.world.state.groups[past.found.name]
    for one in state.members(group.name):
        absent = [source.id for source in state.sources_of(group.name) if not state.registered(source.id, one.id)]
        if one.in_service and absent and one.id not in past.world.log.taken:
            yield f"law 7: {one.id} is missing from {absent}"


def zero_means_done(past: Past) -> Iterator[str]:
    """Law 16: the last one ended with 0 only if no instance is left that was there before."""
    done = [one for one in past.results if one.verdict.code == 0 and one.verdict.outcome == "done"]
    if not done or past.weather.second_at is not None or past.results[-1 - len(past.calm)] is not done[-1]:
        return
    state = past.world.state
    left = [one.id for one in state.members(past.found.name) if one.id in past.found_ids and one.in_service]
    if left and not any(one.kind in ("standby", "forget") for one in past.weather.deeds):
        yield f"law 16: it ended with 0, and {left} are still there"
