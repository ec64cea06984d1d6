"""The one function: what to do next, given everything known.

A dispatcher: whose record is it, what is its goal, and which room answers. It never acts, never waits, never tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from async_rollout.core.actions import (
    ROWS,
    WHOLE,
    Action,
    Decision,
    EndOf,
    Erase,
    Launch,
    Need,
    Order,
    Outcome,
    Record,
    Resume,
    RunHook,
    SetCapacity,
    SetTemplate,
    Suspend,
    Verdict,
)
from async_rollout.core.advance import advance
from async_rollout.core.attribution import attributed, unlaunched
from async_rollout.core.begin import prepare, undo_beginning, unreadable, without_record
from async_rollout.core.catch_up import is_owed, noted_of
from async_rollout.core.choices import Scaling
from async_rollout.core.draft import Draft, decided
from async_rollout.core.ends import over
from async_rollout.core.failures import to_ask
from async_rollout.core.finish import with_reason
from async_rollout.core.gates import Shut, asked
from async_rollout.core.journal import QUICK, REQUIRED_RUNNING, Cause, Goal, Journal, Unreadable, Way
from async_rollout.core.lease import LOOK_NOW, of_another, unprobed, wait
from async_rollout.core.left import changes
from async_rollout.core.open_launches import settled
from async_rollout.core.orders import rollback_ordered, stopped, untouched
from async_rollout.core.policy import REFRESH_AGE, REFRESH_EVERY, SIZE
from async_rollout.core.refusals import is_for_good, tags_stay
from async_rollout.core.restore import alive, restore, served_again
from async_rollout.core.schedules import SCHEDULES
from async_rollout.core.schedules import to_ask as to_survey
from async_rollout.core.snapshot import Snapshot, Stop
from async_rollout.core.spec import HookPoint, LaunchCall, OnFailure, RolloutSpec
from async_rollout.core.stages import YOUNG, Stage
from async_rollout.core.switched import as_found, called_off, gone_on_from, turned, with_way_back
from async_rollout.core.tags import PREFIX
from async_rollout.core.templates import Back
from async_rollout.core.trouble import marked_failed, trouble
from async_rollout.core.withheld import to_restore

UNTAG = (
    "aws autoscaling describe-tags --filters Name=auto-scaling-group,Values={group} --output json --query "
    "\"Tags[?starts_with(Key, '{prefix}')].{{ResourceId:ResourceId,ResourceType:ResourceType,Key:Key}}\" "
    "| aws autoscaling delete-tags --tags file:///dev/stdin"
)
"""Takes off every tag of ours, those of ended departures too, which the record does not name any more."""


def decide(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    """What to do next. Same snapshot, same decision; doing it twice is doing it once."""
    return wait(spec) if snapshot.belief.blinded else unprobed(snapshot, _decide(spec, snapshot))


def _decide(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
    record = snapshot.observation.journal
    match record:
        case None:
            return without_record(spec, snapshot)
        case Unreadable():
            return unreadable(spec, snapshot, record)
        case Journal() if record.run != snapshot.belief.me.run:
            if (erased := snapshot.belief.erased) is not None:  # ours is at its end, and another has begun since
                return Decision(verdict=over(spec, snapshot.observation, erased))
            if (order := stopped(snapshot)) and snapshot.belief.journal is None:
                return _left_alone(snapshot, order)
            return of_another(spec, snapshot, record)
        case Journal():
            return _ours(spec, snapshot, record)
        case _:
            assert_never(record)


def _ours(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Decision:
    if snapshot.belief.erased is not None:
        return Decision(actions=(Erase(),))
    draft = Draft(spec=spec, observation=snapshot.observation, belief=snapshot.belief, journal=record)
    if snapshot.stop is Stop.NOW and (order := stopped(snapshot)):
        return _at_once(_counted(draft), order)
    if snapshot.belief.survey is None:
        return replace(decided(draft), needs=LOOK_NOW, look_again=0.0)
    decision = _next_of(snapshot, _counted(_surveyed(draft)), record)
    if snapshot.observation.health_seen or not _needs_health(record, decision):
        return decision
    return Decision(needs=WHOLE | decision.needs, waits=decision.waits)


def _needs_health(record: Journal, decision: Decision) -> bool:
    """Whether it rests on what sources say, which must not be an old answer.

    More capacity takes nothing away, nor do processes that run.
    """
    free = (Record, Suspend, Resume, SetCapacity, SetTemplate, Launch, Erase)
    acts = [act for act in decision.actions if not isinstance(act, free) and not _is_check(act)]
    written = [record, *(act.journal for act in decision.actions if isinstance(act, Record))]
    turned = any(one.goal is not Goal.REPLACE for one in written)
    opened = any(record.departure(departure.id) is None for departure in written[-1].departures)
    return bool(acts or decision.verdict) or turned or opened


def _is_check(act: Action) -> bool:
    return isinstance(act, RunHook) and act.point is HookPoint.UP_CHECK


def _next_of(snapshot: Snapshot, draft: Draft, record: Journal) -> Decision:
    spec = draft.spec
    if record.goal is Goal.REPLACE and (cause := stopped(snapshot)):
        return _turned(draft, cause, failed=False)
    draft = _ordered(snapshot, draft)
    if record.goal is Goal.REPLACE and draft.journal.goal is not Goal.REPLACE:
        return decided(draft)
    if draft.belief.held is None:
        return replace(wait(spec), needs=ROWS)
    return _towards(draft, record.goal)


def _ordered(snapshot: Snapshot, draft: Draft) -> Draft:
    """What somebody has ordered since: to roll back; or to stop, which calls that off though all is put back anyway."""
    record = draft.journal
    if stopped(snapshot):
        return draft.write(called_off(record))
    if record.back is not Back.NOT or not (order := rollback_ordered(snapshot)):
        return draft
    cause, version = order
    if record.goal is Goal.RESTORE:
        return draft.write(with_way_back(draft, record, version))
    return draft.write(turned(draft, cause, version=version))


def _surveyed(draft: Draft) -> Draft:
    """Ask now and then whether somebody else replaces the group's instances; and how newcomers that left have ended.

    And when a scheduled action has fallen due, for when it is due again.
    """
    if draft.belief.survey and to_survey(draft.belief.scheduled, draft.belief.survey.at, draft.at):
        draft = draft.ask(Need.SURVEY)
    age = draft.at - draft.belief.survey.at if draft.belief.survey else 0.0
    stages = set(draft.belief.stages.values())
    soon = Stage.CHECKING in stages or stages.isdisjoint(YOUNG)
    draft = draft.ask(Need.REFRESH) if age >= (REFRESH_AGE if soon else REFRESH_EVERY) else draft
    lost = to_ask(draft.belief.histories, draft.at)
    return draft.ask(Need.ACTIVITIES, *map(EndOf, lost)) if lost else draft


def _counted(draft: Draft) -> Draft:
    """The record with what the look adds to it: failed hooks, newcomers that failed, the owner's new maximum."""
    journal = settled(draft, unlaunched(marked_failed(draft), draft.belief))
    if draft.belief.mute is not None and draft.spec.launch is LaunchCall.AUTO:
        journal = replace(journal, way=Way.DESIRED)
    group = draft.observation.group
    if SCHEDULES in journal.suspended:
        journal = replace(journal, scheduled=noted_of(journal, draft.belief, draft.at))
    journal = replace(journal, lost=max(journal.lost, draft.belief.failures))
    if group.maximum == journal.raised != journal.raised_from:
        journal = replace(journal, raised_from=group.maximum)
    if not (draft.knows_maximum or is_owed(journal, draft.belief)) and SIZE.holds(draft.belief.maximum, draft.at):
        journal = replace(journal, raised=0, raised_from=0, found=replace(journal.found, maximum=group.maximum))
    return draft.write(journal)


def _towards(draft: Draft, goal: Goal) -> Decision:
    if reset := _to_reset(draft, goal):
        return decided(draft.act(Resume(processes=reset)))
    if goal is Goal.REPLACE and (cause := trouble(draft)):
        return _turned(draft, cause)
    if goal is Goal.REPLACE and isinstance(shut := asked(draft)[0], Shut):
        return _turned(draft, shut.cause)
    if goal is Goal.REPLACE and draft.journal.cutoff is None:
        return decided(prepare(draft))
    draft = draft if is_owed(draft.journal, draft.belief) else _explained(draft)
    draft = with_reason(advance(draft)) if goal is Goal.REPLACE else restore(draft)
    if Erase() in draft.acts and (said := tags_stay(draft.belief, draft.at)):
        return _tagged(draft, said)
    return _stuck(draft) if draft.stuck else decided(draft)


def _explained(draft: Draft) -> Draft:
    """Whose doing desired capacity is, as far as this look tells."""
    attribution = attributed(draft.spec, draft.journal, draft.observation, draft.belief)
    journal = _not_below(draft, attribution.journal) if attribution.explained else attribution.journal
    return replace(draft, journal=journal, explained=attribution.explained)


def _tagged(draft: Draft, said: str) -> Decision:
    """All is done and back, but AWS does not let us take our tags off: they are named, with how to remove them."""
    left = (f"our tags, all that begin with {PREFIX}, are still on the group: {said}",)
    verdict = replace(
        over(draft.spec, draft.observation, draft.journal),
        left=left,
        next=UNTAG.format(group=draft.observation.group.name, prefix=PREFIX),
    )
    return decided(replace(draft, acts=()), verdict)


def _not_below(draft: Draft, journal: Journal) -> Journal:
    """The owner's new minimum is the least base; only after what it added to desired was reckoned, not twice."""
    minimum = draft.observation.group.minimum
    if minimum <= journal.base or not SIZE.holds(draft.belief.minimum, draft.at):
        return journal
    return replace(journal, base=minimum)


def _to_reset(draft: Draft, goal: Goal) -> tuple[str, ...]:
    """What is resumed before all else: with `--force` what a rollout needs and was found suspended.

    And what a run before this one held, where this one follows.
    """
    if goal is not Goal.REPLACE:
        return ()
    held = set(draft.journal.suspended).intersection(QUICK) if draft.spec.scaling is Scaling.FOLLOW else set[str]()
    needed = () if draft.spec.require_healthy_group else REQUIRED_RUNNING
    return tuple(name for name in (*needed, *sorted(held)) if name in draft.observation.group.suspended)


def _turned(draft: Draft, cause: Cause, *, failed: bool = True) -> Decision:
    """From here on everything is put back; or, where the owner wants it so, all stays as it is, recorded.

    failed: it was not stopped; rolled back is only what failed.
    """
    if draft.spec.on_failure is OnFailure.PAUSE and not cause.is_signal and draft.journal.back is Back.NOT:
        verdict = Verdict(
            outcome=Outcome.PAUSED,
            code=cause.code,
            why=cause.text,
            left=changes(draft.observation, draft.journal),
            next="restore",
        )
        first = decided(draft, verdict)
        return replace(first, actions=(*_alive_first(draft, *first.actions), *as_found(draft)))
    rolls = failed and draft.spec.on_failure is OnFailure.ROLLBACK
    first = decided(draft.write(turned(draft, cause, version="" if rolls else None, failed=failed)))
    return replace(first, actions=_alive_first(draft, *first.actions)) if cause.code == 4 else first


def _left_alone(snapshot: Snapshot, order: Cause) -> Decision:
    """Told to stop while the record is still another's: it stays so, and is not told to stop any more."""
    mine = f" {snapshot.belief.me.holder}"
    calls_off = (Order(text=None),) if (snapshot.observation.order or "").endswith(mine) else ()
    return Decision(actions=calls_off, verdict=untouched(order))


def _at_once(draft: Draft, order: Cause) -> Decision:
    """Told to stop now: let alarms and schedules run, record, register back; the rest stands in the record.

    Nothing of it takes capacity away, so it waits for no health and no survey.
    """
    cause = draft.journal.cause or order
    if undo_beginning(draft):
        return Decision(actions=(Erase(),), verdict=untouched(order))
    draft = draft.write(gone_on_from(replace(draft.journal, goal=Goal.RESTORE, cause=cause)))
    why = order.text if cause == order else f"{order.text}; before that: {cause.text}"
    left = changes(draft.observation, draft.journal)
    verdict = Verdict(outcome=Outcome.STOPPED, code=order.code, why=why, left=left, next="run or restore")
    first = decided(draft, verdict)
    return replace(first, actions=(*_alive_first(draft, *first.actions), *served_again(draft), *as_found(draft)))


def _alive_first(draft: Draft, *acts: Action) -> tuple[Action, ...]:
    """Alarms before all else; but after the record where our lease is over. Nothing of the rest waits for them."""
    first = 0 if draft.journal.until > draft.at else 1
    return (*acts[:first], *alive(draft), *acts[first:])


def _code_of(draft: Draft) -> int:
    """A permission that is missing is said by its code; `by_now` makes it 10 where alarms do not run by then."""
    denied = draft.belief.denied
    return 4 if denied is not None and is_for_good(denied) else 10


def _begins_with(line: str, others: tuple[str, ...]) -> bool:
    """Whether another line says this and why."""
    return any(one.startswith(line) for one in others)


def _stuck(draft: Draft) -> Decision:
    """Put back what can be, name the rest, keep the record: exit 10."""
    why = draft.journal.cause.text if draft.journal.cause else ""
    said = tuple(line for line in changes(draft.observation, draft.journal) if not _begins_with(line, draft.stuck))
    left = (*draft.stuck, *said)
    why, next = f"the restore could not end ({why})", to_restore(draft.spec, draft.journal)
    verdict = Verdict(outcome=Outcome.STUCK, code=_code_of(draft), why=why, left=left, next=next)
    first = decided(replace(draft, acts=()), verdict)
    return replace(first, actions=_alive_first(draft, *first.actions, *served_again(draft), *as_found(draft)))
