"""The way back of one instance: registered where it was, until every source calls it healthy again."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import MarkHealthy, Register, Registration
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure, digest
from async_rollout.core.marks import is_ours_to_take_off
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.policy import RESEND
from async_rollout.core.serving import is_registered
from async_rollout.core.stages import Stage


def put_back(draft: Draft, departure: Departure, instance: Instance) -> Draft:
    """Register it back where it was; once it is healthy there its departure is closed.

    What a look says of its health may be older than its deregistration: only a register call that AWS took counts.
    One that is registered and stays sick is as it was found but for what befell it: that is for its health checks.
    """
    wanted = tuple(_were(draft.observation, departure))
    passed = (TargetState.HEALTHY, TargetState.SHIFTED)  # a shift is none of our doing
    serving = {(one.source, one.port) for one in instance.targets if one.state in passed}
    since = draft.belief.progress.at if draft.belief.progress else draft.at
    well = all((one.source, one.port) in serving or _has_no_listener(draft.observation, one.source) for one in wanted)
    registered = draft.belief.history(instance.id).back.issuperset(wanted)
    if registered and (well or draft.over(since, draft.limit(Stage.RETURNING))):
        if is_ours_to_take_off(draft.belief, draft.observation, instance, departure):
            return draft.act(MarkHealthy(instances=(departure.id,)))
        return draft.drop(departure.id) if not _absent(instance, wanted) else _registered(draft, instance, wanted)
    on, why = f"{departure.id} registering back", "until every source calls it healthy again"
    return _registered(draft, instance, wanted).wait(draft.waiting(Stage.RETURNING, on, why, since))


def _registered(draft: Draft, instance: Instance, wanted: tuple[Registration, ...]) -> Draft:
    absent, history = _absent(instance, wanted), draft.belief.history(instance.id)
    missing = (where for where in wanted if where in absent or where not in history.back)
    due = tuple(where for where in missing if where not in history.back or draft.at - history.sent_at(where) >= RESEND)
    return draft.act(Register(registrations=due)) if due else draft


def _absent(instance: Instance, wanted: tuple[Registration, ...]) -> tuple[Registration, ...]:
    draining = (TargetState.DRAINING,)
    held = {(t.source, t.port) for t in instance.targets if is_registered(t) and t.state not in draining}
    return tuple(one for one in wanted if (one.source, one.port) not in held)


def _has_no_listener(observation: Observation, id: str) -> bool:
    source = observation.source(id)
    return source is not None and not source.has_listener


def _were(observation: Observation, departure: Departure) -> Iterator[Registration]:
    """Where the instance was registered when its departure was opened, as far as those sources are still there."""
    for source in observation.sources:
        if source.gone:
            continue
        short = digest(source.id, 6)
        if short not in departure.missing:
            yield Registration(source=source.id, instance=departure.id, port=source.default_port)
        for name, port in departure.odd:
            if name == short:
                yield Registration(source=source.id, instance=departure.id, port=port)
