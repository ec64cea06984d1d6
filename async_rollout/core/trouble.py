"""What ends a rollout early: someone else at work, a limit passed, a hook that failed.

Asked on every look while the goal is to replace. The first trouble found becomes the record's cause; from then on
everything is put back (or left as it is, with `--on-failure pause`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from async_rollout.core.actions import Erase
from async_rollout.core.activity import Activity
from async_rollout.core.budget import failures_most, launches_most
from async_rollout.core.choices import Scaling
from async_rollout.core.failures import FAILED
from async_rollout.core.journal import MARKS, Cause, Departure, Journal, Mark, Removal, template_mark, to_suspend
from async_rollout.core.launch_failures import hopeless, unmended
from async_rollout.core.observation import Instance
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.policy import RETRIED
from async_rollout.core.refusals import sentence, standing
from async_rollout.core.serving import ails, is_shifted
from async_rollout.core.situation import Situation
from async_rollout.core.spec import HookPoint, LaunchCall
from async_rollout.core.stages import Stage, is_new
from async_rollout.core.survey import hindered
from async_rollout.core.templates import Back
from async_rollout.core.traffic import blinded_by, drains_still, shifted_for_long
from async_rollout.core.wording import told_of
from async_rollout.core.zones import resting

MASTERS_MAX = 3
"""Lowered so often after we raised it: someone else steers the group."""
NEVER_RAN = (126, 127)
"""Exit codes of `sh` for a command that could not be run at all."""


Question = Callable[[Situation], Iterator[Cause]]


def trouble(situation: Situation) -> Cause | None:
    """The first reason to give up replacing, or None."""
    questions: tuple[Question, ...] = (
        _denied,
        _mute,
        _refused,
        _foreign,
        _template,
        blinded_by,
        _hooks,
        _newcomers,
        _shift,
        _limits,
    )
    return next((cause for question in questions for cause in question(situation)), None)


def _denied(situation: Situation) -> Iterator[Cause]:
    """A missing permission stays missing; credentials that expired may be renewed beside us."""
    denied, since = situation.belief.denied, situation.belief.denied_since
    if denied is None or since is None or isinstance(denied.action, Erase):
        return
    if "expired" not in denied.code.casefold() or situation.at - since > situation.spec.limits.credentials:
        yield Cause(code=4, text=f"{denied.code}: {denied.message}")


def _mute(situation: Situation) -> Iterator[Cause]:
    """AWS answers no launches here, and its owner wants them in no other way."""
    mute = situation.belief.mute
    if mute is not None and situation.spec.launch is LaunchCall.ANSWERED:
        yield Cause(code=4 if mute.denied else 1, text=f"--launch answered: {mute.said}")


def _refused(situation: Situation) -> Iterator[Cause]:
    """The same no again and again is an answer; what AWS says for now is waited out, but not for ever."""
    yield from (Cause(code=1, text=sentence(one)) for one in standing(situation.belief, situation.at))


def _foreign(situation: Situation) -> Iterator[Cause]:
    group, survey, journal = situation.observation.group, situation.belief.survey, situation.journal
    if group.status:
        yield Cause(code=1, text=f"the group is being deleted: {group.status}")
    if survey is not None and survey.refresh:
        yield Cause(code=1, text=f"an instance refresh has begun: {survey.refresh}")
    if journal.cutoff is not None and journal.template != template_mark(group.template):
        text = f"the template changed during the run: from {journal.template} to {template_mark(group.template)}"
        yield Cause(code=1, text=text)
    if situation.belief.lowered >= MASTERS_MAX and situation.spec.scaling is Scaling.HOLD:
        yield Cause(code=1, text="desired capacity was lowered again and again: someone else steers this group")
    running = not group.suspended.issuperset(to_suspend(situation.spec))
    if situation.belief.resuspended >= 1 and running and situation.is_under_way:
        yield Cause(code=1, text="processes that we suspended were resumed by someone, twice")


def _template(situation: Situation) -> Iterator[Cause]:
    """Before the cutoff: others have set another, or setting ours has changed more of a mixed policy than that."""
    one, group = situation.journal.templates, situation.observation.group
    if one is None or situation.journal.cutoff is not None:
        return
    if group.spelled not in one.ours:
        yield Cause(code=1, text=f"others changed what the group launches from, to {told_of(group.spelled)}")
    elif group.policy != one.policy:
        yield Cause(code=1, text="more of the mixed instances policy has changed than what it launches from")


def _hooks(situation: Situation) -> Iterator[Cause]:
    for failed in _failures(situation):
        departure = situation.journal.departure(failed.instance)
        known = departure is None or departure.surplus or departure.parks  # who is parked was a cause before
        if departure is not None and not known and departure.mark(failed.point) is not Mark.ENDED:
            yield Cause(code=6, text=f"the {failed.point} command for {failed.instance} {failed.how}")


def marked_failed(situation: Situation) -> Journal:
    """The record with the failed hooks marked."""
    journal = situation.journal
    for failed in _failures(situation):
        departure = journal.departure(failed.instance)
        if departure is not None and departure.mark(failed.point) is Mark.BEGUN:
            gone = failed.point is HookPoint.AFTER_TERMINATE
            goes = departure.surplus or situation.life(failed.instance).is_down
            mark = Mark.FAILED if gone else _failed_mark(failed.code, goes=goes)
            journal = journal.with_departure(departure.marked(failed.point, mark))
    for one in journal.departures:  # nobody brings back whom EC2 has ended since: his way out goes on
        if one.before is Mark.FAILED and not one.parks and situation.life(one.id).is_down:
            journal = journal.with_departure(one.marked(HookPoint.BEFORE_TERMINATE, Mark.ENDED))
    return journal


def _failures(situation: Situation) -> Iterator[HookOutcome]:
    """Commands on a way out that failed; what is being tried again has not."""
    for outcome in (ended.outcome for ended in situation.belief.ended):
        again = outcome.point in situation.belief.history(outcome.instance).running
        if outcome.point in MARKS and not outcome.ok and not again:
            yield outcome


def _failed_mark(code: int | None, *, goes: bool) -> Mark:
    """A command that could not even be run has not begun.

    Our own surplus goes whatever its command says, and so does one that EC2 does not run.
    """
    if goes:
        return Mark.ENDED
    return Mark.NOT if code in NEVER_RAN else Mark.FAILED


def _newcomers(situation: Situation) -> Iterator[Cause]:
    """Not where the work is done: one that comes to even out the zones fails nothing, it is given up."""
    return iter(()) if situation.is_replaced else failing_newcomers(situation)


def failing_newcomers(situation: Situation) -> Iterator[Cause]:
    """Why those that were asked for do not come, or do not serve."""
    yield from _launches(situation)
    yield from _absent(situation)
    yield from _unproven(situation)
    if any(
        _is_young(situation, one) and is_shifted(situation.observation, one) for one in situation.observation.instances
    ):
        yield from shifted_for_long(situation)


def _is_young(situation: Situation, instance: Instance) -> bool:
    return situation.belief.stage(instance.id) in (Stage.REGISTERING, Stage.CHECKING)


def _launches(situation: Situation) -> Iterator[Cause]:
    yield from _failed(situation)
    most = launches_most(situation.journal, situation.observation)
    if situation.journal.launches >= most and situation.tally.room:
        yield Cause(code=1, text=f"{situation.journal.launches} launches were asked for, more than this group may need")
    yield from (Cause(code=1, text=text) for text in hopeless_launch(situation))


def _failed(situation: Situation) -> Iterator[Cause]:
    """So many newcomers have failed that the release is not to be trusted."""
    failed, most = situation.journal.lost, failures_most(situation.spec, situation.journal)
    if failed >= most:
        told = [f": {id} {one.failed}" for id, one in situation.belief.histories.items() if one.failed]
        noun = "new instance" if failed == 1 else "new instances"
        yield Cause(code=1, text=f"{failed} {noun} {FAILED} {most}{''.join(told[-1:])}")


def hopeless_launch(situation: Situation) -> Iterator[str]:
    """A launch failed, and waiting does not help."""
    told_at = max([situation.belief.activities_at, *(one.started_at for one in situation.belief.launches)])
    failures, quiet = failed_launches(situation), _only_waits(situation)
    new = any(is_new(situation.journal, one) for one in situation.observation.instances)
    untouched, nowhere = not (situation.journal.replaced or new), is_nowhere(situation)
    if failed := hopeless(failures, told_at, quiet=quiet, untouched=untouched, nowhere=nowhere):
        yield f"a launch failed: {failed.message}"


def failed_launches(situation: Situation) -> tuple[Activity, ...]:
    """Launches that failed since this process began and that none followed that came to be; newest first."""
    since = max(float(situation.journal.began), situation.belief.began)
    told = (*situation.belief.activities, *situation.belief.launches)
    launches = [one for one in told if one.kind == "launch" and one.started_at >= since]
    return unmended(sorted(launches, key=lambda one: -one.started_at))


def is_nowhere(situation: Situation) -> bool:
    """AWS has refused our launches in each of the group's zones, and none of them is to be tried again as yet."""
    zones, closed = set(situation.observation.group.zones), resting(situation.belief.launches, situation.at, RETRIED)
    return "" in closed or (bool(zones) and closed.keys() >= zones)


def _only_waits(situation: Situation) -> bool:
    """Nothing goes and nothing boots beside what is asked for and not there."""
    busy = situation.journal.departures or any(one.booting or one.leaving for one in situation.observation.instances)
    return bool(situation.belief.hollow or situation.belief.launches) and not busy


def _shift(situation: Situation) -> Iterator[Cause]:
    """Nothing may go out, and something is still to go."""
    tally = situation.tally
    return shifted_for_long(situation) if tally.victims or tally.idle else iter(())


def _limits(situation: Situation) -> Iterator[Cause]:
    limits, belief, at = situation.spec.limits, situation.belief, situation.at
    whole = limits.total if situation.journal.back is Back.NOT else None  # a way back is finished
    if whole is not None and at - belief.began > whole:
        yield Cause(code=7, text=f"--max-timeout: {whole:.0f} s are over")
    unknown = [one.id for one in situation.observation.instances if one.takes_part and one.launched_at is None]
    if situation.journal.cutoff is None and unknown and situation.over(belief.began, situation.limit(Stage.LAUNCHING)):
        yield Cause(code=1, text=f"EC2 does not tell when {', '.join(unknown[:3])} was launched")
    yield from _departures(situation)
    if belief.progress is not None and situation.over(belief.progress.at, situation.patience):
        yield Cause(code=1, text=f"nothing came forward for {situation.patience:.0f} s")


def _absent(situation: Situation) -> Iterator[Cause]:
    """Asked for, and still booting or not even to be seen."""
    belief, hollow, limit = situation.belief, situation.belief.hollow, situation.limit(Stage.LAUNCHING)
    if hollow is not None and situation.over(hollow.at, limit):
        yield Cause(code=1, text=_never(f"no instance appeared within {limit:.0f} s", situation))
    dry = belief.dry_since
    if hollow is None and dry is not None and is_nowhere(situation) and situation.over(dry, limit):
        yield Cause(code=1, text=_never(f"no zone took a launch within {limit:.0f} s", situation))
    for one in situation.observation.instances:
        if one.booting and situation.over(belief.stage_since(one.id), limit):
            words = f"{one.id} is still {one.lifecycle} after {limit:.0f} s; raise --launch-timeout"
            yield Cause(code=1, text=words)


def _never(what: str, situation: Situation) -> str:
    failed = failed_launches(situation)
    what += hindered(situation.observation)
    return f"{what}; AWS says: {failed[0].message}" if failed else f"{what}; raise --launch-timeout"


def _unproven(situation: Situation) -> Iterator[Cause]:
    limit = situation.spec.limits.healthy
    for one in situation.observation.instances:
        since = situation.belief.history(one.id).serving_since
        late = since is not None and situation.over(since, limit) and is_new(situation.journal, one)
        shifted = is_shifted(situation.observation, one)  # its limit is that of the shift
        if late and _is_young(situation, one) and not _half_proven(situation, one.id) and not shifted:
            yield Cause(
                code=1, text=f"{one.id} was not proven healthy within {limit:.0f} s: {_ails(situation, one.id)}"
            )


def _half_proven(situation: Situation, id: str) -> bool:
    """Healthy in the last look, and not looked at often enough as yet: perhaps AWS could not be seen for long."""
    good = situation.belief.history(id).streak.good
    return 0 < good < situation.spec.healthy_threshold


def _ails(situation: Situation, id: str) -> str:
    check = situation.belief.history(id).ended.get(HookPoint.UP_CHECK)
    if check is not None and not check.outcome.ok:
        return f"the up-check {check.outcome.how}"
    one = situation.observation.instance(id)
    return ails(situation.observation, one) if one else "not registered everywhere"


def _departures(situation: Situation) -> Iterator[Cause]:
    """A way out that does not come to its end: protected by now, draining for too long, still there."""
    belief = situation.belief
    drain, end = situation.limit(Stage.DRAINING), situation.limit(Stage.TERMINATING)
    for departure in situation.journal.departures:
        id, removed = departure.id, belief.history(departure.id).removal
        begun = departure.before is not Mark.NOT and departure.removal is Removal.NOT
        if begun and belief.is_overdue(id):
            words = f"{id} got protected from scale-in after its before-command had begun, and stays so"
            yield Cause(code=1, text=words)
        if belief.stage(id) is Stage.DRAINING and situation.over(belief.stage_since(id), drain):
            yield Cause(code=1, text=drains_still(situation.observation, id, drain))
        if removed is not None and _is_still_there(situation, departure) and situation.over(removed.at, end):
            yield Cause(code=1, text=f"{id} is still there {end:.0f} s after terminate; raise --terminate-timeout")


def _is_still_there(situation: Situation, departure: Departure) -> bool:
    """One that is retained or parked ends its departure: no limit of ours ends that state."""
    one = situation.observation.instance(departure.id)
    return one is not None and not one.retained and not departure.parks
