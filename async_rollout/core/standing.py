"""What a record says of its group: who holds it, where it heads, what is done and what is left. Pure, nothing foreseen.

`plan` shows it of a group that is under way or was left in the middle: how that goes on hangs on what no look tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.journal import Departure, Goal, Journal, Mark
from async_rollout.core.lease import stale
from async_rollout.core.left import changes
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import is_new, is_old
from async_rollout.core.standby import may_end, why_parked
from async_rollout.core.switching import is_in_scope
from async_rollout.core.withheld import withheld
from async_rollout.core.wording import told_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """One on its way out. surplus: a new one that is too many."""

    id: str
    step: str
    surplus: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Times are AWS's, epoch seconds; began 0: nothing is replaced yet, old 0: how many there were is not known.

    alive False: its holder is dead or has not renewed it; None: cannot be told from here. left: old ones that are still
    there, those on their way out first; new: came since it began. anew: why a run that takes it over begins anew.
    toward: what it rolls back to, or was to before it failed; empty where it does not.
    commands: the points for which the run was given a hook; lacking: those of them for which this order has none.
    """

    run: str
    holder: str
    at: float
    until: int
    alive: bool | None
    goal: str
    cause: str = ""
    code: int = 0
    began: int = 0
    old: int = 0
    replaced: int = 0
    left: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    out: tuple[Out, ...] = ()
    changed: tuple[str, ...] = ()
    anew: str = ""
    toward: str = ""
    commands: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def standing(spec: RolloutSpec, observation: Observation, record: Journal, *, holder_dead: bool = False) -> Standing:
    """The record as it stands in this look."""
    alive = False if holder_dead or record.until <= observation.at else None
    anew = stale(record, observation) if alive is False and record.cutoff is not None else ""
    return Standing(
        run=record.run,
        holder=record.holder,
        at=observation.at,
        until=record.until,
        alive=alive,
        goal=record.goal.value,
        cause=record.cause.text if record.cause else "",
        code=record.cause.code if record.cause else 0,
        began=record.began if record.cutoff is not None else 0,
        old=record.old,
        replaced=record.replaced,
        left=_left(spec, observation, record, anew=bool(anew)),
        new=tuple(one.id for one in observation.instances if is_new(record, one)),
        out=tuple(
            Out(id=departure.id, step=way_out(departure, observation.instance(departure.id)), surplus=departure.surplus)
            for departure in record.departures
        ),
        changed=changes(observation, record),
        anew=anew,
        toward=record.templates.led_to if record.templates else "",
        commands=tuple(point.value for point in record.commands),
        lacking=tuple(sorted(withheld(spec, record))),
    )


def _left(spec: RolloutSpec, observation: Observation, record: Journal, *, anew: bool) -> tuple[str, ...]:
    """Before the cutoff is taken, and where it will be taken anew, everything that is there is old."""
    going = (departure for departure in record.departures if not (departure.surplus or departure.parks))
    out = [departure.id for departure in going if observation.instance(departure.id)]
    every, seen = anew or record.cutoff is None, observation
    members = (one for one in observation.instances if one.takes_part or may_end(spec, one))
    there = (one for one in members if not record.departure(one.id))
    return (*out, *(one.id for one in there if (is_in_scope(spec, seen, one) if every else is_old(spec, record, one))))


def way_out(departure: Departure, instance: Instance | None) -> str:
    """How far one on its way out is, in words."""
    if instance is None:
        return {Mark.NOT: "gone", Mark.ENDED: "gone"}.get(
            departure.after, "gone, its after-terminate command is not over"
        )
    if instance.leaving:
        return "shutting down"
    if departure.parks:
        return f"{'in' if instance.standby else 'to be put into'} Standby: {why_parked(departure)}"
    if departure.ends:
        return "to be terminated"
    if departure.draining is not Mark.ENDED:
        ends = {Mark.NOT: "has still to run", Mark.BEGUN: "has begun", Mark.FAILED: "failed"}
        return f"serving, its before-draining command {ends[departure.draining]}"
    if departure.before is not Mark.NOT:
        ends = {Mark.BEGUN: "has begun", Mark.ENDED: "is over", Mark.FAILED: "failed"}
        return f"drained, its before-terminate command {ends[departure.before]}"
    draining = any(target.state is TargetState.DRAINING for target in instance.targets)
    return "draining" if draining else "out of its load balancers" if not instance.targets else "being taken out"


def onward(found: Standing) -> str:
    """What `run` does with it, in a sentence."""
    if found.alive is None:
        return "wait for its holder, and be refused (exit code 5) if that renews it"
    if found.lacking:
        return f"replace nothing: it lacks the {' and '.join(found.lacking)} command that the run before was given"
    if found.anew:
        return f"take it over and begin anew, since {found.anew}: everything that is there counts as old"
    if found.toward:
        return f"take it over and finish the rollback to {told_of(found.toward)}, never the release again"
    if found.goal == Goal.RESTORE:
        return "take it over and replace what is left, rather than put it back"
    return "take it over and go on with what is left"
