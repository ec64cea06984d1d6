"""What has become of launches that are open, for the record; and whether this group's launches are answered at all."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.journal import Journal, OpenLaunch, Way
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


def may_be_asked(situation: Situation, launch: OpenLaunch) -> bool:
    """Whether one without an answer may be asked for again: AWS knows its token still, and there is room for it."""
    answer, tally = situation.belief.answers.get(launch.token), situation.tally
    known = situation.at - launch.at < TOKEN_LASTS and situation.belief.mute is None
    fits = tally.booting + tally.serving + tally.held <= tally.bounds.ceiling and tally.exist <= tally.bounds.exist
    return known and fits and not (answer is not None and answer.final)


def settled(situation: Situation, journal: Journal) -> Journal:
    """The record after what is known of its open launches: what did not come is not asked for, nor is it a launch.

    Whose instances are all to be seen, and counted in desired, is over. Of one of which nobody will ever tell looks
    tell: who is there and is not counted came by it, else the field shows it.
    """
    for launch in journal.open:
        answer = situation.belief.answers.get(launch.token)
        came = answer.came if answer else None
        journal = _settled(journal, launch, came if came is not None else _beside(situation, journal, launch))
    return replace(journal, open=tuple(one for one in journal.open if not _is_over(situation, journal, one)))


def _is_over(situation: Situation, journal: Journal, launch: OpenLaunch) -> bool:
    seen, late = situation.observation, _is_late(situation, launch)
    field, whole = seen.group.desired, coming(journal, seen)
    if launch.came is None:
        return late and not may_be_asked(situation, launch)
    uncounted = field < whole <= seen.rows
    return not launch.came or seen.rows >= field >= whole or (late and not uncounted)


def _is_late(situation: Situation, launch: OpenLaunch) -> bool:
    answer = situation.belief.answers.get(launch.token)
    return situation.at - (answer.at if answer else launch.at) >= LAUNCH_SHOWS


def _beside(situation: Situation, journal: Journal, launch: OpenLaunch) -> int | None:
    """How many came by a launch without any answer to come, where desired lacks some of who is there; else None."""
    if not _is_late(situation, launch) or may_be_asked(situation, launch):
        return None
    uncounted = situation.observation.rows - situation.observation.group.desired
    known = sum(one.came or 0 for one in journal.open)
    return min(launch.count, max(0, uncounted - known)) if uncounted > 0 else None


def _settled(journal: Journal, launch: OpenLaunch, came: int | None) -> Journal:
    if came is None or launch.came is not None:
        return journal
    short = launch.count - came
    return replace(
        journal,
        asked=journal.asked - short,
        launches=max(0, journal.launches - short),
        open=tuple(replace(one, came=came) if one is launch else one for one in journal.open),
    )
