"""One that is out of its load balancers and cannot go on: parked in Standby, for its owner to bring back or end.

Its before-command failed, so nobody knows whether its node has left its cluster; or that is over, and while all is put
back the floor does not hold without it. Neither is terminated. In Standby it is in no load balancer, AWS does not check
its health, and it holds no place in DesiredCapacity: nothing of ours has to stay suspended for it. Where AWS refuses
that, as below the minimum, it is left out and named.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import WHOLE, EnterStandby, Wait
from async_rollout.core.budget import launches_most
from async_rollout.core.departures import dropped, idle, sent, shrinks_under_way
from async_rollout.core.draft import Draft
from async_rollout.core.drain import held_back, is_needed
from async_rollout.core.history import Odd
from async_rollout.core.journal import Departure, Mark, Removal
from async_rollout.core.launching import asked_for, lift_rests, may_grow
from async_rollout.core.pace import Look
from async_rollout.core.policy import BROUGHT_BACK, OUT_AGAIN, STARTED_BEFORE
from async_rollout.core.promised import coming
from async_rollout.core.stages import YOUNG, Stage
from async_rollout.core.standby import why_parked


def parking(draft: Draft, departure: Departure) -> Draft:
    """Put into Standby, once; or its owner was first, or has taken it out again since."""
    one = draft.member(departure.id)
    if departure.removal is Removal.ASIDE and not one.standby:
        return draft.drop(one.id)  # it serves again, by its owner's will
    if departure.removal is Removal.NOT and one.standby:
        return draft.departure(replace(departure, removal=Removal.ASIDE))
    if departure.parks and one.standby:
        return draft.wait(_entering(draft, departure), look=idle(draft))
    if departure.parks and _is_out_again(draft, departure):
        return draft.drop(one.id)
    if departure.parks:
        return sent(draft, departure, EnterStandby(instance=one.id), _entering(draft, departure))
    if (relisted := draft.belief.history(one.id).relisted) is not None:
        return _brought_back(draft, one.id, relisted)
    return _parked(draft, departure)


def _brought_back(draft: Draft, id: str, relisted: Odd) -> Draft:
    """Its owner has registered it back: it serves on, and is no more out of anything."""
    if BROUGHT_BACK.holds(relisted, draft.at):
        return draft.drop(id)
    wait = Wait(on=f"{id} parking", why="its sources list it again: looking once more", since=relisted.at)
    return draft.wait(wait, look=Look(draft.at + draft.spec.interval, WHOLE))


def _is_out_again(draft: Draft, departure: Departure) -> bool:
    """It was there, as AWS tells, and no look has shown it: its owner was quicker."""
    since = draft.belief.history(departure.id).removal
    named = (one for one in draft.belief.activities if one.kind == "standby" and one.instance == departure.id)
    done = (one for one in named if one.ended_at is not None and not one.failed)
    late = since is not None and any(one.started_at >= since.at - STARTED_BEFORE for one in done)
    return late and OUT_AGAIN.holds(since, draft.at)


def _parked(draft: Draft, departure: Departure) -> Draft:
    """Recorded and done, on a look in which it does not serve where the floor needs it, and as soon as there is a lift.

    Standby takes its place out of desired capacity, so that the owner's size is as found only if one more stands there.
    """
    one, journal, seen = draft.member(departure.id), draft.journal, draft.observation
    if not (draft.explained and one.in_service):
        return draft
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    if is_needed(draft, one):
        return held_back(draft, departure, since)
    held = journal.base + shrinks_under_way(journal, seen)
    if seen.group.desired > held:
        return draft.departure(replace(departure, removal=Removal.PARKED)).act(EnterStandby(instance=one.id))
    wait = Wait(on=f"{one.id} parking", why="one more has to be asked for in its place first", since=since)
    return (_lifted(draft) if coming(journal, seen) <= held else draft).wait(wait, look=idle(draft))


def _lifted(draft: Draft) -> Draft:
    """One more is asked for; the maximum first, where it is in the way."""
    room = draft.journal.launches < launches_most(draft.journal, draft.observation)
    room = room and draft.tally.exist < draft.tally.bounds.exist
    if not (room and may_grow(draft) and draft.knows_maximum):
        return draft
    if wait := lift_rests(draft):
        return draft.wait(wait)
    wanted = draft.observation.group.desired + 1
    return asked_for(draft, 1) if wanted <= draft.observation.group.maximum else draft.set_maximum(wanted)


def _entering(draft: Draft, departure: Departure) -> Wait:
    since = draft.belief.history(departure.id).removal
    why = f"{why_parked(departure)}: it is put into Standby"
    return draft.waiting(Stage.PARKING, f"{departure.id} parking", why, since.at if since else draft.at)


def parked(draft: Draft, departure: Departure) -> Draft:
    """It stands by. While all is put back the record keeps it, so that it is named; a run that goes on has done so.

    One that EC2 has ended there is not to be brought back by anybody.
    """
    life = draft.life(departure.id)
    return draft if life.is_put_back and not life.is_down else dropped(draft, departure)


def given_up(draft: Draft, departure: Departure) -> Draft | None:
    """All is put back, and its before-command is over: where the floor does not hold it is parked; None: it may go.

    As long as others come, or come back, the floor may hold yet. One that is dead or stands by may go anyhow.
    """
    life, ready, floor = draft.life(departure.id), len(draft.tally.ready), draft.tally.bounds.floor
    begun = life.is_put_back and departure.before is not Mark.NOT and not departure.surplus
    if not begun or life.is_idle or ready >= floor:
        return None
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    coming = draft.tally.booting or any(stage in (*YOUNG, Stage.RETURNING) for stage in draft.belief.stages.values())
    if not coming or draft.over(since, draft.limit(Stage.RETURNING)):
        return _parked(draft, departure)
    why = f"its before-command has begun, {ready} are ready and the floor is {floor}"
    return draft.wait(draft.waiting(Stage.RETURNING, f"{departure.id} going", why, since))
