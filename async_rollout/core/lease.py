"""Whose group it is: one conductor by the record in its tags, which have no compare-and-swap (RULES §4).

Nobody writes a first record, or takes one over, on a look that might be an old answer; a holder that is alive is left
alone, or told to stop.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import ceil

from async_rollout.core.actions import ROWS, Decision, Erase, Need, Needs, Order, Outcome, Probe, Record, Verdict, Wait
from async_rollout.core.draft import renewed
from async_rollout.core.journal import MARKS, Cause, Departure, Goal, Journal, Mark, template_mark
from async_rollout.core.observation import Group, Observation
from async_rollout.core.open_launches import way_of
from async_rollout.core.policy import FRESH, LEASE, OLDEST_LOOK, PEER, PROBE_AGAIN, SOON
from async_rollout.core.probes import rivals
from async_rollout.core.schedules import inherited
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import HookPoint, LaunchCall, RolloutSpec
from async_rollout.core.stages import is_old
from async_rollout.core.standby import may_end
from async_rollout.core.switched import called_off
from async_rollout.core.switching import objections, questions, templates_of, wanted, way_back
from async_rollout.core.templates import Back, Templates
from async_rollout.core.undrained import noted, undrained
from async_rollout.core.withheld import asked_for, withheld
from async_rollout.core.zones import spread, zone_counts

LOOK_NOW: Needs = frozenset({Need.TARGETS, Need.SURVEY})
RESTORE_CAUSE = Cause(code=0, text="restore was ordered")
ROLLBACK_CAUSE = Cause(code=0, text="rollback was ordered")


def wait(spec: RolloutSpec, *waits: Wait) -> Decision:
    """Nothing to do but to look again."""
    return Decision(waits=waits, look_again=spec.interval)


def is_blind(snapshot: Snapshot) -> bool:
    """Health was not asked for so long that nothing may rest on it any more."""
    return not snapshot.observation.health_seen and snapshot.observation.at - snapshot.belief.health_at > OLDEST_LOOK


def unproven(spec: RolloutSpec, snapshot: Snapshot) -> Decision | None:
    """None if this look shows our probe: it is newer than that, so no record from before can be hidden from it.

    Nor may it show another's: of two that put up theirs one at least sees the other's. Then the first by its run's id
    goes on when it is alone, and all others take theirs off until that one has written, or is dead.
    """
    belief, observation = snapshot.belief, snapshot.observation
    me, others = belief.me.run, rivals(observation, belief.me.run)
    why = f"run {', '.join(others)} is about to begin, too"
    pause = replace(wait(spec, Wait(on="the lease", why=why, since=belief.began)), look_again=spec.paced(SOON))
    if others and min(others) < me:
        off = (Probe(run=me, present=False),) if me in observation.probes else ()
        return replace(pause, actions=off, needs=ROWS)
    if observation.at - observation.probes.get(me, float("-inf")) <= OLDEST_LOOK:
        return pause if others else None
    if belief.probed is not None and observation.at - belief.probed < PROBE_AGAIN:
        tags = Wait(on="the tags", why="AWS does not show our newest one yet", since=belief.probed)
        return replace(wait(spec, tags), look_again=spec.paced(SOON), needs=ROWS)
    return Decision(actions=(Probe(run=me, at=int(observation.at)),), needs=ROWS)


def unprobed(snapshot: Snapshot, decision: Decision) -> Decision:
    """Who ends leaves no probe behind, a killed one's neither; one that still lives puts its own up again."""
    belief = snapshot.belief
    there = {*snapshot.observation.probes, *(() if belief.probed is None else (belief.me.run,))}
    if decision.verdict is None or any(isinstance(act, Record | Erase) for act in decision.actions):
        return decision
    return replace(decision, actions=(*decision.actions, *(Probe(run=run, present=False) for run in sorted(there))))


def of_another(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    """Somebody's record: dead, let go, or alive."""
    belief, at, peer = snapshot.belief, snapshot.observation.at, snapshot.belief.peer
    if belief.journal is not None and belief.newest:
        return _taken_away(spec, snapshot, record, belief.journal)
    if snapshot.holder_here and belief.me.intent is Goal.REPLACE:
        return Decision(verdict=_held(record, "holds the group, in this very process"))
    if peer is None or not PEER.holds(peer, at) or record.serial < peer.record.serial:
        return wait(spec, Wait(on="the lease", why=f"{record.holder} left a record", since=belief.began))
    if snapshot.holder_dead or record.until <= at:
        return _take_over(spec, snapshot, record)
    if belief.me.intent is Goal.RESTORE:
        return _order_to_stop(spec, snapshot, record)
    if record.until - LEASE > belief.began:
        return Decision(verdict=_held(record, "holds the group"))
    why = f"{record.holder} holds the group for {record.until - at:.0f} s more: watching for a renewal"
    return wait(spec, Wait(on="the lease", why=why, since=belief.began, until=float(record.until)))


def _taken_away(spec: RolloutSpec, snapshot: Snapshot, record: Journal, ours: Journal) -> Decision:
    """We held it, and it now names another: an old answer, or somebody who took it from us."""
    torn = snapshot.belief.torn
    if record.until < ours.until and torn is not None and snapshot.observation.at - torn.at < LEASE:
        return wait(spec, Wait(on="the record", why="an older record was read", since=snapshot.observation.at))
    return Decision(verdict=_held(record, "took the group over from us"))


def _held(record: Journal, what: str) -> Verdict:
    since, until = (_stamp(at) for at in (record.began or record.until - LEASE, record.until))
    why = f"run {record.run} of {record.holder} {what}: at work since {since}, its lease lasts until {until}"
    return Verdict(outcome=Outcome.HELD, code=5, why=why, next="async-rollout status")


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _order_to_stop(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    me, text = snapshot.belief.me, snapshot.observation.order or ""
    order = f"rollback {record.run} {spec.rollback_version or '-'} {me.holder}" if me.rollback else ""
    order = order or f"stop {record.run} {me.holder}"
    if me.rollback and text.startswith(f"stop {record.run} "):
        order = text  # whoever stops it goes first: what comes of it is waited for
    elif me.rollback and (no := _no_way_back(spec, snapshot, record)):
        return Decision(verdict=no)
    why = f"{record.holder} was told to {order.partition(' ')[0]}"
    pause = Wait(on="the live run", why=why, since=snapshot.belief.began, until=float(record.until))
    if snapshot.observation.order == order:
        return wait(spec, pause)
    return Decision(actions=(Order(text=order),), waits=(pause,))


def _take_over(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    """Its record becomes ours: what was found always, its cutoff only if it still means the same (RULES §4)."""
    if snapshot.belief.survey is None or is_blind(snapshot):
        return Decision(needs=LOOK_NOW)
    if first := unproven(spec, snapshot):
        return first
    me, observation = snapshot.belief.me, snapshot.observation
    if no := undrained(spec, snapshot, record):
        return Decision(verdict=no)
    lacking = withheld(spec, record)
    commands = tuple(point for point in HookPoint if point in lacking.union(spec.hooks.points))
    due = inherited(record, observation.group)
    ours = replace(noted(record, observation), run=me.run, holder=me.holder, commands=commands, scheduled=due)
    if lacking and me.intent is Goal.REPLACE:
        return _without_commands(snapshot, ours, lacking)
    if me.rollback and (no := _no_way_back(spec, snapshot, record)):
        return Decision(verdict=no)
    if me.intent is Goal.RESTORE:
        ours = _put_back(spec, snapshot, ours)
        return Decision(actions=(Record(journal=renewed(ours, observation.at)),))
    if record.back is not Back.NOT:
        return Decision(actions=(Record(journal=renewed(_rolled_on(spec, ours, observation), observation.at)),))
    if (needs := _unasked(spec, snapshot, ours)) is not None:
        return needs
    again = tuple(map(_to_be_tried_again, ours.departures))
    way = record.way if spec.launch is LaunchCall.AUTO else way_of(spec, observation.group)
    goes_on = record.goal is Goal.REPLACE or (record.cause is not None and record.cause.is_signal)
    lost, canary = (record.lost, record.canary) if goes_on else (0, False)  # after what failed it is a new order
    ours = replace(ours, goal=Goal.REPLACE, cause=None, departures=again, lost=lost, canary=canary, way=way)
    ours = replace(ours, templates=_wanted_now(spec, observation.group, record.templates))
    if record.cutoff is not None and _is_elsewhere(ours, observation):
        ours = replace(ours, cutoff=None)  # it is set first, and the cutoff taken after
    elif record.cutoff is not None and stale(record, observation) and not _is_others(record, observation):
        ours = replace(with_cutoff(spec, ours, observation), lost=0, canary=False)
    return Decision(actions=(Record(journal=renewed(ours, observation.at)),))


def _put_back(spec: RolloutSpec, snapshot: Snapshot, ours: Journal) -> Journal:
    """A new order: its cause is that one. A rollback is called off by it, unless it orders one itself."""
    if not snapshot.belief.me.rollback:
        return called_off(replace(ours, goal=Goal.RESTORE, cause=RESTORE_CAUSE))
    group, was = snapshot.observation.group, ours.templates
    one = was or Templates(found=group.spelled, wanted=group.spelled, policy=group.policy)
    toward = way_back(spec, group, was) or one.led_to
    return replace(ours, goal=Goal.RESTORE, cause=ROLLBACK_CAUSE, templates=replace(one, toward=toward, back=Back.DUE))


def _no_way_back(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Verdict | None:
    """Nobody is told to roll back, and no record says so, where there is nothing to roll back to."""
    was = record.templates
    if way_back(spec, snapshot.observation.group, was) or (was is not None and was.led_to):
        return None
    why = "there is nothing to roll back to: the run found what it was to replace others by, or an alias"
    return Verdict(outcome=Outcome.REFUSED, code=3, why=why, next="name it with --rollback-version, or restore")


def _rolled_on(spec: RolloutSpec, ours: Journal, observation: Observation) -> Journal:
    """A rollback is gone on with as it stands, cause and counts included, and the release never again."""
    if ours.goal is Goal.RESTORE:
        return ours
    again = replace(ours, departures=tuple(map(_to_be_tried_again, ours.departures)))
    if ours.cutoff is not None and _is_elsewhere(ours, observation):
        return replace(again, cutoff=None)
    fresh = ours.cutoff is None or ours.until - LEASE >= observation.at - FRESH
    if fresh or _is_others(ours, observation):
        return again
    return replace(with_cutoff(spec, again, observation), lost=ours.lost)


def _unasked(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision | None:
    """An order that names something else than the record is asked about as one that begins is."""
    group, versions, was = snapshot.observation.group, snapshot.belief.versions, record.templates
    if not spec.sets_template or (was is not None and wanted(spec, group) in (was.wanted, group.spelled)):
        return None
    if any(one.what not in versions for one in questions(spec)):
        return Decision(needs=LOOK_NOW | questions(spec))
    if objected := tuple(objections(spec, group, versions)):
        why = f"{'; '.join(objected)}; the record of the run before stands"
        return Decision(verdict=Verdict(outcome=Outcome.REFUSED, code=3, why=why))
    return None


def _wanted_now(spec: RolloutSpec, group: Group, was: Templates | None) -> Templates | None:
    """What was found stays; wanted is what this order names, if it names anything; what was set before is ours, too."""
    if was is None or not spec.sets_template:
        return was or templates_of(spec, group)
    new = wanted(spec, group)
    return was if new == was.wanted else replace(was, wanted=new, toward=was.wanted)


def _is_elsewhere(ours: Journal, observation: Observation) -> bool:
    """The group launches from another of those that the record names than from what it is to."""
    one, spelled = ours.templates, observation.group.spelled
    return one is not None and spelled != ours.due and spelled in one.ours


def _is_others(record: Journal, observation: Observation) -> bool:
    """Others have set what the group launches from: with the cutoff that it has the run turns back for that."""
    return record.templates is not None and observation.group.spelled not in record.templates.ours


def _to_be_tried_again(departure: Departure) -> Departure:
    """Not where its instance is parked for that, as far as the record tells."""
    return departure if departure.parks else departure.again


def _without_commands(snapshot: Snapshot, ours: Journal, lacking: frozenset[HookPoint]) -> Decision:
    """Nobody else goes without. Where a command has begun, all others are put back; else all stays."""
    which = " and ".join(f"{point.value} command" for point in HookPoint if point in lacking)
    why = f"the run that left this group had its {which} and this one has none"
    if any(departure.mark(point) is Mark.BEGUN for departure in ours.departures for point in MARKS):
        ours = called_off(replace(ours, goal=Goal.RESTORE, cause=Cause(code=3, text=why)))
        return Decision(actions=(Record(journal=renewed(ours, snapshot.observation.at)),))
    why = f"{why}; its record stands"
    return Decision(verdict=Verdict(outcome=Outcome.REFUSED, code=3, why=why, next=asked_for(lacking)))


def stale(record: Journal, observation: Observation) -> str:
    """Why the record's cutoff means no more what it meant; empty where it does.

    Where a run sets what the group launches from, another one of those that it has to do with is none of others' doing.
    """
    one, spelled = record.templates, observation.group.spelled
    set_back = one is not None and spelled in one.ours and (spelled != one.wanted or one.back is not Back.NOT)
    if record.template != template_mark(observation.group.template) and not set_back:
        return "the group's template is another by now"
    return "the record is older than 6 h" if record.until - LEASE < observation.at - FRESH else ""


def with_cutoff(spec: RolloutSpec, journal: Journal, observation: Observation) -> Journal:
    """Everything that is there now is from before the cutoff: AWS's time of the newest, never our clock."""
    newest = max((one.launched_at for one in observation.instances if one.launched_at is not None), default=0.0)
    cutoff = ceil(newest * 1000) / 1000  # the tag holds thousandths: cut, the newest itself would not be old
    begun = replace(
        journal, cutoff=cutoff, template=template_mark(observation.group.template), began=int(observation.at)
    )
    out = {departure.id for departure in journal.departures if not (departure.surplus or departure.parks)}
    there = (one for one in observation.instances if one.in_service or may_end(spec, one) or one.id in out)
    old = sum(one.id in out or is_old(spec, begun, one) for one in there)
    apart = journal.apart if journal.began else spread(zone_counts(observation))
    return replace(begun, old=old, replaced=0, apart=apart)
