"""What has become of launches that are open, for the record; and whether this group's launches are answered at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.belief import LaunchAnswer
from async_rollout.core.journal import Goal, Journal, OpenLaunch, Way
from async_rollout.core.observation import Group
from async_rollout.core.policy import LAUNCH_SHOWS, TOKEN_LASTS
from async_rollout.core.promised import coming
from async_rollout.core.situation import Situation
from async_rollout.core.spec import LaunchCall, RolloutSpec


def unanswerable(group: Group) -> str:
    """Why AWS does not answer launches of such a group; empty where it does (RULES §14)."""
    whys = {
        "it has a launch configuration": not group.template or group.template.startswith("lc:"),
        "its policy mixes On-Demand and Spot": group.mixed_purchase,
        "its sizes are weights": group.weighted,
        "it has a warm pool": group.warm_pool,
        "its zones are not known": not group.zones,
    }
    return next((why for why, holds in whys.items() if holds), "")


def way_of(spec: RolloutSpec, group: Group) -> Way:
    """By which call the group's new instances are asked for."""
    return Way.DESIRED if spec.launch is LaunchCall.DESIRED or unanswerable(group) else Way.ANSWERED


def way_told(spec: RolloutSpec, group: Group) -> Iterator[str]:
    """By which call new instances are asked for, and why; the call that is always there is not worth a word."""
    if spec.launch is LaunchCall.DESIRED:
        return
    if why := unanswerable(group):
        yield f"new instances are asked for by desired capacity: {why}"
        return
    allowed = "" if spec.launch is LaunchCall.ANSWERED else ", or by desired capacity where that is not allowed"
    yield f"new instances are launched zone by zone, each answered by AWS at once (LaunchInstances){allowed}"


def may_be_asked(situation: Situation, launch: OpenLaunch) -> bool:
    """Whether one without an answer may be asked for again: AWS knows its token still, and there is room for it.

    What is put back needs no more: where it was long ago, it has come by now or was never sent.
    """
    answer, tally = situation.belief.answers.get(launch.token), situation.tally
    back = situation.journal.goal is Goal.RESTORE and situation.at - launch.at >= LAUNCH_SHOWS
    known = situation.at - launch.at < TOKEN_LASTS and situation.belief.mute is None and not back
    fits = tally.booting + tally.serving + tally.held <= tally.bounds.ceiling and tally.exist <= tally.bounds.exist
    return known and fits and not (answer is not None and answer.final)


def settled(situation: Situation, journal: Journal) -> Journal:
    """The record after what is known of its open launches: what did not come is not asked for, nor is it a launch.

    Whose instances are all to be seen is over. Of one of which nobody will ever tell, or that is hidden for too long,
    looks tell: members that desired does not count came by it, and what the field lacks beside them, and beside what
    others may still bring, does not come; where AWS has launched it, somebody has lowered desired since.
    """
    for launch in journal.open:
        journal = _settled(journal, launch, situation.belief.answers.get(launch.token))
    seen, uncounted = situation.observation, 0
    rows, field = seen.rows, seen.group.desired
    for launch in journal.open:
        lacking = coming(journal, seen) - field - uncounted
        here = min(launch.most, max(0, rows - field - uncounted))
        uncounted += here
        if not launch.most or (launch.came and rows >= field >= coming(journal, seen)):
            journal = _told(journal, launch, came=0)
        elif _is_late(situation, launch):
            theirs = sum(other.most for other in journal.open if other is not launch and other.came is None)
            never = min(launch.most - here, max(0, lacking - here - theirs))
            lowered_at = int(situation.at) if never and launch.came else journal.lowered_at
            counted = replace(journal, asked=journal.asked - never, lowered_at=lowered_at)
            journal = _told(counted, launch, came=here)
    return journal


def _told(journal: Journal, launch: OpenLaunch, came: int) -> Journal:
    """The record with a launch that brought so many that are still to be counted; without it, if none."""
    left = (replace(one, came=came) if one is launch else one for one in journal.open if came or one is not launch)
    return replace(journal, open=tuple(left))


def _is_late(situation: Situation, launch: OpenLaunch) -> bool:
    """So late that looks tell; not one that may lack a row: somebody is out of sight who is not believed gone."""
    if any(history.absent and not history.is_gone for history in situation.belief.histories.values()):
        return False
    answer = situation.belief.answers.get(launch.token)
    late = situation.at - (answer.at if answer else launch.at) >= LAUNCH_SHOWS
    return late and (launch.came is not None or not may_be_asked(situation, launch))


def _settled(journal: Journal, launch: OpenLaunch, answer: LaunchAnswer | None) -> Journal:
    if answer is None or answer.came is None or launch.came is not None:
        return journal
    short = launch.count - answer.came
    return replace(
        journal,
        asked=journal.asked - short,
        launches=max(0, journal.launches - short),
        open=tuple(replace(one, came=answer.came) if one is launch else one for one in journal.open),
    )
