"""Looking without touching: what `run` would do, and what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from async_rollout.core.actions import Need, Needs
from async_rollout.core.journal import Journal, Unreadable
from async_rollout.core.left import changes
from async_rollout.core.observation import Observation
from async_rollout.core.origin import Place, place_of, stamped
from async_rollout.core.plan import Plan, plan_of
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.switching import questions
from async_rollout.engine.fleet import all_seen
from async_rollout.engine.given import check
from async_rollout.engine.identity import is_over
from async_rollout.engine.ports import GroupRef

EVERYTHING = frozenset({Need.TARGETS, Need.SURVEY, Need.POLICIES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Place):
    """What the tags of one group say. Times are AWS's, epoch seconds.

    account: the 12 digits of its AWS account; region: as `eu-west-1`; each "" where it is not known.
    group: its name.
    at: when it was looked at.
    run: the id of what is under way, or was left in the middle; None: nothing, and all below is empty.
    holder: the process that conducts it: host/boot/namespace/process/start.
    until: when its lease ends.
    goal: `replace` or `restore`.
    cause: why it restores.
    going: ids of instances on their way out.
    changed: what is other than it was found, a line each.
    alive: False: its holder is dead or has not renewed it; None: cannot be told from here.
    unreadable: why its record is none to act on; empty if it is one.
    began: when instances began to be replaced; 0 before.
    old: how many there were then; 0: not known.
    replaced: how many of them are gone.
    commands: the points for which the run was given a hook.
    toward: what it rolls back to, a launch template version or launch configuration; empty where it does not.
    """

    group: str
    at: float
    run: str | None = None
    holder: str = ""
    until: int = 0
    goal: str = ""
    cause: str = ""
    going: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    alive: bool | None = None
    unreadable: str = ""
    began: int = 0
    old: int = 0
    replaced: int = 0
    commands: tuple[str, ...] = ()
    toward: str = ""


async def plan(groups: Sequence[GroupRef], spec: RolloutSpec | None = None) -> tuple[Plan, ...]:
    """What `roll_out` would do with each group, in their order. Changes nothing.

    groups: of one cloud or of several.
    spec: the order; None: the default one.

    Raises as `roll_out` does before its first change.
    """
    order = spec or RolloutSpec()
    observations = await _looked_at(groups, EVERYTHING | questions(order))
    plans = (plan_of(order, observation, holder_dead=_over(observation)) for observation in observations)
    return tuple(
        stamped(foreseen, _place(observation)) for foreseen, observation in zip(plans, observations, strict=True)
    )


def _place(observation: Observation) -> Place:
    return place_of(observation.group.arn)


def _over(observation: Observation) -> bool:
    return isinstance(observation.journal, Journal) and is_over(observation.journal)


async def status(groups: Sequence[GroupRef]) -> tuple[Status, ...]:
    """What is under way in each group, in their order, from its tags alone. Changes nothing.

    groups: of one cloud or of several; `await cloud.under_way()` names all that have a record.

    Raises UsageError, UnknownGroupError, CredentialsError, UnseenError.
    """
    observations = await _looked_at(groups, None)
    return tuple(stamped(_status(observation), _place(observation)) for observation in observations)


async def _looked_at(groups: Sequence[GroupRef], needs: Needs | None) -> list[Observation]:
    check(groups)
    once = list(dict.fromkeys(groups))
    observations = await all_seen(once, needs)
    return [observations[group] for group in once]


def _status(observation: Observation) -> Status:
    match observation.journal:
        case Journal() as record:
            return Status(
                group=observation.group.name,
                at=observation.at,
                run=record.run,
                holder=record.holder,
                until=record.until,
                goal=record.goal.value,
                cause=record.cause.text if record.cause else "",
                going=tuple(departure.id for departure in record.departures),
                changed=changes(observation, record),
                alive=_alive(observation, record),
                began=record.began if record.cutoff is not None else 0,
                old=record.old,
                replaced=record.replaced,
                commands=tuple(point.value for point in record.commands),
                toward=record.templates.led_to if record.templates else "",
            )
        case Unreadable(why=why):
            return Status(group=observation.group.name, at=observation.at, unreadable=why)
        case None:
            return Status(group=observation.group.name, at=observation.at)
        case _:
            assert_never(observation.journal)


def _alive(observation: Observation, record: Journal) -> bool | None:
    if record.until <= observation.at or is_over(record):
        return False
    return None
