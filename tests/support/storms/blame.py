"""The laws, asked of a storm's ground truth; blame counts: what AWS or others did is not ours.

A deed of ours is wrong only if no look that was fresh enough could have justified it: the truth of the last seconds
before it (as old as an answer may be in this weather) all spoke against it. What we had done ourselves in those
seconds counts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import floor

from async_rollout.core.actions import Outcome
from async_rollout.core.budget import Bounds, bounds
from async_rollout.core.journal import Goal, Mark, Removal
from async_rollout.core.policy import DRAIN_OVERDUE
from async_rollout.core.spec import OnFailure
from async_rollout.sandbox.faults import FaultKind
from async_rollout.sandbox.history import Happening, What
from support.storms import hosted
from support.storms.aftermath import it_ends, nothing_is_left, zero_means_done
from support.storms.at_fault import who_is_at_fault_is_counted, who_is_not_at_fault_is_not_counted
from support.storms.conduct import (
    a_lease_is_respected,
    a_zone_ends_nothing,
    alarms_run_where_a_record_stands,
    each_launch_is_one,
    it_is_written_down_first,
    its_command_has_ended,
    nothing_is_objected_to,
    one_conductor_acts,
    only_our_mark_is_taken_off,
    only_ours_is_resumed,
)
from support.storms.last_words import a_word_is_taken, nothing_is_launched_after_a_cut, who_follows_suspends_no_scaling
from support.storms.made_up import (
    what_is_not_made_up_for_is_named,
    what_one_has_lived_through_is_set,
    what_was_missed_is_made_up_for,
)
from support.storms.noted import Removal as Removed
from support.storms.noted import Sized, Wanted
from support.storms.owners import PATIENT
from support.storms.setting import what_is_launched_from_is_left_well
from support.storms.storm import Past

NEVER_BEGUN = (Outcome.NOTHING, Outcome.REFUSED, Outcome.HELD)


def wanted(past: Past, at: float) -> Wanted:
    """What the owner may have wanted at that moment, or not long before, as far as it can have been seen."""
    since = at - PATIENT - past.weather.lag
    known = past.world.log.wanted
    first = max((number for number, one in enumerate(known) if one.at <= since), default=0)
    recent = [one for one in known[first:] if one.at <= at]
    return Wanted(at=at, low=min(one.low for one in recent), high=max(one.high for one in recent))


def limits(past: Past, base: int) -> Bounds:
    return bounds(past.weather.spec, base)


def served(past: Past, since: float, until: float) -> list[frozenset[str]]:
    """Who served at each moment between, before what is done at its end."""
    log = past.world.log.serving
    before = [who for at, who in log if at <= since][-1:]
    return before + [who for at, who in log if since < at < until]


def first_removals(past: Past) -> Iterator[Removed]:
    """The first deed of each way out: the deregistration, or a terminate of what was never taken out."""
    return (one for one in past.world.log.removals if one.first)


def the_floor_holds(past: Past) -> Iterator[str]:
    """Law 1: available was never below the floor through us."""
    for one in first_removals(past):
        if one.known_ill or one.ended:
            continue
        least = limits(past, wanted(past, one.at).low).floor
        looks = served(past, one.at - past.window, one.at)
        others = [(who | _unasked(past, one)) - one.out for who in looks]
        if all(one.id in who for who in looks) and all(len(who) < least for who in others):
            yield f"law 1: {one.id} went at {one.at:.1f}, the floor is {least} and {max(map(len, others))} served"


def _unasked(past: Past, one: Removed) -> frozenset[str]:
    """Those whose applications nobody asks: whatever these do, to everybody outside they serve.

    Old ones of a group without any source; and where its last one was taken off the group, and there is no up-check,
    whoever is in service.
    """
    if one.record is None or one.record.cutoff is None:
        return frozenset()
    so_far = [each for each in past.world.record if each.at <= one.at]
    ends = (What.TERMINATE, What.GONE, What.STANDBY)
    ended = {each.instance for each in so_far if each.what in ends or _died(each)}
    if one.unasked and past.weather.spec.hooks.up_check is None:
        return past.found_ids.union(each.instance for each in so_far if each.what is What.IN_SERVICE) - ended
    if past.found.source_ids:
        return frozenset()
    return past.found_ids.union(_launched_before(so_far, one.record.cutoff)) - ended


def _launched_before(so_far: list[Happening], cutoff: float) -> set[str]:
    return {each.instance for each in so_far if each.what is What.LAUNCH and each.at <= cutoff}


def _died(happening: Happening) -> bool:
    return happening.what is What.DIED and happening.detail != "its application"


def the_ceiling_holds(past: Past) -> Iterator[str]:
    """Law 2: booting and serving never above the ceiling, all that exists never above ceiling and max draining."""
    for one in past.world.log.sized:
        # A field that is set to what is there, or was a moment ago, asks for nobody.
        there = len(one.since) + len(_ended_lately(past, one)) if one.what == "desired" else 0
        if one.after <= max(one.before, there):
            continue
        most = limits(past, max(wanted(past, one.at).high, past.found.desired))
        if one.after - one.out - _taken_by_others(past, one) > most.ceiling:
            yield f"law 2: {one.after} asked for at {one.at:.1f}, {one.out} of them out, the ceiling is {most.ceiling}"
        if one.exist > most.exist + _foreign(past, one.at):
            yield f"law 2: {one.exist} exist at {one.at:.1f}, {most.exist} may"


ENDED = (What.TERMINATE, What.DIED, What.DETACH)


def _taken_by_others(past: Past, sized: Sized) -> int:
    """Those on their way out that others ended so lately that a look may still have shown them."""
    return len(sized.left & _ended_lately(past, sized))


def _ended_lately(past: Past, sized: Sized) -> set[str]:
    since = sized.at - past.window
    theirs = (one for one in past.world.record if one.who != "owner" and one.what in ENDED)
    return {one.instance for one in theirs if since <= one.at <= sized.at}


def _foreign(past: Past, at: float) -> int:
    """Members that leave through others, and what AWS launches in their place: they exist, and not through us."""
    kinds = (What.TERMINATE, What.DIED, What.UNHEALTHY, What.STANDBY, What.MARK, What.ATTACH, What.DETACH)
    hurt = {one.instance for one in past.world.record if one.who != "owner" and one.what in kinds and one.at <= at}
    return 2 * len(hurt) + sum(past.weather.trouble.__getattribute__(name) > 0 for name in ("dying", "short_lived"))


def only_old_ones_go(past: Past) -> Iterator[str]:
    """Law 3: only old, dead or our own surplus is ever deregistered or terminated."""
    for one in past.world.log.removals:
        record, departure = one.record, one.departure
        cutoff = record.cutoff if record else None
        if cutoff is not None and floor(one.instance.attached_at) <= cutoff:  # EC2 tells whole seconds
            well = all(one.id in who for who in served(past, one.at - past.window, one.at))
            begun = (
                departure is not None and departure.before is not Mark.NOT
            )  # its command has begun: finished, not put back
            well = well and not (one.known_ill or one.ended)
            if one.goal is Goal.RESTORE and one.first and well and not begun and not past.world.log.forged:
                yield f"law 3: {one.id} was there before and serves, and went at {one.at:.1f} when all was put back"
            continue
        opened = (
            min(one.at, float(departure.at)) if departure is not None else one.at
        )  # whose way out was recorded was dead then
        looks = served(past, opened - past.window - 60.0, one.at)
        dead = any(one.id not in who for who in looks) or one.instance.health != "Healthy"
        surplus = departure is not None and departure.surplus and one.desired > wanted(past, one.at).low
        going = departure is not None and (one.what == "terminate" or surplus or departure.removal is not Removal.NOT)
        if not (dead or surplus or going or one.outdated):
            yield f"law 3: {one.id} went at {one.at:.1f}: it is new, well and no surplus"


def nothing_goes_in_a_shift(past: Past) -> Iterator[str]:
    """Law 1: while a zone is in zonal shift, and tells so, no old one is newly taken out."""
    log = past.world.log.shifted
    hidden = any(one.kind in (FaultKind.GAP, FaultKind.EMPTY) for one in past.weather.faults)
    for one in first_removals(past):
        opened = min(one.at, float(one.departure.at)) if one.departure is not None else one.at
        since = opened - past.window
        looks = [was for at, was in log if at <= since][-1:] + [was for at, was in log if since < at < one.at]
        if looks and all(looks) and one.goal is Goal.REPLACE and not (one.surplus or one.ended or hidden):
            yield f"law 1: {one.id} went at {one.at:.1f} in a zonal shift"


def a_new_one_is_proven_first(past: Past) -> Iterator[str]:
    """Law 5: with a surge, a new one served before the first old one went, or a killed run's lift held the base."""
    for one in first_removals(past):
        surge = limits(past, wanted(past, one.at).low).ceiling > wanted(past, one.at).high
        looks = served(past, one.at - past.window, one.at)
        well = all(one.id in who for who in looks)
        held = any(len(who - one.out) >= wanted(past, one.at).low for who in looks)
        spared = one.fresh_served or one.surplus or one.ended
        if surge and well and not held and one.goal is Goal.REPLACE and not spared:
            yield f"law 5: {one.id} went at {one.at:.1f} before any new one had served"


def one_budget(past: Past) -> Iterator[str]:
    """Law 4: whoever removes draws on one budget: never more are out at once than max draining, across kills."""
    for one in past.world.log.removals:
        base = max(each.high for each in past.world.log.wanted if each.at <= one.at)
        most = 1 if past.weather.spec.one_by_one else limits(past, base).draining
        if len(one.going) > most and not past.world.log.forged:
            yield f"law 4: {sorted(one.going)} were out at {one.at:.1f}, max draining is {most}"


def drained_first(past: Past) -> Iterator[str]:
    """The walkthrough: terminated only when every source has let go of it."""
    due: dict[str, float] = {}
    for one in past.world.log.removals:
        held = [at for at in one.held if at <= one.at - past.window]
        if one.what == "deregister":
            due[one.id] = one.at + past.weather.delay
        # An answer that lacks it in the very look that was due, of a drain that outlasts its delay: two faults at once.
        just_due = one.at - past.window - DRAIN_OVERDUE <= due.get(one.id, 0.0)
        excused = one.ended or (just_due and past.weather.trouble.lingering)
        if one.what == "terminate" and held and not excused:
            yield f"walkthrough: {one.id} was terminated at {one.at:.1f}, and {len(held)} sources still held it"


def aws_never_chooses(past: Past) -> Iterator[str]:
    """Laws 3 and 8: desired is never lowered below what is there, by a maximum either: AWS would choose who goes."""
    log = past.world.log
    for one in log.sized:
        since = one.at - past.window
        there = sum(at <= since for at in one.since)
        meddled = any(since <= each.at <= one.at for each in log.wanted[1:])
        if one.after < one.before and one.what == "maximum" and not meddled:
            yield f"law 8: a maximum of {one.maximum} lowered desired at {one.at:.1f} from {one.before}"
        if one.after < min(one.before, there) and one.what == "desired":
            yield f"law 3: desired {one.after} was set at {one.at:.1f}, and {there} were there"


def launches_are_bounded(past: Past) -> Iterator[str]:
    """Law 6: the launches caused by us are bounded, across kills."""
    asked = sum(max(0, one.after - one.before) for one in past.world.log.sized)
    size = max([past.found.maximum, *(one.high for one in past.world.log.wanted)])
    began = (one.verdict for one in past.results if one.verdict.outcome not in NEVER_BEGUN)
    ended = sum(not one.left for one in began)  # nothing is left: the next one begins anew
    rolls = past.weather.spec.on_failure is OnFailure.ROLLBACK  # with a bound of its own
    runs = max(1, ended) * (1 + rolls) + len(past.world.log.released)
    most = (2 * size + 3 + 2) * runs + sum(one.low for one in past.world.log.wanted[1:])
    if asked > most and not past.world.log.forged:
        yield f"law 6: {asked} launches were asked for, {most} are the most"


LAWS: tuple[Callable[[Past], Iterator[str]], ...] = (
    the_floor_holds,
    the_ceiling_holds,
    only_old_ones_go,
    nothing_goes_in_a_shift,
    a_new_one_is_proven_first,
    one_budget,
    drained_first,
    aws_never_chooses,
    launches_are_bounded,
    only_ours_is_resumed,
    only_our_mark_is_taken_off,
    it_is_written_down_first,
    each_launch_is_one,
    a_zone_ends_nothing,
    its_command_has_ended,
    one_conductor_acts,
    a_lease_is_respected,
    nothing_is_objected_to,
    alarms_run_where_a_record_stands,
    it_ends,
    nothing_is_left,
    zero_means_done,
    what_is_launched_from_is_left_well,
    who_is_not_at_fault_is_not_counted,
    who_is_at_fault_is_counted,
    a_word_is_taken,
    nothing_is_launched_after_a_cut,
    who_follows_suspends_no_scaling,
    what_was_missed_is_made_up_for,
    what_one_has_lived_through_is_set,
    what_is_not_made_up_for_is_named,
    *hosted.LAWS,
)


def broken(past: Past) -> list[str]:
    """Every law that this storm broke, in words."""
    return [line for law in LAWS for line in law(past)]
