"""From an untouched group to one that is ours: refuse or go on, lease, suspend, settle, cutoff.

The order is ROLLOUT §3's. Nothing is changed before the lease has stood for two looks and two check intervals.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from async_rollout.core.actions import Decision, Erase, Need, Order, Outcome, Probe, Record, Suspend, Verdict, Wait
from async_rollout.core.budget import STEADY
from async_rollout.core.draft import LEASE, Draft, renewed
from async_rollout.core.journal import (
    SUSPENDED_BY_US,
    Cause,
    Found,
    Goal,
    Journal,
    Mark,
    Unreadable,
    digest,
    template_mark,
)
from async_rollout.core.sight import Instance, Sight, Snapshot, TargetState
from async_rollout.core.spec import RolloutSpec, Scope
from async_rollout.core.survey import objections, unhealthy
from async_rollout.core.trouble import stopped

FRESH = 6 * 3600
"""A record renewed within so many seconds keeps its cutoff (ROLLOUT §4)."""
PROBE_AGAIN = 15.0
"""A probe that does not show is put up again after so many seconds; it is absolute."""
WATCH_LOOKS = 3
"""A record is taken over only after so many looks at its newest version: an older one may lack a lane."""
SICK_LOOKS = 3
"""Unhealthy in so many looks in a row is refused; less may be a flap."""
LOOK_NOW = frozenset({Need.TARGETS, Need.SURVEY})
RESTORE_CAUSE = Cause(code=0, text="restore was ordered")


def wait(spec: RolloutSpec, *waits: Wait) -> Decision:
    """Nothing to do but to look again."""
    return Decision(waits=waits, look_again=spec.check_interval)


def refused(*why: str, next: str = "") -> Decision:
    """Exit 3: nothing was changed."""
    return Decision(verdict=Verdict(outcome=Outcome.REFUSED, code=3, why="; ".join(why), next=next))


def without_record(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    """No record in the tags: a fresh start, the end of ours, or one that was taken away from us."""
    memory, sight = snapshot.memory, snapshot.sight
    if memory.erased is not None:
        return Decision(verdict=over(memory.erased))
    if memory.journal is not None:
        return _vanished(spec, snapshot, memory.journal)
    if memory.me.intent is Goal.RESTORE:
        return Decision(verdict=Verdict(outcome=Outcome.NOTHING, code=0, why="no record: nothing to restore"))
    if cause := stopped(snapshot):
        why = f"{cause.text}; nothing was changed"
        return Decision(verdict=Verdict(outcome=Outcome.STOPPED, code=cause.code, why=why))
    if memory.survey is None or not sight.health_seen:
        return Decision(needs=LOOK_NOW)
    if memory.denied is not None:
        why = f"{memory.denied.code}: {memory.denied.message}"
        return Decision(
            verdict=Verdict(outcome=Outcome.REFUSED, code=4, why=why, next="look at the IAM policy in README")
        )
    if objected := objections(spec, sight, memory.survey):
        return refused(*objected)
    return _settle_then_lease(spec, snapshot)


def over(journal: Journal) -> Verdict:
    """How it ended, once our tags are off."""
    if journal.goal is Goal.REPLACE:
        return Verdict(outcome=Outcome.DONE, code=0, why="all replaced, the group is as it was found")
    cause = journal.cause or RESTORE_CAUSE
    outcome = {0: Outcome.RESTORED, 130: Outcome.STOPPED, 143: Outcome.STOPPED}.get(cause.code, Outcome.FAILED)
    return Verdict(outcome=outcome, code=cause.code, why=f"{cause.text}; the group is as it was found")


def _vanished(spec: RolloutSpec, snapshot: Snapshot, journal: Journal) -> Decision:
    """Other tools strip tags: the record is written once more; a second time someone means it."""
    memory = snapshot.memory
    if memory.torn is None or memory.torn.looks < 3 or snapshot.sight.at - memory.torn.at < STEADY:
        return wait(spec, Wait(on="the record", why="our tags are out of sight", since=snapshot.sight.at))
    if journal.until < snapshot.sight.at and not _anything_ours(snapshot.sight, journal):
        why = "our lease ran out and our record is gone: another run has ended what we had begun"
        return Decision(verdict=Verdict(outcome=Outcome.HELD, code=5, why=why, next="async-rollout status"))
    again = renewed(journal, snapshot.sight.at)
    if memory.rewritten:
        again = replace(
            again, goal=Goal.RESTORE, cause=again.cause or Cause(code=1, text="our tags were taken off twice")
        )
    if memory.rewritten > 1:
        why = "our tags are taken off the group again and again"
        return Decision(verdict=Verdict(outcome=Outcome.STUCK, code=10, why=why, left=tuple(journal.suspended)))
    return Decision(actions=(Record(journal=again),))


def _anything_ours(sight: Sight, journal: Journal) -> bool:
    """Processes are suspended before all else and resumed after all else: where none is, nothing of ours is left."""
    return bool(sight.group.suspended.intersection(journal.suspended) or not journal.suspended)


def _settle_then_lease(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    sight, memory = snapshot.sight, snapshot.memory
    over_time = sight.at - memory.began > spec.limits.launch + (memory.survey.launch_heartbeat if memory.survey else 0)
    settled = memory.settled is not None and memory.settled.looks >= 2
    sick = unhealthy(sight) if spec.require_healthy_group else ()
    if not settled and over_time and spec.require_healthy_group:
        return refused(f"the group did not settle within {spec.limits.launch:.0f} s: {_moving(sight)}")
    if sick and settled and (over_time or _sick_long(snapshot)):
        return refused("not healthy: " + "; ".join(sick[:5]), next="mend them, or --force skips this check")
    if (not settled or sick) and not (over_time and not spec.require_healthy_group):
        why = _moving(sight) if not settled else "; ".join(sick[:3])
        return wait(spec, Wait(on="the group to settle", why=why, since=memory.began))
    if not _anything_old(spec, sight):
        why = "the group is empty" if not sight.instances else "no instance is old"
        return Decision(verdict=Verdict(outcome=Outcome.NOTHING, code=0, why=why))
    return _unproven(spec, snapshot) or Decision(actions=(Record(journal=_first(spec, snapshot)),))


def _unproven(spec: RolloutSpec, snapshot: Snapshot) -> Decision | None:
    """None if this look shows our probe: it is newer than that, so no record from before can be hidden from it."""
    memory, sight = snapshot.memory, snapshot.sight
    if memory.me.run in sight.probes:
        return None
    if memory.probed is not None and sight.at - memory.probed < PROBE_AGAIN:
        return wait(spec, Wait(on="the tags", why="AWS does not show our newest one yet", since=memory.probed))
    return Decision(actions=(Probe(run=memory.me.run),))


def unprobed(snapshot: Snapshot, decision: Decision) -> Decision:
    """Who ends leaves no probe behind, a killed one's neither; one that still lives puts its own up again."""
    memory = snapshot.memory
    there = snapshot.sight.probes.union(() if memory.probed is None else (memory.me.run,))
    if decision.verdict is None or any(isinstance(act, Record | Erase) for act in decision.actions):
        return decision
    return replace(decision, actions=(*decision.actions, *(Probe(run=run, present=False) for run in sorted(there))))


def _sick_long(snapshot: Snapshot) -> bool:
    """Bad in look after look; one that is only just being registered is not sick, it settles."""
    streaks = snapshot.memory.streaks
    known = (one for one in snapshot.sight.instances if not _is_coming(one))
    return any(one.id in streaks and streaks[one.id].bad >= SICK_LOOKS for one in known)


def _is_coming(one: Instance) -> bool:
    return any(target.state is TargetState.INITIAL for target in one.targets)


def _moving(sight: Sight) -> str:
    states = [f"{one.id} is {one.lifecycle}" for one in sight.instances if not one.in_service and not one.standby]
    return "; ".join(states[:3]) or f"{len(sight.instances)} instances, {sight.group.desired} desired"


def _anything_old(spec: RolloutSpec, sight: Sight) -> bool:
    members = (one for one in sight.instances if not one.leaving and not one.standby)
    return any(spec.scope is Scope.ALL or one.outdated for one in members)


def _first(spec: RolloutSpec, snapshot: Snapshot) -> Journal:
    group, me = snapshot.sight.group, snapshot.memory.me
    ours = tuple(sorted(set(SUSPENDED_BY_US) - (group.suspended if spec.require_healthy_group else frozenset())))
    return Journal(
        group=digest(group.arn, 16),
        run=me.run,
        serial=1,
        holder=me.holder,
        until=int(snapshot.sight.at) + LEASE,
        found=Found(minimum=group.minimum, desired=group.desired, maximum=group.maximum),
        base=group.desired,
        asked=group.desired,
        suspended=ours,
    )


def unreadable(spec: RolloutSpec, snapshot: Snapshot, record: Unreadable) -> Decision:
    """A record that is not one to act on: perhaps it is just being written; else say so and touch nothing."""
    torn = snapshot.memory.torn
    if record.torn and (torn is None or torn.looks < 3 or snapshot.sight.at - torn.at < STEADY):
        return wait(spec, Wait(on="the record", why=record.why, since=snapshot.sight.at))
    if snapshot.memory.journal is not None:
        return Decision(actions=(Record(journal=renewed(snapshot.memory.journal, snapshot.sight.at)),))
    return refused(record.why, next="look at the tags async-rollout:*, put right by hand what they name, remove them")


def of_another(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    """Somebody's record: dead, let go, or alive."""
    memory, at, peer = snapshot.memory, snapshot.sight.at, snapshot.memory.peer
    if memory.journal is not None and memory.newest:
        return _taken_away(spec, snapshot, record, memory.journal)
    if peer is None or peer.looks < WATCH_LOOKS or record.serial < peer.record.serial:
        return wait(spec, Wait(on="the lease", why=f"{record.holder} left a record", since=memory.began))
    if snapshot.holder_dead or record.until <= at:
        return _take_over(spec, snapshot, record)
    if memory.me.intent is Goal.RESTORE:
        return _order_to_stop(spec, snapshot, record)
    if record.until - LEASE > memory.began:
        return Decision(verdict=_held(record, "holds the group"))
    why = f"{record.holder} holds the group for {record.until - at:.0f} s more: watching for a renewal"
    return wait(spec, Wait(on="the lease", why=why, since=memory.began, until=float(record.until)))


def _taken_away(spec: RolloutSpec, snapshot: Snapshot, record: Journal, ours: Journal) -> Decision:
    """We held it, and it now names another: an old answer, or somebody who took it from us."""
    torn = snapshot.memory.torn
    if record.until < ours.until and torn is not None and snapshot.sight.at - torn.at < LEASE:
        return wait(spec, Wait(on="the record", why="an older record was read", since=snapshot.sight.at))
    return Decision(verdict=_held(record, "took the group over from us"))


def _held(record: Journal, what: str) -> Verdict:
    since, until = (_stamp(at) for at in (record.began or record.until - LEASE, record.until))
    why = f"run {record.run} of {record.holder} {what}: at work since {since}, its lease lasts until {until}"
    return Verdict(outcome=Outcome.HELD, code=5, why=why, next="async-rollout status")


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _order_to_stop(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    order = f"stop {record.run} {snapshot.memory.me.holder}"
    why = f"{record.holder} was told to stop"
    pause = Wait(on="the live run", why=why, since=snapshot.memory.began, until=float(record.until))
    if snapshot.sight.order == order:
        return wait(spec, pause)
    return Decision(actions=(Order(text=order),), waits=(pause,))


def _take_over(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    """Its record becomes ours: what was found always, its cutoff only if it still means the same (ROLLOUT §4)."""
    if snapshot.memory.survey is None or not snapshot.sight.health_seen:
        return Decision(needs=LOOK_NOW)
    if first := _unproven(spec, snapshot):
        return first
    me, sight = snapshot.memory.me, snapshot.sight
    ours = replace(record, run=me.run, holder=me.holder)
    if me.intent is Goal.RESTORE:
        ours = replace(ours, goal=Goal.RESTORE, cause=RESTORE_CAUSE)
        return Decision(actions=(Record(journal=renewed(ours, sight.at)),))
    lanes = tuple(replace(lane, before=Mark.BEGUN) if lane.before is Mark.FAILED else lane for lane in ours.lanes)
    lanes = tuple(replace(lane, after=Mark.BEGUN) if lane.after is Mark.FAILED else lane for lane in lanes)
    ours = replace(ours, goal=Goal.REPLACE, cause=None, lanes=lanes, lost=0)
    stale = record.until - LEASE < sight.at - FRESH or record.template != template_mark(sight.group.template)
    if record.cutoff is not None and stale:
        ours = with_cutoff(ours, sight)
    return Decision(actions=(Record(journal=renewed(ours, sight.at)),))


def with_cutoff(journal: Journal, sight: Sight) -> Journal:
    """Everything that is there now is from before the cutoff: AWS's time of the newest, never our clock."""
    newest = max((one.launched_at for one in sight.instances if one.launched_at is not None), default=0.0)
    return replace(journal, cutoff=round(newest, 3), template=template_mark(sight.group.template), began=int(sight.at))


def is_held(spec: RolloutSpec, snapshot: Snapshot) -> bool:
    """The lease has stood for two looks and two check intervals: only now may we act."""
    held = snapshot.memory.held
    return held is not None and held.looks >= 2 and snapshot.sight.at - held.at >= 2 * spec.check_interval


def prepare(draft: Draft) -> Draft:
    """Suspend, settle, take the cutoff."""
    group, journal = draft.sight.group, draft.journal
    running = tuple(name for name in SUSPENDED_BY_US if name not in group.suspended)
    if running:
        ours = tuple(sorted({*journal.suspended, *running}))
        return draft.write(replace(journal, suspended=ours)).act(Suspend(processes=running))
    settled = draft.memory.settled
    if settled is None or settled.looks < 2:
        return draft.wait(Wait(on="the group to settle", why=_moving(draft.sight), since=draft.memory.began))
    if any(one.launched_at is None for one in draft.sight.instances):
        return draft.wait(Wait(on="launch times", why="EC2 does not tell all of them yet", since=draft.memory.began))
    field = group.desired
    return draft.write(replace(with_cutoff(journal, draft.sight), base=field, asked=field))


def undo_beginning(draft: Draft) -> bool:
    """Nothing was changed yet but the record itself."""
    ours = [name for name in draft.journal.suspended if name in draft.sight.group.suspended]
    return draft.journal.cutoff is None and not ours and not draft.journal.lanes
