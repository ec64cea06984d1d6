"""The plans of many groups on about one screen: what is asked of whoever is to say yes. `-v` shows each plan whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from async_rollout.core.plan import Plan
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

WHOLE = 3
"""So many groups are shown whole, each in a block of its own."""
NAMED = 3
"""So many groups are named where the same is said of more."""
SAID = 4
"""So many different notes, and as many reasons to refuse, are told."""
ROWS = 5
"""So many groups have a line: those that take longest."""


def summary_lines(plans: Sequence[Plan]) -> Iterator[str]:
    """Counts first, then the groups that take longest, then what is said of any, each thing once."""
    busy = [plan for plan in plans if plan.work and not plan.objections]
    count = sum(len(plan.old) for plan in busy)
    yield f"replaces {count} of {sum(plan.members for plan in busy)} instances in {len(busy)} of {len(plans)} groups"
    yield from _some("under way or left in the middle", [plan.group for plan in plans if plan.record is not None])
    yield from _some("nothing to replace", [plan.group for plan in plans if not plan.work and not plan.objections])
    lowest = {plan.floor - plan.base for plan in busy}
    if lowest == {0}:
        yield "no group falls below its size; " + _most(busy)
    elif busy:
        yield f"at most {-min(lowest)} of a group may be missing; " + _most(busy)
    yield from _longest(busy)
    yield from _same("note", plans, lambda plan: plan.notes)
    yield from _same("refused", plans, lambda plan: plan.objections)
    yield "each group by itself: -v, or async-rollout plan"


def _most(busy: Sequence[Plan]) -> str:
    more = max(plan.exist_at_most - plan.base for plan in busy)
    return f"at most {more} more exist in any, {sum(plan.exist_at_most - plan.base for plan in busy)} in all"


def _longest(busy: Sequence[Plan]) -> Iterator[str]:
    slow = sorted((plan for plan in busy if plan.record is None), key=lambda plan: -plan.expected_seconds)
    if slow:
        yield "longest:"
    for plan in slow[:ROWS]:
        time = f"{lasting(plan.expected_seconds)} ({lasting(plan.worst_seconds)} at worst)"
        yield f"  {safe(plan.group)}: {len(plan.old)} of {plan.members}, {time}"


def _some(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {_names(names)}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(safe, names[:NAMED])) + more


def _same(kind: str, plans: Sequence[Plan], said: Callable[[Plan], Sequence[str]]) -> Iterator[str]:
    """What is said of several groups is said once, of most first."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for plan in plans:
        for line in said(plan):
            groups[line].append(plan.group)
    ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
    for line, names in ranked[:SAID]:
        yield f"{kind}: {'' if len(names) == len(plans) else f'{_names(names)}: '}{safe(line)}"
    if rest := sum(len(names) for _, names in ranked[SAID:]):
        yield f"{kind}: {rest} more"
