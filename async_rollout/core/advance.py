"""The loop of the walkthrough: departures fall, newcomers are checked, old ones are taken out, new ones are asked for.

Everything is derived from one look; several departures move in one tick, each at its own pace.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import MarkHealthy, Suspend, Wait
from async_rollout.core.amounts import amount
from async_rollout.core.budget import Tally, launches_most
from async_rollout.core.called_back import called_back
from async_rollout.core.climb import watch_launches
from async_rollout.core.departures import idle, open_departure
from async_rollout.core.draft import Draft
from async_rollout.core.finish import falsely_marked, finish, lowered
from async_rollout.core.gates import Closed, Open, asked
from async_rollout.core.heal import healed
from async_rollout.core.journal import to_suspend
from async_rollout.core.launching import asked_again, asked_for, is_unrisen, lift_rests, may_grow, raised
from async_rollout.core.moves import lives, move
from async_rollout.core.observation import Instance
from async_rollout.core.policy import PROTECTED
from async_rollout.core.protection import is_shielded
from async_rollout.core.stages import Stage
from async_rollout.core.traffic import held_up


def advance(draft: Draft) -> Draft:
    """One tick towards all new; last of all what AWS has not answered is asked again: nothing rests on it."""
    return asked_again(_advanced(draft))


def _advanced(draft: Draft) -> Draft:
    running = sorted(set(to_suspend(draft.spec)) - draft.observation.group.suspended)
    if running and draft.is_under_way:
        return _suspended_again(draft, tuple(running))
    draft = called_back(healed(draft))
    for id in lives(draft):
        draft = move(draft, id)
    draft = watch_launches(draft)
    if not draft.explained:
        return draft.wait(_unexplained(draft), look=idle(draft))
    if is_unrisen(draft):
        return raised(draft)
    if marks := falsely_marked(draft):
        draft = draft.act(MarkHealthy(instances=marks))
    draft = lowered(_gone_on(draft))
    tally = draft.tally
    if any(_is_ill(draft, instance) for instance in draft.observation.instances):
        draft = draft.look(draft.usual)
    if tally.victims or tally.idle or draft.journal.departures:
        return draft.wait(*_why_none_goes(draft, tally))
    return finish(draft)


def _is_ill(draft: Draft, instance: Instance) -> bool:
    """Not one that was not looked at often enough yet: those that nobody waits for are proven with the newcomers."""
    bad = draft.belief.stage(instance.id) is Stage.AILING and draft.belief.history(instance.id).streak.bad > 0
    return bad or instance.marked_unhealthy


def _gone_on(draft: Draft) -> Draft:
    """Take old ones out and ask for new ones, as far as the gates let it."""
    answer, record = asked(draft)
    draft = draft.write(record)
    if isinstance(answer, Open):
        return ask_for_more(_out(draft, answer.most), answer.most)
    return _held(draft, answer) if isinstance(answer, Closed) else draft


def _held(draft: Draft, closed: Closed) -> Draft:
    """Told only where nothing else is waited for; what opens it is looked for in any case."""
    draft = ask_for_more(draft) if closed.launches else draft
    if not draft.waits:
        return draft.wait(closed.wait, look=closed.look)
    return draft.look(closed.look) if closed.look else draft


def _suspended_again(draft: Draft, running: tuple[str, ...]) -> Draft:
    """One of the four runs: nothing is taken out until it is suspended again, and what is ours to resume is noted.

    That is always written: a look of before the act, which shows it running, is told by the older record.
    """
    ours = tuple(sorted({*draft.journal.suspended, *running}))
    return draft.write(replace(draft.journal, suspended=ours, until=0)).act(Suspend(processes=running))


def _unexplained(draft: Draft) -> Wait:
    group, seen = draft.observation.group, draft.belief.desired
    why = f"desired is {group.desired}, {draft.journal.asked} was asked for: looking again before acting"
    return Wait(on="desired capacity", why=why, since=seen.at if seen else draft.at)


def _out(draft: Draft, most: int | None) -> Draft:
    """Nobody goes while it is held up, not those who serve nobody either: it may not be the day to take them away."""
    if (draft.tally.victims or draft.tally.idle) and (wait := held_up(draft)):
        return draft.wait(wait)
    return end_idle(take_out(draft, most))


def take_out(draft: Draft, most: int | None = None) -> Draft:
    """Open a departure for every victim that floor, draining and proof allow, first ones first; so many at the most."""
    for victim in draft.tally.victims:
        tally = draft.tally
        if is_shielded(draft.spec, draft.observation.group, victim):
            continue
        full = most is not None and len(draft.journal.departures) >= most
        if full or not _free_departure(draft, tally) or not draft.is_proven_without(victim.id):
            break
        if tally.may_go(victim.id) and draft.belief.history(victim.id).is_clear:
            draft = open_departure(draft, victim)
    return draft


def end_idle(draft: Draft) -> Draft:
    """Open a departure for those in Standby, when nobody else is to go."""
    idle = () if draft.tally.victims else draft.tally.idle
    free = max(1, _departures_most(draft, draft.tally)) - len(draft.tally.out)
    ready = [one for one in idle if not is_shielded(draft.spec, draft.observation.group, one)]
    for one in ready[: max(0, free)]:
        draft = open_departure(draft, one)
    return draft


def _free_departure(draft: Draft, tally: Tally) -> bool:
    return len(tally.out) < _departures_most(draft, tally)


def _departures_most(draft: Draft, tally: Tally) -> int:
    return 1 if draft.spec.one_by_one else tally.bounds.draining


def _why_none_goes(draft: Draft, tally: Tally) -> tuple[Wait, ...]:
    """The reason why no further old one is taken out, where nothing else is waited for."""
    going = (*tally.victims, *tally.idle)
    kept = [one.id for one in going if is_shielded(draft.spec, draft.observation.group, one)]
    if kept and len(kept) == len(going):
        since = min(draft.belief.history(id).protected_since or draft.at for id in kept)
        why = "protected from scale-in: it goes as soon as it is not, and is left when the time is over"
        names, until = ", ".join(kept), since + PROTECTED
        return (Wait(on=names, why=why, since=since, until=until, option="--protected skip or replace"),)
    if draft.waits or draft.acts or not tally.victims:
        return ()
    held = len(tally.available)
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    why = f"{held} available, the floor is {tally.bounds.floor}"
    return (Wait(on="the floor", why=why, since=since),)


def ask_for_more(draft: Draft, most: int | None = None) -> Draft:
    """Raise desired by as many as there is room for, so many at the most; the maximum first, where it is in the way."""
    tally, journal, group = draft.tally, draft.journal, draft.observation.group
    if not amount(draft.spec.max_surge).up(tally.base):
        return draft
    if not draft.knows_maximum:
        return draft
    needed = tally.base + min(tally.bounds.exist - tally.base, len(tally.victims))
    maximum = max(group.maximum, needed) if tally.victims else group.maximum
    if maximum > group.maximum:
        draft = draft.set_maximum(maximum)
    if not tally.room or not may_grow(draft):
        return draft
    if wait := lift_rests(draft):
        return draft.wait(wait)
    left = launches_most(journal, draft.observation) - journal.launches
    number = min(tally.room, left, maximum - tally.field)
    return asked_for(draft, number if most is None else min(number, most))
