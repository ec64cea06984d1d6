"""The way out of one instance: deregistered, drained, hooks, rest, terminated, gone.

Shared by advance (old ones) and finish (surplus of ours); restore turns some of them round. Each function is asked
about one departure and answers with the next step of it, from what is seen.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import WHOLE, Need, RunHook, Terminate, Wait
from async_rollout.core.back import put_back
from async_rollout.core.budget import crowded
from async_rollout.core.draft import Draft
from async_rollout.core.drain import deregistered, draining, held_back, is_needed, may_still_drain, unlisted
from async_rollout.core.history import Ended
from async_rollout.core.journal import Departure, Goal, Journal, Mark, Removal
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.pace import Look, calm, gap
from async_rollout.core.policy import GONE_PAUSE, PROTECTED, RESEND, STARTED_BEFORE, TERMINATE_LOST
from async_rollout.core.protection import calls_back, is_shielded
from async_rollout.core.refusals import sentence, terminate_refused
from async_rollout.core.serving import departure_of, is_registered
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import YOUNG
from async_rollout.core.standby import is_left
from async_rollout.core.withheld import lacks_after, lacks_before


def open_departure(draft: Draft, instance: Instance, *, surplus: bool = False) -> Draft:
    """Write down that the instance goes, then take it out of every source, port by port."""
    departure = replace(departure_of(draft.observation, instance), surplus=surplus)
    return deregistered(draft.departure(departure), instance)


def fall(draft: Draft, departure: Departure) -> Draft:
    """The next step of one departure."""
    instance = draft.observation.instance(departure.id)
    if instance is None or instance.leaving:
        return _going(draft, departure, instance)
    if departure.removal is not Removal.NOT:
        return _sent(draft, departure)
    if is_left(draft.spec, draft.journal, departure, instance):
        return draft.drop(departure.id)
    if calls_back(draft.spec, draft.observation.group, departure, instance):
        return put_back(draft, departure, instance)
    if any(is_registered(target) for target in instance.targets):
        return draining(draft, departure, instance)
    if may_still_drain(draft, departure):
        return draft.wait(unlisted(draft, departure), look=Look(draft.at + draft.spec.paced(GONE_PAUSE), WHOLE))
    if lacks_before(draft.spec, draft.journal, departure):
        return left_out(draft, departure)
    if departure.before is not Mark.ENDED and draft.spec.hooks.before_terminate is not None:
        draft, departure = _before(draft, departure)
    if departure.before is Mark.ENDED or draft.spec.hooks.before_terminate is None:
        return _rest(draft, departure)
    return draft


def left_out(draft: Draft, departure: Departure) -> Draft:
    """Its node may have left its cluster half: it neither comes back nor goes."""
    how = {Mark.NOT: "has still to run", Mark.BEGUN: "has begun", Mark.FAILED: "failed"}[departure.before]
    return draft.leave(f"{departure.id} is out of its load balancers: its before-command {how}, and none was given")


def _before(draft: Draft, departure: Departure) -> tuple[Draft, Departure]:
    history = draft.belief.history(departure.id)
    if HookPoint.BEFORE_TERMINATE in history.running:
        return draft.wait(_hook_wait(draft, departure, "before"), look=idle(draft)), departure
    ended = history.ended.get(HookPoint.BEFORE_TERMINATE)
    if departure.before is Mark.BEGUN and ended is not None and ended.outcome.ok:
        departure = replace(departure, before=Mark.ENDED)
        return draft.departure(departure), departure
    if departure.before is Mark.FAILED:
        return draft, departure
    return _begin_hook(draft, departure, HookPoint.BEFORE_TERMINATE, ended), departure


def _begin_hook(draft: Draft, departure: Departure, point: HookPoint, ended: Ended | None) -> Draft:
    mark = departure.before if point is HookPoint.BEFORE_TERMINATE else departure.after
    begun = (
        replace(departure, before=Mark.BEGUN)
        if point is HookPoint.BEFORE_TERMINATE
        else replace(departure, after=Mark.BEGUN)
    )
    hook = RunHook(
        point=point,
        instance=departure.id,
        private_ip=departure.private_ip,
        public_ip=departure.public_ip,
        attempt=ended.tries + 1 if ended else 1,
        resumed=mark is Mark.BEGUN,
    )
    return draft.departure(begun).act(hook)


def idle(draft: Draft) -> Look:
    """Something that wakes by itself, or that the rows show."""
    return Look(draft.at + draft.spec.interval)


def _hook_wait(draft: Draft, departure: Departure, which: str) -> Wait:
    since = draft.belief.stage_since(departure.id)
    limit = since + draft.spec.limits.hook
    return Wait(
        on=f"{departure.id} {which}-command",
        why="the command still runs",
        since=since,
        until=limit,
        option="--hook-timeout",
    )


def _rest(draft: Draft, departure: Departure) -> Draft:
    """The operator's wait, then terminate; it shrinks the group when it holds a place and the field is above base."""
    since = _resting_since(draft, departure)
    until = since + draft.spec.wait_before_terminate
    if draft.at < until:
        wait = Wait(on=f"{departure.id} resting", why="the wait before terminate", since=since, until=until)
        return draft.wait(wait, look=Look(until, WHOLE))
    return _terminated(draft, departure)


def _resting_since(draft: Draft, departure: Departure) -> float:
    if draft.spec.hooks.before_terminate is None:
        return draft.belief.stage_since(departure.id)
    ended = draft.belief.history(departure.id).ended.get(HookPoint.BEFORE_TERMINATE)
    return ended.at if ended else max(draft.belief.began, float(departure.at))


def _terminated(draft: Draft, departure: Departure) -> Draft:
    if not draft.explained:
        return draft
    one = draft.observation.instance(departure.id)
    if one is not None and not departure.surplus and is_shielded(draft.spec, draft.observation.group, one):
        return _protected_since(draft, departure)
    if one is not None and is_needed(draft, one):
        return held_back(draft, departure, draft.belief.progress.at if draft.belief.progress else draft.at)
    placed = one is None or one.takes_part
    shrink = (
        placed
        and draft.observation.group.desired - _shrinks_under_way(draft.journal, draft.observation) > draft.journal.base
    )
    if placed and not shrink and (crowd := crowded(draft.tally, draft.observation, draft.journal)):
        return draft.wait(_room_first(draft, departure, crowd), look=idle(draft))
    removal = Removal.SHRINK if shrink else Removal.KEEP
    return draft.departure(replace(departure, removal=removal)).act(Terminate(instance=departure.id, shrink=shrink))


def _protected_since(draft: Draft, departure: Departure) -> Draft:
    """Its before-command has begun, so it cannot come back; but it works: its terminate waits."""
    since = draft.belief.history(departure.id).protected_since or draft.at
    if draft.journal.goal is Goal.RESTORE and draft.belief.is_overdue(departure.id):
        return draft.leave(
            f"{departure.id} is out of its load balancers, and protected from scale-in: it is not terminated"
        )
    why = "it has got protected from scale-in since its before-command began"
    wait = Wait(
        on=f"{departure.id} terminating", why=why, since=since, until=since + PROTECTED, option="--protected replace"
    )
    return draft.wait(wait)


def _room_first(draft: Draft, departure: Departure, crowd: int) -> Wait:
    why = f"AWS would launch its successor at once: {crowd} would exist, {draft.tally.bounds.exist} may"
    return Wait(on=f"{departure.id} terminating", why=why, since=draft.at)


def _shrinks_under_way(journal: Journal, observation: Observation) -> int:
    """Shrinking terminates that are recorded and not yet seen: they will take their place out of the field too."""
    recorded = (departure.id for departure in journal.departures if departure.removal is Removal.SHRINK)
    return sum((one := observation.instance(id)) is not None and not one.leaving for id in recorded)


def _sent(draft: Draft, departure: Departure) -> Draft:
    """Recorded, and still InService: wait, then make sure that nothing came of it, then begin that step anew."""
    since = draft.belief.history(departure.id).removal
    wait = Wait(
        on=f"{departure.id} terminating",
        why="the terminate call has not shown yet",
        since=since.at if since else draft.at,
        until=(since.at if since else draft.at) + draft.terminate_limit,
        option="--terminate-timeout",
    )
    if (no := terminate_refused(draft.belief, departure.id)) is not None:
        said = replace(wait, why=sentence(no))
        return _anew(draft, departure) if draft.at - no.last >= RESEND else draft.wait(said, look=idle(draft))
    draft = draft.wait(wait, look=_leaving(draft, wait.since))
    if draft.at - wait.since >= TERMINATE_LOST.seconds / 2:
        draft = draft.ask(Need.ACTIVITIES)
    late = TERMINATE_LOST.holds(since, draft.at)
    asked = since is not None and draft.belief.activities_at > since.at
    if not late or not asked or since is None or _under_way(draft, departure.id, since.at):
        return draft
    return _anew(draft, departure)


def _anew(draft: Draft, departure: Departure) -> Draft:
    """Nothing came of its terminate: it is sent again, or, where all is put back, only drained and can come back."""
    again = replace(departure, removal=Removal.NOT)
    if draft.journal.goal is Goal.RESTORE and departure.before is Mark.NOT and not departure.surplus:
        return draft.departure(again)
    return fall(draft.departure(again), again)


def _under_way(draft: Draft, id: str, since: float) -> bool:
    named = (one for one in draft.belief.activities if one.kind == "terminate" and one.instance == id)
    return any(one.ended_at is None or (one.started_at >= since - STARTED_BEFORE and not one.failed) for one in named)


def _leaving(draft: Draft, since: float) -> Look:
    """When to look at one that goes: where newcomers are on their way, nothing waits for it."""
    coming = draft.belief.hollow or any(stage in YOUNG for stage in draft.belief.stages.values())
    return calm(draft.spec, draft.at) if coming else Look(draft.at + gap(draft.spec, draft.at - since))


def _going(draft: Draft, departure: Departure, instance: Instance | None) -> Draft:
    """Leaving or gone. Absent in a look or two may be a gap in the answer; one that is retained goes no further."""
    retained = instance is not None and instance.retained
    if not retained and (instance is not None or not draft.belief.history(departure.id).is_gone):
        removal = draft.belief.history(departure.id).removal
        since = removal.at if removal else float(departure.at)
        until = since + draft.terminate_limit
        why = f"it is {instance.lifecycle}" if instance else "it is out of sight"
        wait = Wait(on=f"{departure.id} terminating", why=why, since=since, until=until, option="--terminate-timeout")
        again = Look(draft.at + draft.spec.paced(GONE_PAUSE))
        return draft.wait(wait, look=_leaving(draft, since) if instance else again)
    if lacks_after(draft.spec, draft.journal, departure):
        return draft.leave(f"{departure.id} is gone, and its after-command, not given, has still to run")
    if draft.spec.hooks.after_terminate is None or departure.after in (Mark.ENDED, Mark.FAILED):
        return _gone(draft, departure)
    return _after(draft, departure)


def _gone(draft: Draft, departure: Departure) -> Draft:
    """Its departure is over; one more that is replaced, unless it was our own surplus."""
    done = draft.drop(departure.id)
    return done.write(replace(done.journal, replaced=done.journal.replaced + (not departure.surplus)))


def _after(draft: Draft, departure: Departure) -> Draft:
    history = draft.belief.history(departure.id)
    if HookPoint.AFTER_TERMINATE in history.running:
        return draft.wait(_hook_wait(draft, departure, "after"), look=idle(draft))
    ended = history.ended.get(HookPoint.AFTER_TERMINATE)
    if departure.after is Mark.BEGUN and ended is not None and ended.outcome.ok:
        return _gone(draft, departure)
    return _begin_hook(draft, departure, HookPoint.AFTER_TERMINATE, ended)
