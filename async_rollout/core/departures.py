"""What is done on the way out of one instance: its commands, its rest, its terminate, its end.

Each function is one step of it (`life` says which is whose turn); `drain` has the one before.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import WHOLE, CloudAction, Need, RunHook, Terminate, Wait
from async_rollout.core.budget import crowded
from async_rollout.core.draft import Draft
from async_rollout.core.drain import deregistered, held_back, is_needed
from async_rollout.core.journal import COUNTED_AS, Departure, Journal, Mark, Removal
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.pace import Look, calm, gap
from async_rollout.core.policy import GONE_PAUSE, PROTECTED, RESEND, STARTED_BEFORE, TERMINATE_LOST
from async_rollout.core.promised import has_left
from async_rollout.core.protection import is_shielded
from async_rollout.core.refusals import refused, sentence
from async_rollout.core.serving import departure_of
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import YOUNG, Stage
from async_rollout.core.traffic import held_up
from async_rollout.core.withheld import BEFORE_ITS_END, lacks_after, withheld


def open_departure(draft: Draft, instance: Instance, *, surplus: bool = False) -> Draft:
    """Write down that the instance goes; its command first, or it is taken out of every source, port by port."""
    departure, point = replace(departure_of(draft.observation, instance), surplus=surplus), HookPoint.BEFORE_DRAINING
    if draft.spec.hooks.before_draining is not None:
        return commanded(draft, departure.marked(point, Mark.NOT), point)
    return deregistered(draft.departure(departure), instance)


def left_out(draft: Draft, departure: Departure) -> Draft:
    """Its node may have left its cluster half: it neither comes back nor goes."""
    out, lacking = f"{departure.id} is out of its load balancers", withheld(draft.spec, draft.journal)
    ones = (point for point in BEFORE_ITS_END if point in lacking and departure.mark(point) is not Mark.ENDED)
    how = {Mark.NOT: "has still to run", Mark.BEGUN: "has begun", Mark.FAILED: "failed"}
    words = " and ".join(f"its {point.noun} {how[departure.mark(point)]}" for point in ones)
    return draft.leave(f"{out}: {words}, and none was given")


def commanded(draft: Draft, departure: Departure, point: HookPoint) -> Draft:
    """The operator's command of one point: begun, waited for, written down when it is over."""
    history, mark = draft.belief.history(departure.id), departure.mark(point)
    ended = history.ended.get(point)
    if point in history.running:
        return draft.wait(_hook_wait(draft, departure, point), look=idle(draft))
    if mark is Mark.BEGUN and ended is not None and ended.outcome.ok:
        return draft.departure(departure.marked(point, Mark.ENDED))
    if mark is Mark.FAILED:
        return draft
    hook = RunHook(
        point=point,
        instance=departure.id,
        private_ip=departure.private_ip,
        public_ip=departure.public_ip,
        attempt=ended.tries + 1 if ended else 1,
        resumed=mark is Mark.BEGUN,
    )
    return draft.departure(departure.marked(point, Mark.BEGUN)).act(hook)


def told(draft: Draft, departure: Departure) -> Draft:
    """The command before it is taken out, and whether it is still its turn when that is over.

    If not it steps back and serves on, so that others may go first; its turn begins with the command again.
    """
    one, point = draft.member(departure.id), HookPoint.BEFORE_DRAINING
    if draft.life(one.id).comes_back or draft.life(one.id).is_down:
        return dropped(draft, departure)
    if draft.spec.hooks.before_draining is not None:
        done = commanded(draft, departure, point)
        if done.out(one.id).draining is not Mark.ENDED:
            return done
    clear = draft.explained and draft.belief.history(one.id).is_clear and not draft.belief.doubted(draft.observation)
    if not (clear or departure.surplus or one.standby):
        return draft.wait(Wait(on=f"{one.id} going out", why="looking at it once more", since=draft.at))
    if not one.standby and _has_to_stay(draft, departure):
        return draft.drop(one.id)
    return draft.departure(replace(departure_of(draft.observation, one), surplus=departure.surplus))


def _has_to_stay(draft: Draft, departure: Departure) -> bool:
    """What was asked when its way out was opened, asked as if it were not, but of those that are ready.

    Those that were available then made room for it. A killed run's successor has to watch them anew; if it had its
    turn wait for that, who was told would be told once more.
    """
    before, id = draft.drop(departure.id), departure.id
    if departure.surplus:
        return draft.belief.history(id).streak.good > 0 and not before.tally.may_go(id)
    ready = before.tally.as_ready
    return bool(held_up(draft)) or not before.is_proven_without(id, ready) or not ready.may_go(id)


def dropped(draft: Draft, departure: Departure) -> Draft:
    """Its way out is over before it was taken out, as soon as a command that runs has ended."""
    if HookPoint.BEFORE_DRAINING not in draft.belief.history(departure.id).running:
        return draft.drop(departure.id)
    return draft.wait(_hook_wait(draft, departure, HookPoint.BEFORE_DRAINING), look=idle(draft))


def idle(draft: Draft) -> Look:
    """Something that wakes by itself, or that the rows show."""
    return Look(draft.at + draft.spec.interval)


def _hook_wait(draft: Draft, departure: Departure, point: HookPoint) -> Wait:
    since = draft.belief.stage_since(departure.id)
    return draft.waiting(Stage.DRAINED, f"{departure.id} {point.noun}", "the command still runs", since)


def rested(draft: Draft, departure: Departure) -> Draft:
    """The operator's wait, then terminate; it shrinks the group when it holds a place and the field is above base."""
    since = _resting_since(draft, departure)
    until = since + draft.spec.wait_before_terminate
    if draft.at < until and not draft.life(departure.id).is_down:
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
    one = draft.member(departure.id)
    if not departure.surplus and is_shielded(draft.spec, draft.observation.group, one):
        return _protected_since(draft, departure)
    if is_needed(draft, one):
        return held_back(draft, departure, draft.belief.progress.at if draft.belief.progress else draft.at)
    shrink = (
        one.takes_part
        and draft.observation.group.desired - shrinks_under_way(draft.journal, draft.observation) > draft.journal.base
    )
    if one.takes_part and not shrink and (crowd := crowded(draft.tally, draft.observation, draft.journal)):
        return draft.wait(_room_first(draft, departure, crowd), look=idle(draft))
    removal = Removal.SHRINK if shrink else Removal.KEEP
    return draft.departure(replace(departure, removal=removal)).act(Terminate(instance=departure.id, shrink=shrink))


def _protected_since(draft: Draft, departure: Departure) -> Draft:
    """Its before-command has begun, so it cannot come back; but it works: its terminate waits."""
    since = draft.belief.history(departure.id).protected_since or draft.at
    if draft.life(departure.id).is_put_back and draft.belief.is_overdue(departure.id):
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


def shrinks_under_way(journal: Journal, observation: Observation) -> int:
    """Acts that shrink and are recorded and not yet seen: they will take their place out of the field too."""
    recorded = (departure for departure in journal.departures if departure.removal in COUNTED_AS)
    return sum(not has_left(observation, departure) for departure in recorded)


def spent(draft: Draft, departure: Departure) -> Draft:
    """Its terminate stands in the record, and it is still InService."""
    since, shrink = draft.belief.history(departure.id).removal, departure.removal is not Removal.KEEP
    wait = _terminating(draft, departure.id, "the terminate call has not shown yet", since.at if since else draft.at)
    return sent(draft, departure, Terminate(instance=departure.id, shrink=shrink), wait)


def sent(draft: Draft, departure: Departure, act: CloudAction, wait: Wait) -> Draft:
    """Recorded, and not to be seen: wait, then make sure that nothing came of it, then begin that step anew."""
    since = draft.belief.history(departure.id).removal
    if (no := refused(draft.belief, act)) is not None:
        said = replace(wait, why=sentence(no))
        return _anew(draft, departure) if draft.at - no.last >= RESEND else draft.wait(said, look=idle(draft))
    draft = draft.wait(wait, look=_leaving(draft, wait.since))
    if draft.at - wait.since >= TERMINATE_LOST.seconds / 2:
        draft = draft.ask(Need.ACTIVITIES)
    late = TERMINATE_LOST.holds(since, draft.at)
    asked = since is not None and draft.belief.activities_at > since.at
    if not late or not asked or since is None or _under_way(draft, departure, since.at):
        return draft
    return _anew(draft, departure)


def _anew(draft: Draft, departure: Departure) -> Draft:
    """Nothing came of it: it is sent again; or who was to go comes back, and who was to be parked goes on.

    Of one that EC2 does not run a launch was counted with it, which did not come.
    """
    counted = departure.removal is Removal.KEEP and draft.spec.hooks.before_terminate is None
    never = counted and draft.life(departure.id).is_down
    one = departure if draft.life(departure.id).is_put_back else departure.again
    anew = draft.departure(replace(one, removal=Removal.NOT))
    return anew.write(replace(anew.journal, launches=max(0, anew.journal.launches - never)))


def _under_way(draft: Draft, departure: Departure, since: float) -> bool:
    kind = "standby" if departure.parks else "terminate"
    named = (one for one in draft.belief.activities if one.kind == kind and one.instance == departure.id)
    return any(one.ended_at is None or (one.started_at >= since - STARTED_BEFORE and not one.failed) for one in named)


def _leaving(draft: Draft, since: float) -> Look:
    """When to look at one that goes: where newcomers are on their way, nothing waits for it."""
    coming = draft.belief.hollow or any(stage in YOUNG for stage in draft.belief.stages.values())
    return calm(draft.spec, draft.at) if coming else Look(draft.at + gap(draft.spec, draft.at - since))


def shutting_down(draft: Draft, id: str) -> Draft:
    """It leaves, or is absent, in a look or two of which there may be a gap in the answer."""
    instance, departure = draft.observation.instance(id), draft.out(id)
    removal = draft.belief.history(id).removal
    since = removal.at if removal else float(departure.at)
    why = f"it is {instance.lifecycle}" if instance else "it is out of sight"
    again = Look(draft.at + draft.spec.paced(GONE_PAUSE))
    return draft.wait(_terminating(draft, id, why, since), look=_leaving(draft, since) if instance else again)


def gone(draft: Draft, id: str) -> Draft:
    """It is gone, or retained and goes no further: its after-command, then its departure is over."""
    departure, point = draft.out(id), HookPoint.AFTER_TERMINATE
    if departure.removal is Removal.ASIDE:
        return draft.drop(id)  # it was its owner's to end
    if lacks_after(draft.spec, draft.journal, departure):
        return draft.leave(f"{id} is gone, and its after-command, not given, has still to run")
    if draft.spec.hooks.after_terminate is not None and departure.after not in (Mark.ENDED, Mark.FAILED):
        return commanded(draft, departure, point)
    done, failed = draft.drop(id), draft.belief.history(id).failed
    old = not (departure.surplus or failed)  # not our own surplus, nor a new one that failed
    return done.write(replace(done.journal, replaced=done.journal.replaced + old))


def _terminating(draft: Draft, id: str, why: str, since: float) -> Wait:
    return draft.waiting(Stage.TERMINATING, f"{id} terminating", why, since)
