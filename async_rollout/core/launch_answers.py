"""How launches that AWS answers were answered, folded into the belief by token: what came, what failed, what is open.

What was refused brought nothing, unless it had been sent before without an answer: then only the same call again, or
looks, can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Launch
from async_rollout.core.activity import Activity
from async_rollout.core.belief import Belief, LaunchAnswer, Mute, Refusal
from async_rollout.core.launch_failures import Failure, failure_of
from async_rollout.core.outcomes import ActOutcome, LaunchError
from async_rollout.core.policy import LAUNCHES_KEPT, MUTE_AFTER, OUTLASTED, ZONE_RESTS
from async_rollout.core.refusals import heard as refused_so_far
from async_rollout.core.refusals import is_for_good, key_of

UNDER_WAY = "IdempotentCallInProgress"
UNSUPPORTED = "UnsupportedOperation"
"""AWS's codes: the same call is at work still; this group's launches are not answered, though it may have launched."""


def heard(belief: Belief, outcome: ActOutcome, launch: Launch) -> Belief:
    """The belief after one more answer to one launch."""
    before = belief.answers.get(launch.token)
    ours = launch.token.startswith(f"{belief.me.run}-")
    sent_before = before.sent if before else not ours
    answer = LaunchAnswer(
        at=outcome.at,
        since=before.since if before else outcome.at,
        came=_came(outcome, sent_before=sent_before),
        sent=sent_before or _may_be_taken(outcome),
        final=outcome.ok is False
        and outcome.sent
        and not outcome.passing
        and not (outcome.denied and not is_for_good(outcome)),
    )
    told = tuple(_told(outcome, launch))
    launches = (*told, *belief.launches)[:LAUNCHES_KEPT]
    refusals = refused_so_far(belief.refusals, outcome)
    return replace(
        belief,
        answers={**belief.answers, launch.token: answer},
        launches=launches,
        refusals=refusals,
        dry_since=None if outcome.launched else _dry_since(belief, outcome, told),
        mute=belief.mute or _mute(outcome, answer, launches, refusals.get(key_of(launch))),
    )


def _dry_since(belief: Belief, outcome: ActOutcome, told: tuple[Activity, ...]) -> float | None:
    """Since when launches have failed; what failed long before anything was asked for again is another time."""
    last = belief.launches[0].started_at if belief.launches else outcome.at
    known = belief.dry_since is not None and outcome.at - last <= 2 * ZONE_RESTS
    return belief.dry_since if known or not told else outcome.at


def _came(outcome: ActOutcome, *, sent_before: bool) -> int | None:
    if outcome.ok:
        return len(outcome.launched)
    return None if sent_before or _may_be_taken(outcome) else 0


def _may_be_taken(outcome: ActOutcome) -> bool:
    """No answer, or a no that does not say that nothing was launched."""
    return outcome.ok is not False or outcome.code.startswith((UNDER_WAY, UNSUPPORTED))


def _told(outcome: ActOutcome, launch: Launch) -> Iterator[Activity]:
    """The answer as activities: each failure, and one that came to be."""
    refused = outcome.ok is False and outcome.sent and not outcome.passing and not outcome.denied
    errors = (LaunchError(code=outcome.code, message=outcome.message),) if refused else outcome.errors
    if outcome.launched:
        yield _activity(outcome, launch, "Successful", "")
    yield from (_activity(outcome, launch, "Failed", f"{error.code}: {error.message}") for error in errors)


def _activity(outcome: ActOutcome, launch: Launch, status: str, message: str) -> Activity:
    """zone empty: a quota is full in all of them."""
    everywhere = failure_of(message) is Failure.QUOTA
    return Activity(
        id=launch.token,
        kind="launch",
        status=status,
        message=message,
        started_at=outcome.at,
        ended_at=outcome.at,
        zone="" if everywhere else launch.zone,
        answered=True,
    )


def _mute(
    outcome: ActOutcome, answer: LaunchAnswer, launches: tuple[Activity, ...], refused: Refusal | None
) -> Mute | None:
    """Why launches are asked for in the other way from now on; credentials that expired may be renewed beside us."""
    said = f"{outcome.code}: {outcome.message}".removeprefix(": ")
    if outcome.denied:
        return Mute(said, denied=True) if is_for_good(outcome) else None
    if outcome.ok is False and outcome.code.startswith(UNSUPPORTED):
        return Mute(said)
    silent = answer.came is None and OUTLASTED.reached(looks=1, seconds=answer.at - answer.since)
    put_off = refused is not None and OUTLASTED.reached(looks=refused.count, seconds=outcome.at - refused.at)
    if silent or put_off:
        return Mute(said)
    strange = [launch for launch in launches if launch.failed and failure_of(launch.message) is Failure.UNKNOWN]
    return Mute(strange[0].message) if len(strange) >= MUTE_AFTER else None
