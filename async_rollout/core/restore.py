"""Everything back as it was found. It has no stack of undo steps: it reads the same look and the same record.

Terminated instances do not come back, nor does one that is dead. One that is only drained is registered back, unless
its before-command has begun: then it left its cluster, so it is finished where the floor allows, else it is parked.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Action, Erase, Register, Registration, Resume
from async_rollout.core.back import put_back
from async_rollout.core.called_back import called_back
from async_rollout.core.climb import watch_launches
from async_rollout.core.draft import Draft
from async_rollout.core.finish import finish, lowered
from async_rollout.core.heal import healed
from async_rollout.core.journal import QUICK, Departure
from async_rollout.core.launching import asked_again, is_unrisen, raised
from async_rollout.core.moves import lives, move
from async_rollout.core.refusals import is_for_good, key_of, sentence, standing
from async_rollout.core.stages import Stage
from async_rollout.core.survey import hindered
from async_rollout.core.switched import put_in_place
from async_rollout.core.wording import words_of


def restore(draft: Draft) -> Draft:
    """One tick back. What cannot be put back is named in `stuck`.

    What the group launches from comes first: until that is as found, whatever launches launches what failed.
    """
    draft = called_back(healed(put_in_place(draft)))
    for id in lives(draft):
        draft = move(draft, id)
    draft = watch_launches(draft)
    if draft.explained and is_unrisen(draft):
        draft = raised(draft)
    elif _is_all_back(draft) and not draft.stuck and draft.explained:
        draft = finish(lowered(draft))
    elif draft.explained:
        draft = lowered(draft)
    return _refused(_out_of_patience(asked_again(draft)))


def _is_all_back(draft: Draft) -> bool:
    """Nobody is on any way, but for those who stand by."""
    return len(draft.journal.departures) == sum(draft.life(one.id).is_parked for one in draft.journal.departures)


def _refused(draft: Draft) -> Draft:
    """What AWS refuses for good cannot be put back; its own words say why."""
    for one in standing(draft.belief, draft.at):
        draft = draft.leave(sentence(one))
    denied = draft.belief.denied
    if denied is not None and is_for_good(denied) and _is_in_the_way(draft, denied.action):
        return draft.leave(f"AWS does not allow us to {words_of(denied.action)}: {denied.code}: {denied.message}")
    return draft


def _is_in_the_way(draft: Draft, action: Action) -> bool:
    """It is to be done again, and now; till then the rest goes on. That our tags stay is an end of its own."""
    return not isinstance(action, Erase) and key_of(action) in map(key_of, draft.acts)


def _out_of_patience(draft: Draft) -> Draft:
    progress = draft.belief.progress
    if progress is None or not draft.over(progress.at, draft.patience):
        return draft
    names = ", ".join(wait.on for wait in draft.waits) or "nothing to name"
    return draft.leave(
        f"nothing came forward for {draft.patience:.0f} s, waiting for: {names}{hindered(draft.observation)}"
    )


def alive(draft: Draft) -> tuple[Action, ...]:
    """Alarms and scheduled actions run again: wherever a run ends with its record standing, that comes first."""
    ours = tuple(
        name for name in draft.journal.suspended if name in draft.observation.group.suspended and name in QUICK
    )
    return (Resume(processes=ours),) if ours else ()


def served_again(draft: Draft) -> tuple[Action, ...]:
    """All that may serve is registered back."""
    back = tuple(one for departure in draft.journal.departures for one in _back(draft, departure))
    return (Register(registrations=back),) if back else ()


def _back(draft: Draft, departure: Departure) -> tuple[Registration, ...]:
    if departure.surplus or draft.stage(departure.id) is not Stage.RETURNING:
        return ()
    instance = draft.member(departure.id)
    calls = {where: replace(sent, at=0.0) for where, sent in draft.belief.history(instance.id).calls.items()}
    fresh = replace(draft, belief=draft.belief.noted(instance.id, calls=calls), acts=())
    acts = put_back(fresh, departure, instance).acts
    return tuple(one for act in acts if isinstance(act, Register) for one in act.registrations)
