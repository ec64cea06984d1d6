"""How a newcomer climbs: what is said while it boots, how it is checked, what is asked of AWS when it does not come."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Need, RunHook, Wait
from async_rollout.core.draft import Draft
from async_rollout.core.min_ready import min_ready, to_stay, why_so_long
from async_rollout.core.observation import Instance
from async_rollout.core.pace import Look, newcomer
from async_rollout.core.policy import LAUNCH_OVERDUE, LONG_BOOT, RETRIED
from async_rollout.core.serving import is_shifted
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import Stage
from async_rollout.core.survey import hindered
from async_rollout.core.trouble import failed_launches


def booted(draft: Draft, instance: Instance) -> Draft:
    """It boots: what is said of it, and for how long."""
    wait = _booting(draft, instance.id, instance.lifecycle, draft.belief.stage_since(instance.id))
    return draft.wait(wait, look=newcomer(draft.spec, draft.observation, draft.belief, instance))


def proven(draft: Draft, instance: Instance) -> Draft:
    """It is in service and gets healthy."""
    return draft.wait(_proving(draft, instance), look=newcomer(draft.spec, draft.observation, draft.belief, instance))


def checked(draft: Draft, instance: Instance) -> Draft:
    """The operator's up-check of one that is healthy, once a check interval until it returns 0."""
    draft, history = proven(draft, instance), draft.belief.history(instance.id)
    ended = history.ended.get(HookPoint.UP_CHECK)
    if draft.spec.hooks.up_check is None or HookPoint.UP_CHECK in history.running or history.passed:
        return draft
    if ended is not None and draft.at - ended.at < draft.spec.interval:
        return draft
    tries = ended.tries + 1 if ended else 1
    return draft.act(
        RunHook(
            point=HookPoint.UP_CHECK,
            instance=instance.id,
            private_ip=instance.private_ip,
            public_ip=instance.public_ip,
            attempt=tries,
        )
    )


def ripening(draft: Draft, instance: Instance) -> Draft:
    """It is ready and serves; what is waited for is that it stays so for long enough."""
    since = draft.belief.history(instance.id).ready_since or draft.at
    seconds, whole = why_so_long(draft.spec, draft.observation), to_stay(draft.spec, draft.observation)
    first = whole > min_ready(draft.spec, draft.observation)
    why = f"as the first new one it has to stay so for {whole:.0f} s" if first else f"it has to stay so for {seconds}"
    wait = draft.waiting(Stage.READY, f"{instance.id} ready", why, since)
    wait = replace(wait, option="--canary-wait") if first else wait
    return draft.wait(wait, look=newcomer(draft.spec, draft.observation, draft.belief, instance))


def watch_launches(draft: Draft) -> Draft:
    """One that was asked for and is not to be seen; when it or one that boots is overdue, AWS is asked why."""
    hollow = draft.belief.hollow
    if hollow is not None:
        wait = _booting(draft, "a new instance", "asked for, not to be seen yet", hollow.at)
        draft = draft.wait(wait, look=Look(draft.at + draft.spec.interval))
    usual = max(draft.belief.climbs, default=LONG_BOOT)
    booting = (one.id for one in draft.observation.instances if one.booting)
    due = [draft.belief.stage_since(id) + usual for id in booting] + ([hollow.at] if hollow else [])
    overdue = bool(due) and draft.at - min(due) >= LAUNCH_OVERDUE
    return _asked_why(draft) if overdue else draft


def _proving(draft: Draft, instance: Instance) -> Wait:
    since, shift = draft.belief.history(instance.id).serving_since or draft.at, draft.belief.shifted
    since = shift.at if shift and is_shifted(draft.observation, instance) else since
    bad = [target for target in instance.targets if target.state != "healthy"]
    listed = {target.source for target in instance.targets}
    asked = (one for one in draft.observation.sources if one.has_listener and one.seen_at is not None)
    missing = (f"{source.name} does not list it yet" for source in asked if source.id not in listed)
    words = "; ".join((*(f"{_name(draft, t.source)} {t.state} {t.reason}".strip() for t in bad), *missing))
    why = words or ("its up-check" if draft.spec.hooks.up_check else "healthy, looked at once more")
    return draft.waiting(Stage.REGISTERING, f"{instance.id} getting healthy", why, since)


def _name(draft: Draft, id: str) -> str:
    source = draft.observation.source(id)
    return source.name if source else id


def _asked_why(draft: Draft) -> Draft:
    """Ask AWS what its activities say: every while, and as soon as it has tried again what failed before."""
    asked, failed = draft.belief.activities_at, [one for one in failed_launches(draft) if not one.answered]
    again = failed[0].started_at + RETRIED if failed else 0.0
    if draft.at - asked >= LAUNCH_OVERDUE or asked < again <= draft.at:
        return draft.ask(Need.ACTIVITIES)
    return draft.look(Look(again)) if again > draft.at else draft


def _booting(draft: Draft, who: str, state: str, since: float) -> Wait:
    last = next(iter(failed_launches(draft)), None)
    words = f"{state}; AWS says: {last.message}" if last and last.started_at >= since - 1 else state
    words += hindered(draft.observation)
    return draft.waiting(Stage.LAUNCHING, f"{who} booting", words, since)
