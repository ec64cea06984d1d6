"""Members that EC2 does not run: each is ended at once, and AWS launches all their successors beside each other.

ReplaceUnhealthy is off while a rollout runs, so its work is ours. Who does not run serves nobody and cannot come back:
nothing is proven first, and nothing drains. Whom only a load balancer calls ill goes the way of all others.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Terminate
from async_rollout.core.budget import launches_most
from async_rollout.core.draft import Draft
from async_rollout.core.journal import LANES_MAX, Removal
from async_rollout.core.observation import Instance
from async_rollout.core.serving import departure_of
from async_rollout.core.stages import is_old
from async_rollout.core.survey import TAGS_MAX
from async_rollout.core.tags import HEAD_TAGS
from async_rollout.core.withheld import BEFORE_ITS_END, withheld


def healed(draft: Draft) -> Draft:
    """A way out for each of them, as many as the record holds and the bound of launches lets through.

    With a before-command that runs first, and its place is launched anew meanwhile, as that of everybody who is out.
    Not where one is known to be due and was not given.
    """
    if withheld(draft.spec, draft.journal).intersection(BEFORE_ITS_END):
        return draft
    there = (one for one in draft.observation.instances if one.in_service and one.down)
    lost = [one for one in there if not draft.journal.departure(one.id)]
    for one in lost[: max(0, _most(draft))]:
        draft = _ended(draft, one)
    return draft


def _most(draft: Draft) -> int:
    tags = TAGS_MAX - HEAD_TAGS - draft.observation.group.tag_count
    free = min(LANES_MAX, tags) - len(draft.journal.departures)
    return min(free, launches_most(draft.journal, draft.observation) - draft.journal.launches)


def _ended(draft: Draft, lost: Instance) -> Draft:
    """One that is not old is none of those to be replaced: it counts as surplus."""
    surplus = not is_old(draft.spec, draft.journal, lost)
    departure = replace(departure_of(draft.observation, lost), surplus=surplus)
    if draft.spec.hooks.before_terminate is not None:
        return draft.departure(departure)
    sent = draft.departure(replace(departure, removal=Removal.KEEP))
    counted = replace(sent.journal, launches=sent.journal.launches + 1)
    return sent.write(counted).act(Terminate(instance=lost.id, shrink=False))
