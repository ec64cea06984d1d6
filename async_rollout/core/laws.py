"""Why an act may not be done: asked before each one, of the look it rests on and of the acts since.

Strangers to how `decide` comes to it: they read the look, the record and the counts of histories, never a stage, a
step or a tally; who serves is what AWS shows. They are laws 1 to 6, 8 to 11, 17, 20 to 22, a function each, its
sentence as docstring, and ask necessary conditions only. The other half of each law is the storms' oracle.
"""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.core.actions import (
    Action,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    Order,
    Probe,
    Record,
    Resume,
    RunHook,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.amounts import amount
from async_rollout.core.budget import bounds, failures_most, launches_most
from async_rollout.core.followed import who_scales_has_the_last_word
from async_rollout.core.journal import REQUIRED_RUNNING, SUSPENDED_BY_US, Found, Goal, Journal, Mark, Removal
from async_rollout.core.policy import OLDEST_LOOK
from async_rollout.core.promised import coming, unseen
from async_rollout.core.protection import is_shielded
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import is_new, is_old
from async_rollout.core.taken import (
    available,
    heals,
    in_service,
    is_needed,
    is_surplus,
    lasting,
    named,
    only_drains,
    out_of_sight,
    taken_out,
    taken_out_again,
)
from async_rollout.core.templates import Back
from async_rollout.core.withheld import BEFORE_ITS_END, withheld

Law = Callable[[RolloutSpec, Snapshot, Journal, Action], str | None]


def objection(spec: RolloutSpec, snapshot: Snapshot, since: tuple[Action, ...], action: Action) -> str | None:
    """The first law that forbids the act, in words; None if none does. since: what was done after the look."""
    written = [act.journal for act in since if isinstance(act, Record)]
    seen = snapshot.observation.journal
    record = written[-1] if written else seen if isinstance(seen, Journal) else None
    if isinstance(action, Record | Order | Probe):
        return None
    if record is None:
        return "law 9: nothing is done without a record"
    return next((why for law in LAWS if (why := law(spec, snapshot, record, action))), None)


def the_floor_holds(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 1: available never falls below the floor through us; and none goes on a look that asked not every source."""
    if isinstance(action, Deregister | Terminate | EnterStandby) and not snapshot.observation.health_seen:
        return f"law 1: {', '.join(named(action))} would go, and this look asked not every source"
    going = (*taken_out(snapshot, record, action), *taken_out_again(snapshot, action))
    seen = (one for one in in_service(snapshot, action) if one.id in going)
    needed = [one.id for one in seen if is_needed(snapshot, record, one)]
    left, floor = available(spec, snapshot, record).difference(going), bounds(spec, record.base).floor
    if needed and len(left) < floor:
        return f"law 1: {len(left)} available without {', '.join(needed)}, the floor is {floor}"
    return None


def the_ceiling_holds(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 2: booting and serving never above the ceiling, nor all that exists above ceiling and max draining."""
    if (rise := _rise(snapshot, record, action)) is None:
        return None
    (field, more), members, limits = rise, snapshot.observation.instances, bounds(spec, record.base)
    deregistered = {one.id for one in record.departures if one.draining is Mark.ENDED and not one.stays}
    out = sum(one.in_service and one.id in deregistered for one in members)
    taken = max(field, sum(one.in_service for one in members)) - out + more
    if taken > limits.ceiling:
        return f"law 2: {taken} booting and serving, the ceiling is {limits.ceiling}"
    away = (one for one in members if one.leaving and record.departure(one.id) is not None)
    leaving = sum(not (one.retained or one.ended) for one in away)
    exist = max(field, snapshot.observation.rows) + leaving + out_of_sight(snapshot, record) + more
    return f"law 2: {exist} would exist, {limits.exist} may" if exist > limits.exist else None


def _rise(snapshot: Snapshot, record: Journal, action: Action) -> tuple[int, int] | None:
    """Of an act that asks for more than is there: desired capacity with all open launches, and what is set above it."""
    seen = snapshot.observation
    most = coming(record, seen) + unseen(record, seen)
    match action:
        case Launch():
            return most, 0
        case SetCapacity(desired=int() as desired) if desired > max(most, seen.group.desired, seen.rows):
            return most, desired - most
        case _:
            return None


def only_old_go(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 3: only old, dead or our own surplus is ever deregistered or terminated.

    Whose way out was recorded before this look was dead then: that it looks well again does not call it back.
    """
    if isinstance(action, SetCapacity) and action.desired is not None:
        held = max(record.base, snapshot.observation.rows)
        lower = action.desired < min(held, snapshot.observation.group.desired)
        uncounted = record.open and snapshot.observation.rows > snapshot.observation.group.desired
        lower = lower or bool(uncounted and action.desired < snapshot.observation.rows)
        return f"law 3: desired {action.desired} is below {held}: AWS would choose who goes" if lower else None
    for id in named(action):
        one = snapshot.observation.instance(id)
        departure = record.departure(id)
        owners = departure is not None and not departure.surplus
        ended = not isinstance(action, EnterStandby)
        if one is not None and owners and ended and is_shielded(spec, snapshot.observation.group, one):
            return f"law 3: {id} is protected from scale-in"
        if one is None or departure is None:
            return f"law 3: {id} has no departure on record or is out of sight"
        if one.standby and isinstance(action, Terminate) and action.shrink:
            return f"law 3: {id} is in Standby and holds no place: AWS would choose who goes"
        dead = snapshot.belief.history(id).streak.bad > 0 or one.marked_unhealthy
        begun = (
            isinstance(snapshot.observation.journal, Journal) and snapshot.observation.journal.departure(id) is not None
        )
        own = departure.surplus and (is_new(record, one) or one.booting)
        if not (is_old(spec, record, one) or own or dead or begun):
            return f"law 3: {id} is not old"
    return None


def a_new_one_is_proven_first(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 5: with a surge, a new instance is proven before the first old one goes, or the base is held without it."""
    if record.goal is Goal.RESTORE or not amount(spec.max_surge).up(record.base):
        return None
    going = [id for id in taken_out(snapshot, record, action) if not is_surplus(record, id)]
    left = available(spec, snapshot, record).difference(going)
    fresh = (one for one in snapshot.observation.instances if one.id in left and is_new(record, one))
    proven = any(not one.marked_unhealthy for one in fresh)
    if going and not proven and len(left) < record.base:
        return f"law 5: no new instance is proven, and {', '.join(going)} would go"
    return None


def launches_are_bounded(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 6: the launches that we cause are bounded, across kills."""
    most = launches_most(record, snapshot.observation)
    more = _rise(snapshot, record, action) or heals(snapshot, action)
    if more and record.launches > most:
        return f"law 6: {record.launches} launches were asked for, {most} are the most"
    return None


def only_ours_is_resumed(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 8: we resume only what we suspended, and never lower the maximum below desired."""
    match action:
        case Resume(processes=names):
            forced = () if spec.require_healthy_group else REQUIRED_RUNNING
            foreign = set(names) - {*record.suspended, *forced}
            return (
                f"law 8: {', '.join(sorted(foreign)) or 'nothing'} is not ours to resume"
                if foreign or not names
                else None
            )
        case Suspend(processes=names) if not names or not set(names) <= set(SUSPENDED_BY_US):
            return "law 8: only the four processes are ever suspended"
        case SetSizes() if record.departures or record.goal is Goal.RESTORE:
            return "law 8: sizes are set as scheduled only where all is replaced"
        case SetCapacity(maximum=int() as most) if most < snapshot.observation.group.desired:
            return f"law 8: a maximum of {most} is below desired {snapshot.observation.group.desired}"
        case _:
            return None


def it_is_written_down(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 9: write down, then do."""
    match action:
        case Deregister(registrations=ones):
            missing = [one.instance for one in ones if record.departure(one.instance) is None]
            return f"law 9: {', '.join(missing)} has no departure on record" if missing else None
        case Terminate(instance=id, shrink=shrink):
            departure, wanted = record.departure(id), Removal.SHRINK if shrink else Removal.KEEP
            return (
                None if departure and departure.removal is wanted else f"law 9: the terminate of {id} is not recorded"
            )
        case EnterStandby(instance=id) if not ((one := record.departure(id)) and one.removal is Removal.PARKED):
            return f"law 9: that {id} is parked is not recorded"
        case Launch() if action not in (Launch(zone=one.zone, count=one.count, token=one.token) for one in record.open):
            return f"law 9: the launch {action.token} is not recorded so"
        case SetCapacity(desired=int() as desired) if record.asked != desired > snapshot.observation.group.desired:
            return f"law 9: desired {desired} is not recorded"
        case SetCapacity(maximum=int() as most) if most > snapshot.observation.group.maximum and record.raised != most:
            return f"law 9: the maximum {most} is not recorded"
        case SetTemplate(spelled=spelled) if record.templates is None or spelled not in record.templates.ours:
            return f"law 9: {spelled} is not recorded"
        case SetSizes(minimum=low, desired=size, maximum=high):
            recorded = record.caught_up and record.found == Found(minimum=low, desired=size, maximum=high)
            return None if recorded else "law 9: what scheduled actions come to is not recorded"
        case Suspend(processes=names) if not set(names) <= set(record.suspended):
            return "law 9: what is suspended is not recorded"
        case _:
            return None


def its_command_is_over(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 10: nobody is deregistered or terminated who has still to get a command before that, given or not.

    Whose before-command failed is never terminated; parked is nobody whose before-command has not begun.
    """
    going = tuple(departure for departure in record.departures if departure.id in named(action))
    if isinstance(action, EnterStandby):
        early = (out.id for out in going if out.before is Mark.NOT or record.goal is not Goal.RESTORE)
        return next((f"law 10: {id} would be parked, and may come back or go on" for id in early), None)
    failed = (out.id for out in going if out.before is Mark.FAILED and isinstance(action, Terminate))
    if id := next(failed, ""):
        return f"law 10: the before-command of {id} failed, and it would be terminated"
    due = [point for point in BEFORE_ITS_END if spec.hooks.at(point) is not None or point in withheld(spec, record)]
    points = due if isinstance(action, Terminate) else [HookPoint.BEFORE_DRAINING]  # ended where there is none
    left = ((point, out.id) for out in going for point in points if out.mark(point) is not Mark.ENDED)
    return next((f"law 10: the {point.noun} of {id} is not over" for point, id in left), None)


def one_conductor(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 11: no act on a record that names another, or on one whose lease is over."""
    seen = snapshot.observation.journal
    if not isinstance(seen, Journal) or seen.run != snapshot.belief.me.run:
        return "law 11: the record that was seen is not ours"
    if isinstance(action, RunHook | Erase):
        return None
    late = record.until < snapshot.observation.at - OLDEST_LOOK
    return "law 11: our lease is over" if late else None


def a_run_that_does_not_end_whole_leaves_the_template_as_found(
    spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action
) -> str | None:
    """Law 21: what a run that is put back or rolled back has set is set back before it ends, and never set again."""
    one, seen = record.templates, snapshot.observation.group.spelled
    if one is None:
        return None
    back = one.due(restoring=True)
    turned = record.goal is Goal.RESTORE or one.back is not Back.NOT
    if turned and isinstance(action, Erase) and seen in one.ours and seen != back:
        return f"law 21: the group launches from {seen} still, {back} is to be set back"
    if turned and isinstance(action, SetTemplate) and action.spelled != back:
        return f"law 21: {action.spelled} would be set, and {back} is to be set back"
    return None


def a_bad_release_goes_no_further(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 17: once as many newcomers have failed as may, no old one that serves goes for one of them."""
    if record.lost < failures_most(spec, record):
        return None
    out = taken_out(snapshot, record, action)
    olds = (one for one in in_service(snapshot, action) if one.id in out and is_old(spec, record, one))
    olds = (one for one in olds if not is_surplus(record, one.id))
    going = [one.id for one in olds if is_needed(snapshot, record, one)]
    return f"law 17: {record.lost} newcomers have failed, and {', '.join(going)} would go" if going else None


def who_only_drains_is_put_back(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 20: while the ready are below the floor, nobody who only drains goes any further."""
    match action:
        case Terminate(instance=id) | RunHook(point=HookPoint.BEFORE_TERMINATE, instance=id):
            floor, seen = bounds(spec, record.base).floor, lasting(snapshot, record)
            drains = only_drains(snapshot, id) and seen < floor
            return f"law 20: {id} only drains, {seen} are ready and the floor is {floor}" if drains else None
        case _:
            return None


LAWS: tuple[Law, ...] = (
    the_floor_holds,
    the_ceiling_holds,
    only_old_go,
    a_new_one_is_proven_first,
    launches_are_bounded,
    only_ours_is_resumed,
    it_is_written_down,
    its_command_is_over,
    one_conductor,
    a_bad_release_goes_no_further,
    who_only_drains_is_put_back,
    a_run_that_does_not_end_whole_leaves_the_template_as_found,
    who_scales_has_the_last_word,
)
