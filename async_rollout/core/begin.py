"""From an untouched group to one that is ours: refuse or go on, lease, suspend, settle, cutoff.

The order is RULES §3's. Nothing is changed before a look has shown our record.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core import switching
from async_rollout.core.actions import ROWS, Decision, Order, Outcome, Record, Suspend, Verdict, Wait
from async_rollout.core.draft import Draft, renewed
from async_rollout.core.ends import over
from async_rollout.core.journal import Cause, Found, Goal, Journal, Unreadable, digest, to_suspend
from async_rollout.core.lease import LOOK_NOW, is_blind, unproven, wait, with_cutoff
from async_rollout.core.left import changes
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.open_launches import way_of
from async_rollout.core.orders import stopped, untouched
from async_rollout.core.pace import Look
from async_rollout.core.policy import ILL, LEASE, SETTLE_PAUSE, SETTLED, SOON, TORN
from async_rollout.core.restore import alive
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.standby import may_end
from async_rollout.core.survey import objections, unhealthy
from async_rollout.core.switched import is_settled, put_in_place
from async_rollout.core.switching import is_in_scope, questions, templates_of
from async_rollout.core.traffic import next_for
from async_rollout.core.undrained import moves_work


def refused(*why: str, next: str = "") -> Decision:
    """Exit 3: nothing was changed."""
    return Decision(verdict=Verdict(outcome=Outcome.REFUSED, code=3, why="; ".join(why), next=next))


def without_record(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    """No record in the tags: a fresh start, the end of ours, or one that was taken away from us."""
    belief, observation = snapshot.belief, snapshot.observation
    if belief.erased is not None:
        return Decision(verdict=over(spec, observation, belief.erased))
    if belief.journal is not None:
        return _vanished(spec, snapshot, belief.journal)
    if (
        belief.me.intent is Goal.RESTORE
        and observation.order is not None
        and observation.order.endswith(f" {belief.me.holder}")
    ):
        return Decision(actions=(Order(text=None),), needs=ROWS)  # it ended before our order came
    if belief.me.intent is Goal.RESTORE:
        what = "roll back" if belief.me.rollback else "restore"
        return Decision(verdict=Verdict(outcome=Outcome.NOTHING, code=0, why=f"no record: nothing to {what}"))
    if cause := stopped(snapshot):
        return Decision(verdict=untouched(cause))
    asked = questions(spec)
    if belief.survey is None or is_blind(snapshot) or any(one.what not in belief.versions for one in asked):
        return Decision(needs=LOOK_NOW | asked)
    if belief.denied is not None:
        why = f"{belief.denied.code}: {belief.denied.message}"
        operated = next((one.words for one in observation.group.claims if one.allowance == "operator"), "")
        step = f"the group belongs to {operated}" if operated else "async-rollout docs permissions"
        return Decision(verdict=Verdict(outcome=Outcome.REFUSED, code=4, why=why, next=step))
    observation = replace(observation, versions=belief.versions)
    objected = (
        *objections(spec, observation, belief.survey),
        *switching.objections(spec, observation.group, belief.versions),
    )
    if objected:
        return refused(*objected, next=next_for(observation))
    return _settle_then_lease(spec, replace(snapshot, observation=observation))


def _vanished(spec: RolloutSpec, snapshot: Snapshot, journal: Journal) -> Decision:
    """Other tools strip tags: the record is written once more; a second time someone means it.

    Who gives up then leaves a record all the same, so that others can put the group back, and lets the group live.
    """
    belief = snapshot.belief
    if not TORN.holds(belief.torn, snapshot.observation.at):
        return wait(spec, Wait(on="the record", why="our tags are out of sight", since=snapshot.observation.at))
    if journal.until < snapshot.observation.at and not _anything_ours(snapshot.observation, journal):
        why = "our lease ran out and our record is gone: another run has ended what we had begun"
        return Decision(verdict=Verdict(outcome=Outcome.HELD, code=5, why=why, next="async-rollout status"))
    again = renewed(journal, snapshot.observation.at)
    if belief.rewritten:
        again = replace(
            again, goal=Goal.RESTORE, cause=again.cause or Cause(code=1, text="our tags were taken off twice")
        )
    if belief.rewritten > 1:
        why, left = "our tags are taken off the group again and again", changes(snapshot.observation, again)
        verdict = Verdict(outcome=Outcome.STUCK, code=10, why=why, left=left, next="run or restore")
        draft = Draft(spec=spec, observation=snapshot.observation, belief=belief, journal=again)
        return Decision(actions=(Record(journal=again), *alive(draft)), verdict=verdict)
    return Decision(actions=(Record(journal=again),))


def _anything_ours(observation: Observation, journal: Journal) -> bool:
    """Processes are suspended before all else and resumed after all else: where none is, nothing of ours is left."""
    return bool(observation.group.suspended.intersection(journal.suspended) or not journal.suspended)


def _settle_then_lease(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    observation, belief = snapshot.observation, snapshot.belief
    limit = spec.limits.launch + (belief.survey.launch_heartbeat if belief.survey else 0)
    over_time = observation.at - belief.began - belief.lost(belief.began) > limit
    settled = SETTLED.holds(belief.settled, observation.at)
    if untold := _untold(observation):
        why = f"EC2 does not tell when {', '.join(untold[:3])} was launched"
        return refused(why) if over_time else wait(spec, Wait(on="launch times", why=why, since=belief.began))
    sick = unhealthy(observation) if spec.require_healthy_group else ()
    if not settled and over_time and spec.require_healthy_group:
        return refused(f"the group did not settle within {spec.limits.launch:.0f} s: {_moving(observation)}")
    if sick and settled and (over_time or _sick_long(snapshot)):
        return refused("not healthy: " + "; ".join(sick[:5]), next="mend them, or --force skips this check")
    if (not settled or sick) and not (over_time and not spec.require_healthy_group):
        why = _moving(observation) if not settled else "; ".join(sick[:3])
        pause = spec.paced(SETTLE_PAUSE if not settled else SOON)
        return replace(wait(spec, Wait(on="the group to settle", why=why, since=belief.began)), look_again=pause)
    if not _anything_old(spec, observation):
        why = "the group is empty" if not observation.rows else "no instance is old"
        return Decision(verdict=Verdict(outcome=Outcome.NOTHING, code=0, why=why))
    return unproven(spec, snapshot) or Decision(actions=(Record(journal=_first(spec, snapshot)),), needs=ROWS)


def _sick_long(snapshot: Snapshot) -> bool:
    """Bad in look after look; one that is only just being registered is not sick, it settles."""
    known = (one for one in snapshot.observation.instances if one.in_service and not _is_coming(one))
    return any(snapshot.belief.history(one.id).streak.bad >= ILL.looks for one in known)


def _is_coming(instance: Instance) -> bool:
    return any(target.state is TargetState.INITIAL for target in instance.targets)


def _moving(observation: Observation) -> str:
    states = [f"{one.id} is {one.lifecycle}" for one in observation.instances if not one.in_service and one.takes_part]
    return "; ".join(states[:3]) or f"{observation.rows} instances, {observation.group.desired} desired"


def _untold(observation: Observation) -> tuple[str, ...]:
    """Of whom EC2 does not tell when it was launched, so that nobody knows whether it is old."""
    return tuple(one.id for one in observation.instances if one.takes_part and one.launched_at is None)


def _anything_old(spec: RolloutSpec, observation: Observation) -> bool:
    members = (one for one in observation.instances if one.takes_part or may_end(spec, one))
    return any(is_in_scope(spec, observation, one) for one in members)


def _first(spec: RolloutSpec, snapshot: Snapshot) -> Journal:
    group, me = snapshot.observation.group, snapshot.belief.me
    ours = tuple(sorted(set(to_suspend(spec)) - (group.suspended if spec.require_healthy_group else frozenset())))
    return Journal(
        group=digest(group.arn, 16),
        run=me.run,
        serial=1,
        holder=me.holder,
        until=int(snapshot.observation.at) + LEASE,
        found=Found(minimum=group.minimum, desired=group.desired, maximum=group.maximum),
        base=group.desired,
        asked=group.desired,
        suspended=ours,
        commands=spec.hooks.points,
        templates=templates_of(spec, group),
        moves_work=moves_work(snapshot.observation),
    )


def unreadable(spec: RolloutSpec, snapshot: Snapshot, record: Unreadable) -> Decision:
    """A record that is not one to act on: perhaps it is just being written; else say so and touch nothing."""
    torn = snapshot.belief.torn
    if record.newer:
        return _of_later_release(snapshot, record)
    if record.torn and not TORN.holds(torn, snapshot.observation.at):
        return wait(spec, Wait(on="the record", why=record.why, since=snapshot.observation.at))
    if snapshot.belief.journal is not None:
        return Decision(actions=(Record(journal=renewed(snapshot.belief.journal, snapshot.observation.at)),))
    return refused(record.why, next="look at the tags async-rollout:*, put right by hand what they name, remove them")


def _of_later_release(snapshot: Snapshot, record: Unreadable) -> Decision:
    """Only that release may touch the group; where it took the group over from us, it has our record with it."""
    next = "upgrade async-rollout, then give the same command again"
    if snapshot.belief.journal is not None:
        return Decision(verdict=Verdict(outcome=Outcome.HELD, code=5, why=record.why, next=next))
    return refused(record.why, next=next)


def prepare(draft: Draft) -> Draft:
    """Set what the group launches from, suspend, settle, take the cutoff.

    A permission that this lacks is found out before anything is suspended. Where a rollout has begun before, what it
    has asked for is the base already, and nothing has to settle.
    """
    if not is_settled(draft):
        return put_in_place(draft)
    group, journal = draft.observation.group, draft.journal
    running = tuple(name for name in to_suspend(draft.spec) if name not in group.suspended)
    if running:
        ours = tuple(sorted({*journal.suspended, *running}))
        return draft.write(replace(journal, suspended=ours)).act(Suspend(processes=running))
    if not journal.began and not SETTLED.holds(draft.belief.settled, draft.at):
        settling = Wait(on="the group to settle", why=_moving(draft.observation), since=draft.belief.began)
        return draft.wait(settling, look=Look(draft.at + draft.spec.paced(SETTLE_PAUSE)))
    if untold := _untold(draft.observation):
        names = ", ".join(untold[:3])
        until = draft.belief.began + draft.spec.limits.launch
        why = f"EC2 does not tell when {names} was launched"
        return draft.wait(
            Wait(on="launch times", why=why, since=draft.belief.began, until=until, option="--launch-timeout")
        )
    begun, way = with_cutoff(draft.spec, journal, draft.observation), way_of(draft.spec, group)
    sizes = (journal.base, journal.asked) if journal.began else (group.desired, group.desired)
    return draft.write(replace(begun, base=sizes[0], asked=sizes[1], way=way))


def undo_beginning(draft: Draft) -> bool:
    """Nothing was changed yet but the record itself, nor asked to be."""
    asked = draft.journal.templates is not None and draft.journal.due != draft.journal.templates.found
    ours = [name for name in draft.journal.suspended if name in draft.observation.group.suspended]
    return draft.journal.cutoff is None and not (ours or draft.journal.departures or asked)
