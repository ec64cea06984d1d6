"""Lifecycle hooks: AWS holds an instance in …:Wait until each is completed or its heartbeat times out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from async_rollout.sandbox import activities
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.words import AwsError, invalid, no_action, no_hook

Then = Callable[[str], None]
"""Goes on with the instance; gets "CONTINUE" or "ABANDON"."""

MOST = 50
"""Hooks of one group (its quotas)."""
LONGEST = 172_800.0
"""Seconds: no heartbeat keeps an instance waiting longer than two days, nor than a hundred heartbeats."""


@dataclass(slots=True, kw_only=True)
class Wait:
    """One lifecycle action under way. ends_at: when it times out; latest: no heartbeat puts that off any further."""

    hook: Hook
    finish: Then
    ends_at: float
    latest: float


def wait(ground: Ground, group: Group, id: str, then: Then, *, launching: bool) -> None:
    """Go through the group's hooks of one kind, all at once, then go on; without any, go on at once."""
    asked = [hook for hook in group.hooks if hook.launching is launching]
    if not asked:
        then("CONTINUE")
        return
    word = "Pending" if launching else "Terminating"
    ground.put_instance(replace(ground.state.instances[id], lifecycle=f"{word}:Wait"))
    activities.move(ground, group.name, id, "MidLifecycleAction", launch=launching)
    ground.happened(What.HOOK, AWS, group.name, id, f"{word}:Wait")
    finish = partial(_finish, ground, id, word, then)
    waits = {hook.name: Wait(hook=hook, finish=finish, ends_at=0.0, latest=_latest(ground, hook)) for hook in asked}
    ground.hook_waits[id] = waits
    for one in waits.values():
        _set_end(ground, id, one)


def _latest(ground: Ground, hook: Hook) -> float:
    return ground.now + longest(hook)


def longest(hook: Hook) -> float:
    """Its GlobalTimeout."""
    return min(LONGEST, 100 * hook.heartbeat)


def _set_end(ground: Ground, id: str, one: Wait) -> None:
    after = one.hook.completes_after
    if after is not None and after < one.hook.heartbeat:
        one.ends_at = ground.after(after, lambda: _end(ground, id, one, "CONTINUE"))
    else:
        _beat(ground, id, one)


def _beat(ground: Ground, id: str, one: Wait) -> None:
    """It has a heartbeat's time from now; a timer that was set before then comes too early."""
    seconds = min(one.hook.heartbeat, one.latest - ground.now)
    one.ends_at = ground.after(seconds, lambda: _timed_out(ground, id, one))


def _timed_out(ground: Ground, id: str, one: Wait) -> None:
    if one.ends_at <= ground.now:
        _end(ground, id, one, one.hook.default_result)


def complete(ground: Ground, id: str, hook: str, result: str, who: str) -> None:
    """CompleteLifecycleAction."""
    one = _active(ground, id, hook)
    ground.happened(What.HOOK, who, ground.state.instances[id].group, id, f"{hook} {result}")
    _end(ground, id, one, result)


def heartbeat(ground: Ground, id: str, hook: str, who: str) -> None:
    """RecordLifecycleActionHeartbeat."""
    one = _active(ground, id, hook)
    ground.happened(What.HOOK, who, ground.state.instances[id].group, id, f"{hook} heartbeat")
    _beat(ground, id, one)


def _active(ground: Ground, id: str, hook: str) -> Wait:
    waits: dict[str, Wait] = ground.hook_waits.get(id, {})
    if hook not in waits:
        raise no_action(f"instance ID {id}")
    return waits[hook]


def _end(ground: Ground, id: str, one: Wait, result: str) -> None:
    """Ends it if it is still under way: one that was completed before its time is another one, or none."""
    waits = ground.hook_waits.get(id, {})
    if waits.get(one.hook.name) is not one:
        return
    del waits[one.hook.name]
    if result == "ABANDON" or not waits:
        one.finish(result)


def _finish(ground: Ground, id: str, word: str, then: Then, result: str) -> None:
    ground.hook_waits.pop(id, None)
    one = ground.state.instances[id]
    ground.put_instance(replace(one, lifecycle=f"{word}:Proceed"))
    status = "PreInService" if one.booting else "InProgress"
    activities.move(ground, one.group, id, status, launch=one.booting)
    then(result)


def put(ground: Ground, name: str, hook: Hook, who: str) -> None:
    """PutLifecycleHook: a new one or another in its place; whoever waits already waits as it was then."""
    group = ground.known(name)
    if not 30 <= hook.heartbeat <= 7200:
        raise invalid("HeartbeatTimeout must be between 30 and 7200 seconds")
    others = {one.name: one for one in group.hooks} | {hook.name: hook}
    if len(others) > MOST:
        raise AwsError("LimitExceeded", f"AutoScalingGroup {name} would have more than {MOST} lifecycle hooks")
    ground.put_group(replace(group, hooks=tuple(others.values())))
    ground.happened(What.EDIT, who, name, detail=f"lifecycle hook {hook.name}")


def delete(ground: Ground, name: str, hook: str, who: str) -> None:
    """DeleteLifecycleHook. What it holds ends at once: who launches is abandoned, who terminates goes on."""
    group = ground.known(name)
    if hook not in [one.name for one in group.hooks]:
        raise no_hook(hook, name)
    ground.put_group(replace(group, hooks=tuple(one for one in group.hooks if one.name != hook)))
    ground.happened(What.EDIT, who, name, detail=f"no lifecycle hook {hook}")
    for id in ground.state.rosters[name]:
        held: Wait | None = ground.hook_waits.get(id, {}).get(hook)
        if held is not None:
            _end(ground, id, held, "ABANDON" if held.hook.launching else "CONTINUE")
