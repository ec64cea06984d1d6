"""Departures that only drain, called back while the ready are below the floor: they are the capacity that is nearest.

Our own surplus, too: where those that were to stay fall ill, it is what serves, and one of the ill is one too many.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure


def called_back(draft: Draft) -> Draft:
    """Each of them is to serve on: that stands in the record, and is not taken back before it does."""
    if draft.tally.holding >= draft.tally.bounds.floor:
        return draft
    for departure in draft.journal.departures:
        if _may_serve(draft, departure):
            draft = draft.departure(replace(departure, stays=True))
    return draft


def _may_serve(draft: Draft, departure: Departure) -> bool:
    """Taken out and nothing more, and well when it was."""
    one, life = draft.observation.instance(departure.id), draft.life(departure.id)
    well = one is not None and one.in_service and not (draft.belief.history(departure.id).sick or life.is_dead)
    return well and departure.only_drains and not life.comes_back
