"""The end of every rollout, of a restore too: surplus gone, settled, sizes and processes back, our tags off.

It knows nothing of what was done; it reads what is seen and what is recorded, and stops when both agree with what was
found, apart from what others changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from async_rollout.core.actions import Erase, MarkHealthy, Need, Resume, SetCapacity, Wait
from async_rollout.core.amounts import amount
from async_rollout.core.budget import launches_most
from async_rollout.core.catch_up import caught_up
from async_rollout.core.departures import open_departure
from async_rollout.core.draft import Draft
from async_rollout.core.gates import Closed, asked
from async_rollout.core.journal import Goal
from async_rollout.core.launching import asked_for, lift_rests
from async_rollout.core.marks import is_ours_to_take_off
from async_rollout.core.observation import Instance
from async_rollout.core.pace import Look
from async_rollout.core.policy import BEGINS, GIVE_UP, HOLLOW, SETTLED, SOON
from async_rollout.core.serving import is_shifted
from async_rollout.core.stages import PROVEN, Stage, is_new
from async_rollout.core.survey import hindered
from async_rollout.core.switched import is_settled, rolled_back
from async_rollout.core.templates import Back
from async_rollout.core.traffic import blinded_by, shift_is_over_limit
from async_rollout.core.trouble import failing_newcomers, hopeless_launch
from async_rollout.core.withheld import BEFORE_ITS_END, withheld
from async_rollout.core.zonal_shift import shifted_zones
from async_rollout.core.zones import barren, evening, is_evening, resting, spread, zone_counts

ALARMS = "AlarmNotification"
EVENED_MAX = 2
"""So often the zones are evened out before it is left to AZRebalance: AWS may lack capacity in a zone."""


def finish(draft: Draft) -> Draft:
    """The next step of the end; called when no departure is open and nothing old is left to go."""
    group = draft.observation.group
    if draft.journal.open:
        return draft  # `asked_again` tells what is waited for
    if group.status:
        return draft.wait(Wait(on="the group to be gone", why=group.status, since=draft.belief.began))
    if draft.journal.caught_up:
        return caught_up(draft) or put_processes_back(draft)
    if draft.journal.goal is Goal.REPLACE and not _all_proven(draft):
        return _evening_given_up(draft) if _evening_fails(draft) else draft
    if marks := falsely_marked(draft):
        return draft.act(MarkHealthy(instances=marks))
    if draft.tally.surplus:
        return draft if _is_held(draft) else shed(draft)
    if not SETTLED.holds(draft.belief.settled, draft.at):
        return _unsettled(draft).wait(_settling(draft), look=Look(draft.at + draft.spec.paced(SOON)))
    if not draft.knows_maximum:
        return draft.wait(_settling(draft))
    if draft.journal.goal is Goal.REPLACE and is_uneven(draft):
        return even_out(draft)
    if not is_settled(draft):
        return draft  # `put_in_place` tells what is waited for
    if draft.journal.goal is Goal.RESTORE and draft.journal.back is Back.DUE:
        return rolled_back(draft)
    lower = max(draft.journal.found.maximum, group.desired)
    if group.maximum in (draft.journal.raised, draft.journal.raised_from) and group.maximum > lower:
        owed, draft = caught_up(draft), draft.act(SetCapacity(maximum=lower))
        return draft if owed else put_processes_back(draft)  # the record of what was missed forgets what we had raised
    return caught_up(draft) or put_processes_back(draft)


def _is_held(draft: Draft) -> bool:
    """A gate stands before what is one too many as before the old ones, and has told why; none before a way back."""
    return draft.journal.goal is Goal.REPLACE and isinstance(asked(draft)[0], Closed)


def lowered(draft: Draft) -> Draft:
    """Where alarms run, the maximum that we raised falls with desired: else a policy fills it again and again.

    Not as long as anything may have to be launched above the owner's.
    """
    group, tally, record = draft.observation.group, draft.tally, draft.journal
    replaces = record.goal is Goal.REPLACE
    to_go = (replaces and bool(tally.victims or tally.idle)) or any(
        not (departure.surplus or departure.parks) for departure in record.departures
    )
    done = not replaces or tally.surplus or any(departure.surplus for departure in record.departures)
    lower = max(record.found.maximum, group.desired, tally.field)
    if ALARMS in group.suspended or to_go or not done or group.maximum <= lower:
        return draft
    return draft.set_maximum(lower) if draft.knows_maximum else draft


def _unsettled(draft: Draft) -> Draft:
    """What is missing cannot come: that is for the owner, and nothing of ours is kept off for it."""
    if draft.journal.goal is Goal.REPLACE or draft.belief.hollow is None:
        return draft
    for why in hopeless_launch(draft):
        draft = draft.leave(f"{draft.observation.rows} of {draft.observation.group.desired} instances are there: {why}")
    return draft


def _settling(draft: Draft) -> Wait:
    group = draft.observation.group
    since = draft.belief.settled.at if draft.belief.settled else draft.at
    why = f"{draft.observation.rows} members, {group.desired} desired{hindered(draft.observation)}"
    return Wait(on="settling", why=why, since=since)


def _all_proven(draft: Draft) -> bool:
    """One that was proven before its zone was shifted stays so: nothing more goes for it."""
    fresh = [one for one in draft.observation.instances if one.takes_part and is_new(draft.journal, one)]
    return all(
        draft.belief.stage(one.id) is Stage.AVAILABLE
        or (draft.belief.history(one.id).proven and is_shifted(draft.observation, one))
        for one in fresh
    )


def _evening_fails(draft: Draft) -> bool:
    """One that came to even out the zones does not get to serve. It fails nothing: it is one too many."""
    return draft.is_replaced and draft.tally.surplus > 0 and any(failing_newcomers(draft))


def _evening_given_up(draft: Draft) -> Draft:
    return shed(draft.write(replace(draft.journal, evened=EVENED_MAX)))


def shed(draft: Draft) -> Draft:
    """Give back what is ours too many: that very instance, or a launch that never came."""
    hollow, group = draft.belief.hollow, draft.observation.group
    if hollow is not None:
        patience = GIVE_UP if draft.journal.goal is Goal.REPLACE else BEGINS
        ripe = HOLLOW.holds(hollow, draft.at) and draft.at - hollow.at >= patience
        return _launch_given_up(draft) if ripe else draft.ask(Need.ACTIVITIES).wait(_settling(draft))
    own = [one for one in draft.observation.instances if one.takes_part and (is_new(draft.journal, one) or one.booting)]
    if not own:
        return draft.leave(f"desired is {group.desired}, the owner's is {draft.journal.base}, and none of it is ours")
    least = min(own, key=lambda one: _worth(draft, one))
    sure = least.booting or draft.belief.history(least.id).is_clear
    if group.minimum > draft.journal.base or not sure:
        return draft.wait(_settling(draft))
    lacking = withheld(draft.spec, draft.journal).intersection(BEFORE_ITS_END)
    if lacking:
        nouns = " and ".join(point.noun for point in BEFORE_ITS_END if point in lacking)
        return draft.leave(f"{least.id} is one too many and stays: its {nouns} was not given")
    if draft.belief.history(least.id).streak.good and not draft.tally.may_go(least.id):
        return _in_its_place(draft, least)
    return open_departure(draft, least, surplus=True)


def _in_its_place(draft: Draft, needed: Instance) -> Draft:
    """The floor needs what is ours: it stays for one that is ill, which goes; or it waits until others serve."""
    if any(blinded_by(draft)):
        return draft.leave(f"{needed.id} stays, though it is one too many: no load balancer tells which of them serves")
    ill = (one for one in draft.observation.instances if one.id in draft.tally.ill and draft.tally.may_go(one.id))
    if (victim := min(ill, key=lambda one: _worth(draft, one), default=None)) is not None:
        return open_departure(draft, victim, surplus=True)
    if shift := shift_is_over_limit(draft):
        return draft.leave(f"{needed.id} has to stay, though it is one too many: {shift}")
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    why = f"{len(draft.tally.available)} are available and the floor is {draft.tally.bounds.floor}: it has to stay"
    return draft.wait(Wait(on=f"surplus {needed.id}", why=why, since=since))


def _worth(draft: Draft, instance: Instance) -> tuple[bool, bool, int, float, str]:
    """Not protected ones first, as those may be at work; unproven ones, then from the fullest zone, then the newest."""
    full = zone_counts(draft.observation)[instance.zone]
    proven = draft.belief.stage(instance.id) in PROVEN and not instance.marked_unhealthy
    return instance.protected, proven, -full, -(instance.launched_at or draft.at), instance.id


def is_uneven(draft: Draft) -> bool:
    """AZRebalance would act as soon as we resume it: launch in the emptiest zone, terminate in the fullest.

    As uneven as found is even: it would have acted before, and could not. Zones where AWS has just failed to launch
    do not count.
    """
    counts = zone_counts(draft.observation)
    ours = "AZRebalance" in draft.journal.suspended and amount(draft.spec.max_surge).up(draft.journal.base)
    tried = draft.journal.evened >= EVENED_MAX or draft.journal.launches >= launches_most(
        draft.journal, draft.observation
    )
    tried = tried or bool(shifted_zones(draft.observation) or lift_rests(draft))  # one would go out
    return bool(ours) and not tried and spread(counts) > draft.journal.apart and spread(_open(draft, counts)) >= 2


def _open(draft: Draft, counts: Mapping[str, int]) -> Mapping[str, int]:
    """The counts of the zones in which AWS may be able to launch."""
    closed = barren(draft.belief.activities, draft.at).union(resting(draft.belief.launches, draft.at))
    return {zone: count for zone, count in counts.items() if zone not in closed}


def even_out(draft: Draft) -> Draft:
    """Do under our floor what AZRebalance would do without: one more, and then one of the fullest zone is surplus."""
    field = draft.observation.group.desired + 1
    if draft.observation.group.maximum < field:
        return draft.set_maximum(field)
    return asked_for(draft.write(replace(draft.journal, evened=draft.journal.evened + 1)), 1)


def with_reason(draft: Draft) -> Draft:
    """While the zones are evened out, that is the first thing waited for: it is why anything still comes or goes."""
    if not is_evening(draft.journal, draft.observation):
        return draft
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    return replace(draft, waits=(evening(draft.observation, since), *draft.waits))


def _launch_given_up(draft: Draft) -> Draft:
    """The one case in which desired is lowered: nothing stands behind it, so AWS has no victim to pick.

    The record keeps what was asked for: until the field follows, it is the one we set; then our own lift was cut.
    """
    draft = draft.ask(Need.ACTIVITIES)
    busy = any(one.kind == "launch" and one.ended_at is None for one in draft.belief.activities)
    hollow = draft.belief.hollow
    if busy or hollow is None or draft.belief.activities_at <= hollow.at:
        return draft.wait(_settling(draft))
    field = max(draft.journal.base, draft.observation.rows)
    return draft.write(replace(draft.journal, evened=EVENED_MAX)).act(SetCapacity(desired=field))


def falsely_marked(draft: Draft) -> tuple[str, ...]:
    """Whose mark our deregistration has made, and who is back by now."""
    back = (one for one in draft.observation.instances if not draft.journal.departure(one.id))
    return tuple(one.id for one in back if is_ours_to_take_off(draft.belief, draft.observation, one))


def put_processes_back(draft: Draft) -> Draft:
    """Resume what is ours, alarms last; when all run, take our tags off."""
    still = [name for name in draft.journal.suspended if name in draft.observation.group.suspended]
    if not still:
        return draft.act(Erase())
    first = tuple(name for name in still if name != ALARMS)
    draft = draft.act(Resume(processes=first)) if first else draft
    return draft.act(Resume(processes=(ALARMS,))) if ALARMS in still else draft
