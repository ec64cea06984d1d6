"""What has become of launches that are open, for the record; and whether this group's launches are answered at all."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.belief import Belief, LaunchAnswer
from async_rollout.core.journal import Journal, OpenLaunch, Way
from async_rollout.core.observation import Group, Observation
from async_rollout.core.policy import LAUNCH_SHOWS, TOKEN_LASTS
from async_rollout.core.promised import coming
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


def settled(journal: Journal, observation: Observation, belief: Belief) -> Journal:
    """The record after what is known of its open launches: what did not come is not asked for, nor is it a launch.

    Whose instances are all to be seen is over; so is one of which nobody will ever tell: then the field tells it.
    """
    for launch in journal.open:
        journal = _settled(journal, launch, belief.answers.get(launch.token))
    rows, field = observation.rows, observation.group.desired
    shown = rows >= field >= coming(journal, observation)
    left = (launch for launch in journal.open if not _is_over(launch, belief, observation.at, shown=shown))
    return replace(journal, open=tuple(left))


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


def _is_over(launch: OpenLaunch, belief: Belief, at: float, *, shown: bool) -> bool:
    answer = belief.answers.get(launch.token)
    since = at - (answer.at if answer else launch.at)
    if launch.came is None:
        mute = (answer is not None and answer.final) or belief.mute is not None
        return at - launch.at >= TOKEN_LASTS or (mute and since >= LAUNCH_SHOWS)
    return not launch.came or shown or since >= LAUNCH_SHOWS
