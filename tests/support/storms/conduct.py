"""How a conductor ought to behave, asked of a storm's ground truth: whose processes and marks it touches, that it
writes down first, lets commands end, gives way, and does not give up too early."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Outcome
from async_rollout.core.events import Warned
from async_rollout.core.journal import SUSPENDED_BY_US
from async_rollout.core.spec import HookPoint
from async_rollout.core.tags import safe
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.faults import FaultKind, concerns
from async_rollout.sandbox.history import What
from support.launch_texts import texts_of
from support.storms.noted import Processes, Removal, Sized
from support.storms.storm import Past

NEEDED = ("autoscaling:ResumeProcesses", "autoscaling:DescribeAutoScalingGroups")
"""Without these nobody can let alarms run: who does not see whose record it is does nothing."""
NOES = (FaultKind.EXPIRED, FaultKind.DENIED, FaultKind.REFUSED, FaultKind.CONTENDED)


def only_ours_is_resumed(past: Past) -> Iterator[str]:
    """Law 8: we resume only what we suspended, and never lower the maximum below desired."""
    owners = set(past.found.suspended_names)
    for one in past.world.log.processes:
        if not one.names:
            yield f"law 8: an empty list at {one.at:.1f} means all processes"
        foreign = set(one.names) & owners - past.world.log.unsure
        if one.resumed and foreign and past.weather.spec.require_healthy_group:
            yield f"law 8: {sorted(foreign)} was the owner's"
        if not one.resumed and not set(one.names) <= set(SUSPENDED_BY_US):
            yield f"law 8: {one.names} were suspended"


def only_our_mark_is_taken_off(past: Past) -> Iterator[str]:
    """Law 8: marked healthy is only who was to be taken out by us: any other mark is somebody else's, or true.

    That it was recorded is enough: whoever takes over from a killed one cannot tell whether it was still done.
    """
    for one in past.world.record:
        if one.who == "owner" and one.what is What.MARK and one.instance not in past.world.log.departures:
            yield f"law 8: {one.instance} was marked {one.detail} at {one.at:.1f}, and we had not taken it out"


def it_is_written_down_first(past: Past) -> Iterator[str]:
    """Law 9: a removal stands in the record before it is done, and that one is parked as such."""
    for one in past.world.log.removals:
        told = one.departure is not None and (one.what != "park" or one.departure.parks)
        if not told and not past.world.log.forged:
            yield f"law 9: {one.what} of {one.id} at {one.at:.1f} stands in no record"


def each_launch_is_one(past: Past) -> Iterator[str]:
    """Law 9: a launch that is answered stands in the record as it is sent, and no token ever launches twice."""
    launched: dict[str, int] = {}
    for one in past.world.log.launched:
        open = one.record.open if one.record else ()
        if not past.world.log.forged and (one.token, one.zone, one.count) not in (
            (o.token, o.zone, o.count) for o in open
        ):
            yield f"law 9: the launch {one.token} of {one.count} in {one.zone} at {one.at:.1f} stands in no record"
        before = launched.get(one.token, 0)
        launched[one.token] = before + one.came
        if before and one.came:
            yield f"law 6: {one.token} launched {before} and at {one.at:.1f} {one.came} more"


def its_command_has_ended(past: Past) -> Iterator[str]:
    """Law 10: taken out, and terminated, only after the command before that has ended well, whoever conducts.

    Our own surplus goes whatever its command says, but not before that is over; so does whom EC2 has ended. Whose last
    before-command failed goes no further than Standby, and nobody is put there by us who had none.
    """
    for one in past.world.log.removals if not past.world.log.forged else ():
        point = HookPoint.BEFORE_DRAINING if one.what == "deregister" else HookPoint.BEFORE_TERMINATE
        ends = [each for each in past.ended if (each.instance, each.point) == (one.id, point) and each.at <= one.at]
        ended = any(each.ok or one.surplus or one.ended or one.what == "park" for each in ends[-1:])
        if past.weather.spec.hooks.at(point) is not None and not ended:
            yield f"law 10: {one.what} of {one.id} at {one.at:.1f}, and its {point.noun} had not ended well"


def one_conductor_acts(past: Past) -> Iterator[str]:
    """Law 11: nobody acts on a group whose record has long named another."""
    log = past.world.log
    deeds: tuple[Removal | Sized | Processes, ...] = (*log.removals, *log.sized, *log.processes)
    for one in deeds:
        since = one.at - past.window - 30.0
        names = [run for at, run in log.holders if at <= since][-1:]
        names += [run for at, run in log.holders if since < at <= one.at]
        if one.actor not in names and not log.forged:
            yield f"law 11: {one.actor} acted at {one.at:.1f}, the record named {names}"


def a_lease_is_respected(past: Past) -> Iterator[str]:
    """Law 11: nobody takes over from one who is at work and whose lease still lasts.

    Of two who write at the same moment neither can have seen the other's record: the first of them gives way.
    """
    for at, record, by in past.world.log.takeovers:
        began, ended = past.lives.get(record.run, (at, at))
        written = max((since for since, run in past.world.log.holders if run == record.run and since < at), default=at)
        left = record.until - at
        lasts = left > past.window and at - written > past.window
        if began <= at < ended and lasts and not past.world.log.forged:
            yield f"law 11: {by} took over at {at:.1f} from {record.run}, whose lease lasted {left:.0f} s more"


def a_zone_ends_nothing(past: Past) -> Iterator[str]:
    """Law 16: what one zone lacks, or lacks for a while, is no reason to give up before the launch limit."""
    words = [safe(text, 60) for text in texts_of("zone", "capacity")]
    for one in past.results:
        why = safe(one.verdict.why, 1000)
        if "a launch failed: " in why and any(each in why for each in words):
            yield f"law 16: given up for what one zone said: {one.verdict.why}"


def alarms_run_where_a_record_stands(past: Past) -> Iterator[str]:
    """Law 10: whoever ends with the record standing lets alarms and schedules run, if AWS lets it; else it says so.

    Who gives way leaves that to the other.
    """
    noes = [one.action for one in past.weather.faults if one.kind in NOES]
    barred = any(concerns(action, call) for action in noes for call in NEEDED)
    for one in (each for each in past.parted if each.verdict.outcome is not Outcome.HELD):
        if one.off and not barred:
            yield f"law 10: it ended with {one.verdict.code}, and {sorted(one.off)} stay suspended"
        told = " ".join(one.verdict.left)
        if silent := sorted(name for name in one.off if name not in told):
            yield f"law 10: it ended with {one.verdict.code}, {silent} stay suspended and nobody says so"


def nothing_is_objected_to(past: Past) -> Iterator[str]:
    """The guards are strangers to what is decided: they never have to say no, and nothing is ever a fault of ours."""
    for event in past.events:
        if isinstance(event, Warned) and event.text.startswith(OBJECTED):
            yield f"objection: {event.text}"
    for one in (*past.results, *past.calm):
        if "fault of async-rollout" in one.verdict.why:
            yield f"objection: {one.verdict.why}"
