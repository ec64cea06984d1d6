"""The laws asked of a play, deed by deed: each call of ours with the truth of the moment it was made in.

As in `truth`, every line names its law; nothing here imports core.laws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from async_rollout.core.actions import (
    Deregister,
    EnterStandby,
    MarkHealthy,
    Register,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.budget import Bounds
from async_rollout.core.events import Acted, Waiting
from async_rollout.core.journal import SUSPENDED_BY_US
from async_rollout.core.spec import HookPoint
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import AWS
from support.laws.keeping import one_conductor, the_lease_lasts, written_first
from support.laws.ought import LEASE, SILENT, SLACK, Ought
from support.laws.playing import Deed, Errand, Play, places
from support.laws.truth import (
    a_new_one_was_proven_first,
    all_is_as_found,
    all_were_replaced,
    drained_before_terminated,
    launches_were_bounded,
    only_ours_was_resumed,
    the_ceiling_was_held,
    the_floor_was_held,
    written_before_done,
)


def _going(deed: Deed) -> tuple[str, ...]:
    """Members that this call took out while they served or were registered everywhere."""
    match deed.action:
        case Deregister(registrations=ones):
            return tuple(sorted({one.instance for one in ones} - deed.out))
        case Terminate(instance=id) | EnterStandby(instance=id):
            return (id,) if id not in deed.out and id in deed.serving else ()
        case _:
            return ()


def _first_out(play: Play) -> Iterator[tuple[Deed, str]]:
    gone: set[str] = set()
    for deed in play.deeds:
        for id in _going(deed):
            if id not in gone:
                gone.add(id)
                yield deed, id


def new_ones_count_when_proven(play: Play, ought: Ought) -> Iterator[str]:
    """Law 1, law 5: a new one counts from when it served in as many looks as wanted and its up-check was passed."""
    log = play.world.log.serving
    for deed, id in _first_out(play):
        if id not in play.run.found_ids or ought.troubled:
            continue
        since = deed.at - ought.threshold
        before = [who for at, who in log if at <= since][-1:] + [who for at, who in log if since < at <= deed.at]
        steady = frozenset.intersection(*before) if before else frozenset()
        fresh = {one for one in steady - play.run.found_ids if _passed(play, one, deed.at)}
        old = (deed.serving & play.run.found_ids) - deed.out
        if ought.surge and not fresh and not _turned(deed):
            yield f"law 5: {id} went at {deed.at:.1f} and no new one was proven"
        if len((fresh | old) - {id}) < ought.floor:
            yield f"law 1: {len((fresh | old) - {id})} proven ones without {id}, the floor is {ought.floor}"


def _turned(deed: Deed) -> bool:
    return deed.record is not None and deed.record.goal == "restore"


def _passed(play: Play, id: str, at: float) -> bool:
    checks = [one for one in play.errands if one.call.point is HookPoint.UP_CHECK and one.call.instance == id]
    return play.spec.hooks.up_check is None or any(one.ok and one.until and one.until <= at for one in checks)


def drains_were_bounded(play: Play, ought: Ought) -> Iterator[str]:
    """Law 2: never more on their way out than max draining."""
    most = max((one.out for one in play.run.history), default=0)
    if most > ought.draining and not ought.troubled:
        yield f"law 2: {most} were on their way out at once, max draining is {ought.draining}"


def only_old_or_surplus(play: Play, ought: Ought) -> Iterator[str]:
    """Law 3: only old ones, dead ones or our own surplus are taken out, and AWS is never made to choose.

    Put back, an old one is nothing to take out any more.
    """
    owners = play.run.found.desired if ought.base is None else ought.base
    for deed in play.deeds:
        for id in _going(deed):
            if _turned(deed) and id in deed.serving & play.run.found_ids:
                yield f"law 3: {id} was there before and serves, and went at {deed.at:.1f} when all was put back"
            fresh = id not in play.run.found_ids and id in deed.serving
            if fresh and deed.group.desired <= owners and not ought.troubled:
                yield f"law 3: {id} went at {deed.at:.1f}: it is new, well, and no surplus"
        if isinstance(deed.action, SetCapacity) and deed.now.desired < min(deed.group.desired, len(deed.members)):
            yield f"law 3: {deed.now.desired} were wanted at {deed.at:.1f} of {len(deed.members)}: AWS chose who goes"


def one_budget(play: Play, ought: Ought) -> Iterator[str]:
    """Law 4: nobody else removes while we do: AWS's own processes are suspended. A terminate is sent once."""
    sent: set[str] = set()
    for deed in play.deeds:
        running = set(SUSPENDED_BY_US) - deed.now.suspended_names
        if isinstance(deed.action, Deregister) and running and not _turned(deed):
            yield f"law 4: {sorted(running)} ran at {deed.at:.1f} when one was taken out"
        risky = running & {"ReplaceUnhealthy", "AZRebalance"}
        if isinstance(deed.action, Resume) and risky and deed.out & play.run.found_ids:
            yield f"law 4: {sorted(risky)} was resumed at {deed.at:.1f} while {sorted(deed.out)} was out"
        if isinstance(deed.action, Terminate | EnterStandby):
            if deed.action.instance in sent:
                yield f"law 4: {deed.action.instance} was terminated or parked again at {deed.at:.1f}"
            sent.add(deed.action.instance)
    for one in play.world.record:
        if one.what is What.TERMINATE and one.who == AWS and one.instance in play.run.found_ids and not ought.troubled:
            yield f"law 4: AWS terminated {one.instance} at {one.at:.1f}: {one.detail}"


def no_hopeless_launches(play: Play, ought: Ought) -> Iterator[str]:
    """Law 6: launches that fail for good are not tried again and again."""
    failed = sum(one.what is What.LAUNCH_FAILED for one in play.world.record)
    if failed > 6 and not ought.troubled:
        yield f"law 6: {failed} launches failed"


def sizes_and_processes(play: Play, ought: Ought) -> Iterator[str]:
    """Law 8: the maximum never below desired; only the four are suspended; alarms are the last to be resumed."""
    for deed in play.deeds:
        match deed.action:
            case SetCapacity(maximum=int() as most) if most < deed.group.desired:
                yield f"law 8: the maximum was set to {most} at {deed.at:.1f}, desired was {deed.group.desired}"
            case Suspend(processes=names) if not names or not set(names) <= set(SUSPENDED_BY_US):
                yield f"law 8: {names} were suspended"
            case Resume(processes=names) if not names:
                yield "law 8: an empty list means all processes"
            case Resume(processes=names) if "AlarmNotification" in names and not ought.quick:
                before = deed.group.suspended_names - play.run.found.suspended_names - {"AlarmNotification"}
                if before & set(SUSPENDED_BY_US):
                    yield f"law 8: alarms were resumed before {sorted(before)}"


def desired_is_the_owners(play: Play, ought: Ought) -> Iterator[str]:
    """Law 7: no terminate of ours takes desired below what its owner wants."""
    owners = play.run.found.desired
    for deed in play.deeds:
        if isinstance(deed.action, Terminate) and deed.now.desired < min(owners, deed.group.desired):
            yield f"law 7: the terminate of {deed.action.instance} took desired to {deed.now.desired}"


def waits_are_told(play: Play, ought: Ought) -> Iterator[str]:
    """Law 12: every wait has a reason that can be shown."""
    told = [one.at for one in play.run.events if isinstance(one, Acted | Waiting)]
    gaps = [after - before for before, after in pairwise(told)]
    if max(gaps, default=0.0) > SILENT + LEASE * (len(play.began) > 1):
        yield f"law 12: nothing was said for {max(gaps):.0f} s"


def commands_ran(play: Play, ought: Ought) -> Iterator[str]:
    """Law 10: hooks at least once: before the terminate, ended well; the wait after it; after the instance is gone."""
    spec = play.spec
    yield from _prepared_first(play)
    for deed in play.deeds:
        if not isinstance(deed.action, Terminate) or deed.action.instance not in play.run.found_ids:
            continue
        id = deed.action.instance
        ended = [one.until for one in _errands(play, id, HookPoint.BEFORE_TERMINATE) if one.ok and one.until]
        if spec.hooks.before_terminate and not any(at <= deed.at for at in ended):
            yield f"law 10: {id} was terminated at {deed.at:.1f}, its before-command had not ended well"
        rested = [one.at for one in play.world.record if one.what is What.DRAINED and one.instance == id]
        if spec.wait_before_terminate and deed.at - max([*rested[-1:], *ended]) < spec.wait_before_terminate - SLACK:
            yield f"law 10: {id} was terminated at {deed.at:.1f}, before its wait was over"
        after = [one for one in _errands(play, id, HookPoint.AFTER_TERMINATE) if one.ok]
        if spec.hooks.after_terminate and not after and not play.overdue and not ought.code:
            yield f"law 10: the after-command of {id} never ran"


def _prepared_first(play: Play) -> Iterator[str]:
    """Whoever is taken out was told of it before."""
    if play.spec.hooks.before_draining is None:
        return
    for deed in play.deeds:
        for id in sorted({one.instance for one in getattr(deed.action, "registrations", ())}):
            errands = _errands(play, id, HookPoint.BEFORE_DRAINING)
            told = any(one.ok and one.until and one.until <= deed.at for one in errands)
            if isinstance(deed.action, Deregister) and id in play.run.found_ids and not told:
                yield f"law 10: {id} was deregistered at {deed.at:.1f}, its before-draining command had not ended well"


def _errands(play: Play, id: str, point: HookPoint) -> list[Errand]:
    return [one for one in play.errands if one.call.instance == id and one.call.point is point]


def not_back_once_left(play: Play, ought: Ought) -> Iterator[str]:
    """Law 10: restore registers nobody whose before-command has begun: that node left its cluster."""
    for deed in play.deeds:
        if isinstance(deed.action, Register):
            for id in sorted({one.instance for one in deed.action.registrations}):
                if any(one.since <= deed.at for one in _errands(play, id, HookPoint.BEFORE_TERMINATE)):
                    yield f"law 10: {id} was registered at {deed.at:.1f} though its before-command had begun"


def who_failed_is_parked(play: Play, ought: Ought) -> Iterator[str]:
    """Law 10: whose before-command failed goes no further than Standby, and nobody else is put there by us.

    Where the record is gone by the end, that is where it is, unless somebody else has moved it since.
    """
    moved = {one.instance for one in play.world.record if one.who == "human"}
    for id in sorted({one.call.instance for one in play.errands} & play.run.found_ids):
        errands = [one for one in _errands(play, id, HookPoint.BEFORE_TERMINATE) if one.until is not None]
        failed = bool(errands) and not errands[-1].ok
        for deed in play.deeds:
            if isinstance(deed.action, Terminate) and deed.action.instance == id and failed:
                yield f"law 10: {id} was terminated at {deed.at:.1f}, and its before-command failed"
        one = play.world.state.instances[id]
        if failed and ought.as_found and not (one.standby or play.guard or play.overdue or id in moved):
            yield f"law 10: the before-command of {id} failed, and it is {one.lifecycle}"
    for deed in play.deeds:
        if isinstance(deed.action, EnterStandby):
            errands = _errands(play, deed.action.instance, HookPoint.BEFORE_TERMINATE)
            if not any(one.since <= deed.at for one in errands):
                yield f"law 10: {deed.action.instance} was parked at {deed.at:.1f}, its before-command had not begun"


def only_our_mark_is_taken_off(play: Play, ought: Ought) -> Iterator[str]:
    """Law 8: marked healthy is only who was taken out by us before: any other mark is somebody else's, or true."""
    out: set[str] = set()
    for deed in play.deeds:
        if isinstance(deed.action, Deregister):
            out.update(one.instance for one in deed.action.registrations)
        if isinstance(deed.action, MarkHealthy) and (foreign := sorted(set(deed.action.instances) - out)):
            yield f"law 8: {foreign} was marked healthy at {deed.at:.1f}, and we had not taken it out"


DEEDS: tuple[Callable[[Play, Ought], Iterator[str]], ...] = (
    new_ones_count_when_proven, drains_were_bounded, only_old_or_surplus, one_budget, no_hopeless_launches,
    sizes_and_processes, written_first, one_conductor, the_lease_lasts, waits_are_told, commands_ran,
    not_back_once_left, who_failed_is_parked, desired_is_the_owners, only_our_mark_is_taken_off,
)  # fmt: skip


def registered_as_found(play: Play) -> Iterator[str]:
    """Law 7: who was there before and still is, is registered where it was, and carries no mark."""
    now = places(play.world)
    for one in play.world.members("web"):
        if one.id in play.run.found_ids and one.in_service:
            was = {place for place in play.places if place[1] == one.id and place[0] in play.world.state.sources}
            if was != {place for place in now if place[1] == one.id}:
                yield f"law 7: {one.id} is registered at other places than it was found"
            if one.health != "Healthy":
                yield f"law 7: {one.id} is left marked {one.health}"


def wrong(play: Play, ought: Ought) -> list[str]:
    """Every law that the play broke. Where the guard stopped it, that is said first; its end is then no end."""
    run = play.run
    limits = Bounds(floor=ought.floor, ceiling=ought.ceiling, exist=ought.exist, draining=ought.draining)
    lines = [f"guard {play.guard}"] if play.guard else []
    lines += [*the_floor_was_held(run, limits), *the_ceiling_was_held(run, limits)]
    lines += a_new_one_was_proven_first(run, base=ought.base) if ought.surge and not ought.troubled else []
    lines += [*launches_were_bounded(run), *only_ours_was_resumed(run), *drained_before_terminated(run)]
    lines += written_before_done(run)
    lines += [line for law in DEEDS for line in law(play, ought)]
    if play.overdue:
        return [*lines, "law 12: it did not come to an end"]
    return lines if play.guard else lines + _end(play, ought)


def _end(play: Play, ought: Ought) -> list[str]:
    verdict = play.run.result.verdict
    lines = (
        []
        if verdict.code == ought.code
        else [f"law 16: it ended with {verdict.code}, {ought.code} is right: {verdict.why}"]
    )
    if ought.as_found:
        lines += [*all_is_as_found(play.run, base=ought.base), *registered_as_found(play)]
    lines = [line for line in lines if not _told_better(line, play)]
    return lines + (all_were_replaced(play.run) if ought.replaced else [])


def _told_better(line: str, play: Play) -> bool:
    """Where it was not registered when it was found, it need not be."""
    return line.endswith("is not registered everywhere") and any(id in line for id in play.run.found_ids)
