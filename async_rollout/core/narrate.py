"""What changed between two looks, told as events. Asks nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Decision
from async_rollout.core.belief import Belief
from async_rollout.core.budget import Tally, tally
from async_rollout.core.events import (
    CapacityChanged,
    Counted,
    Event,
    GoalChanged,
    Replaced,
    RolloutStarted,
    StageChanged,
    Warned,
)
from async_rollout.core.journal import Goal, Journal, Mark
from async_rollout.core.marks import is_accused, is_ours_to_take_off
from async_rollout.core.meanwhile import meanwhile
from async_rollout.core.milestones import canary_passed, failed, recorded
from async_rollout.core.min_ready import watched
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.core.standby import why_parked
from async_rollout.core.survey import warnings
from async_rollout.core.templates import Back
from async_rollout.core.traffic import told_of, unfound_in
from async_rollout.core.zonal_shift import shifted_in
from async_rollout.core.zones import is_evening


def narrate(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> tuple[Event, ...]:
    """Events between the look before and this one, and of what the decision is about to record."""
    told = (
        _told_and_stays,
        _mute,
        _warned,
        _accused,
        _lost,
        meanwhile,
        _begun,
        _taken_over,
        _moved,
        _sized,
        _adopted,
        failed,
        canary_passed,
        _counted,
        _done,
        _goal_changed,
    )
    return tuple(event for tell in told for event in tell(spec, before, after, decision))


def _warned(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    if before is None:
        for text in warnings(spec, after.observation, after.belief.survey):
            yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _mute(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """Launches are asked for in the other way from now on."""
    new, old, mute = recorded(decision), after.observation.journal, after.belief.mute
    if new is None or mute is None or not isinstance(old, Journal) or old.run != new.run or new.way is old.way:
        return
    text = f"AWS does not answer launches here, so new instances are asked for by desired capacity: {mute.said}"
    yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _accused(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """Who is marked Unhealthy since the look before, through no sickness that a source sees, nor by our doing."""
    record = after.observation.journal
    if before is None or not isinstance(record, Journal) or record.goal is not Goal.REPLACE:
        return
    for one in after.observation.instances:
        ours = record.departure(one.id) or is_ours_to_take_off(after.belief, after.observation, one)
        was = before.observation.instance(one.id)
        known = was is not None and is_accused(before.observation, was)
        if is_accused(after.observation, one) and not known and not ours:
            text = f"{one.id} is marked Unhealthy by others, and every source calls it healthy: it is replaced too"
            yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _lost(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """A source that AWS does not find any more, a zonal shift that has begun: each told once."""
    new = after.belief.unfound.keys() - (before.belief.unfound.keys() if before else after.belief.unfound.keys())
    for source, text in zip(unfound_in(after.observation), told_of(after.observation), strict=True):
        if source.id in new:
            yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)
    if after.belief.shifted is not None and (before is None or before.belief.shifted is None):
        text = f"{shifted_in(after.observation)}: nothing goes out meanwhile"
        yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _begun(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """The cutoff was taken: from here instances are replaced."""
    new, old = recorded(decision), after.observation.journal
    if new is None or new.cutoff is None or not isinstance(old, Journal) or old.cutoff is not None:
        return
    yield _started(spec, after, new, resumed=False)


def _started(spec: RolloutSpec, after: Snapshot, journal: Journal, *, resumed: bool) -> RolloutStarted:
    counted = tally(spec, after.observation, after.belief, journal)
    out = tuple(departure.id for departure in journal.departures if not (departure.surplus or departure.parks))
    old = (*out, *(one.id for one in (*counted.victims, *counted.idle)))
    return RolloutStarted(
        group=after.observation.group.name,
        at=after.observation.at,
        run=journal.run,
        base=journal.base,
        floor=counted.bounds.floor,
        ceiling=counted.bounds.ceiling,
        old=old,
        resumed=resumed,
        restoring=journal.goal is Goal.RESTORE,
        total=journal.old or journal.replaced + len(old),
        replaced_before=journal.replaced,
        toward=journal.due if journal.back is Back.BEGUN else "",
        watched=watched(spec, replace(after.observation, journal=journal)),
    )


def _taken_over(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    new, old = recorded(decision), after.observation.journal
    if new is None or not isinstance(old, Journal) or old.run == new.run:
        return
    if new.cutoff is not None:
        yield _started(spec, after, new, resumed=True)
    if new.cutoff not in (old.cutoff, None):
        text = "the record is old or the template has changed: everything that is there now counts as old"
        yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _moved(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    group, at = after.observation.group.name, after.observation.at
    was = {} if before is None else _shown(before.belief)
    now = _shown(after.belief)
    for id, stage in now.items():
        old = was.get(id)
        if old is not stage and (before is not None or stage is not Stage.SERVING):
            yield StageChanged(group=group, at=at, instance=id, stage=stage, was=old, why=_why(after, id))
    for id in sorted(was.keys() - now.keys()):
        if was[id] is not Stage.GONE:  # one that was retained is gone before its row is
            yield StageChanged(group=group, at=at, instance=id, stage=Stage.GONE, was=was[id])


def _shown(belief: Belief) -> dict[str, Stage]:
    """Old ones that have not been looked at often enough yet are not called ailing: no look of them was bad."""
    unlooked = {id for id, one in belief.histories.items() if not one.proven and not one.streak.bad}
    early = {id for id, stage in belief.stages.items() if stage is Stage.AILING and id in unlooked}
    return belief.stages | dict.fromkeys(early, Stage.SERVING)


def _why(after: Snapshot, id: str) -> str:
    one, record = after.observation.instance(id), after.observation.journal
    out = record.departure(id) if isinstance(record, Journal) else None
    if out is not None and after.belief.stage(id) in (Stage.PARKING, Stage.PARKED):
        return why_parked(out)
    if one is not None and isinstance(record, Journal) and is_evening(record, after.observation):
        if one.booting:
            return "one more, to even out the zones"
        if after.belief.stage(id) is Stage.DRAINING:
            return "one of the fullest zone, to even out the zones"
    words = {f"{t.state} {t.reason}".strip() for t in one.targets if t.reason} if one else set()
    return "; ".join(sorted(words))


def _sized(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    if before is None:
        return
    old, new, record = before.observation.group, after.observation.group, after.observation.journal
    if (old.minimum, old.desired, old.maximum) == (new.minimum, new.desired, new.maximum):
        return
    yield CapacityChanged(
        group=new.name,
        at=after.observation.at,
        minimum=new.minimum,
        desired=new.desired,
        maximum=new.maximum,
        base=record.base if isinstance(record, Journal) else new.desired,
        ours=isinstance(record, Journal) and new.desired <= record.asked and new.minimum == old.minimum,
    )


def _adopted(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """Sizes that others have set since they were found, perhaps while no run lived: they are kept, not put back."""
    new, old = recorded(decision), after.observation.journal
    if new is None or not isinstance(old, Journal) or old.cutoff is None or new.cutoff != old.cutoff:
        return
    sizes = (("desired capacity", old.base, new.base), ("maximum", old.found.maximum, new.found.maximum))
    for name, was, now in sizes:
        if was != now:
            text = f"the {name} that the owner wants is {now}, it was {was}: others changed it, and it stays"
            yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _counted(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """Only while instances are replaced or put back: before that nothing is bounded by us."""
    record = after.observation.journal
    if not isinstance(record, Journal) or record.run != after.belief.me.run or record.cutoff is None:
        return
    if before is None or _picture(before) != _picture(after):
        counted = tally(spec, after.observation, after.belief, record)
        yield Counted(
            group=after.observation.group.name,
            at=after.observation.at,
            available=len(counted.ready) + _unlooked(after, counted),
            floor=counted.bounds.floor,
            total=counted.booting + counted.serving + counted.held,
            ceiling=counted.bounds.ceiling,
            out=len(counted.out),
        )


def _unlooked(after: Snapshot, counted: Tally) -> int:
    """Old ones in the first looks: no removal draws on them yet, but no look of them was bad either."""
    shown, known = _shown(after.belief), counted.ready.union(counted.out)
    rest = (one.id for one in after.observation.instances if one.in_service and one.id not in known)
    return sum(shown.get(id) is Stage.SERVING for id in rest)


def _picture(snapshot: Snapshot) -> tuple[object, ...]:
    """All that the numbers are made of."""
    record = snapshot.observation.journal
    base, departures = (
        (record.base, len(record.departures)) if isinstance(record, Journal) and record.cutoff else (None, None)
    )
    stages = snapshot.belief.stages
    return snapshot.observation.group.desired, snapshot.observation.rows, base, departures, stages


def _done(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """A departure that the decision closes with its instance gone: one more is replaced."""
    new, old = decision.meant, after.observation.journal
    if new is None or not isinstance(old, Journal) or old.run != new.run:
        return
    over = [departure for departure in old.departures if new.departure(departure.id) is None]
    ours = [departure for departure in over if not (departure.surplus or departure.parks)]
    olds = (departure.id for departure in ours if not after.belief.history(departure.id).failed)
    if gone := [id for id in olds if _is_gone(after, id)]:
        counted = tally(spec, after.observation, after.belief, new)
        left = len(counted.victims) + len(counted.idle) + len(new.departures)
        yield from (
            Replaced(group=after.observation.group.name, at=after.observation.at, instance=id, left=left) for id in gone
        )


def _told_and_stays(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """Its first command has begun or is over, and it serves on: what that did, nobody takes back but its owner."""
    new, old, point = decision.meant, after.observation.journal, HookPoint.BEFORE_DRAINING
    if new is None or not isinstance(old, Journal) or old.run != new.run or point not in old.commands:
        return
    for departure in old.departures:
        one = after.observation.instance(departure.id)
        stays = new.departure(departure.id) is None and one is not None and one.in_service
        if stays and departure.draining is not Mark.NOT:
            text = f"{departure.id} serves on, and its {point.noun} was run: if that changed it, change it back"
            yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _is_gone(after: Snapshot, id: str) -> bool:
    """One that is retained is gone for the group."""
    one = after.observation.instance(id)
    return one is None or one.retained


def _goal_changed(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    new, old = recorded(decision), after.observation.journal
    if new is None or new.cause is None or not isinstance(old, Journal):
        return
    if new.goal is not Goal.RESTORE or (old.goal, old.back) == (new.goal, new.back):
        return
    (name, at), toward = (after.observation.group.name, after.observation.at), new.due if new.back is Back.DUE else ""
    yield GoalChanged(group=name, at=at, cause=new.cause.text, code=new.cause.code, toward=toward)
