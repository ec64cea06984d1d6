"""What each step of a life asks for: one match over all of them, for a newcomer, a way out, a way back, one parked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from async_rollout.core.back import put_back
from async_rollout.core.climb import booted, checked, proven, ripening
from async_rollout.core.departures import commanded, dropped, gone, left_out, rested, shutting_down, spent, told
from async_rollout.core.draft import Draft
from async_rollout.core.drain import draining, unsure
from async_rollout.core.parking import given_up, parked, parking
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import Stage


def lives(draft: Draft) -> Iterator[str]:
    """Whom a tick moves: who is on a way out, who is in service, who boots. Others are let alone."""
    yield from (departure.id for departure in draft.journal.departures)
    staying = (one for one in draft.observation.instances if one.takes_part and not draft.journal.departure(one.id))
    yield from (one.id for one in sorted(staying, key=lambda one: one.booting))


def move(draft: Draft, id: str) -> Draft:
    """One instance a step on; a step that is over by the record alone leads to the next at once."""
    before, done = draft.journal.departure(id), _moved(draft, id)
    after = done.journal.departure(id)
    return move(done, id) if after not in (None, before) and done.acts == draft.acts else done


def _moved(draft: Draft, id: str) -> Draft:
    stage = draft.stage(id)
    match stage:
        case Stage.LAUNCHING:
            return booted(draft, draft.member(id))
        case Stage.REGISTERING:
            return proven(draft, draft.member(id))
        case Stage.CHECKING:
            return checked(draft, draft.member(id))
        case Stage.READY:
            return ripening(draft, draft.member(id))
        case Stage.AVAILABLE | Stage.AILING | Stage.SERVING:
            return draft
        case Stage.PREPARING:
            return told(draft, draft.out(id))
        case Stage.DRAINING:
            return draining(draft, draft.out(id), draft.member(id))
        case Stage.DRAINED:
            return unsure(draft, draft.out(id)) or commanded(draft, draft.out(id), HookPoint.BEFORE_TERMINATE)
        case Stage.RESTING:
            return unsure(draft, draft.out(id)) or given_up(draft, draft.out(id)) or rested(draft, draft.out(id))
        case Stage.SPENT:
            return spent(draft, draft.out(id))
        case Stage.TERMINATING:
            return shutting_down(draft, id)
        case Stage.GONE:
            return gone(draft, id)
        case Stage.RETURNING:
            return put_back(draft, draft.out(id), draft.member(id))
        case Stage.STANDBY:  # it serves nobody and holds no place: so it was found, or so its owner wants it
            return dropped(draft, draft.out(id))
        case Stage.PARKING:
            return parking(draft, draft.out(id))
        case Stage.PARKED:
            return parked(draft, draft.out(id))
        case Stage.STRANDED:
            return left_out(draft, draft.out(id))
        case _:
            assert_never(stage)
