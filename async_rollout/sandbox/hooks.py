"""Lifecycle hooks: AWS holds an instance in …:Wait until each is completed or its heartbeat times out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from async_rollout.sandbox import activities
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.simulation import AWS, Simulation
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


def wait(simulation: Simulation, group: Group, id: str, then: Then, *, launching: bool) -> None:
    """Go through the group's hooks of one kind, all at once, then go on; without any, go on at once."""
    asked = [hook for hook in group.hooks if hook.launching is launching]
    if not asked:
        then("CONTINUE")
        return
    word = "Pending" if launching else "Terminating"
    simulation.put_instance(replace(simulation.state.instances[id], lifecycle=f"{word}:Wait"))
    activities.move(simulation, group.name, id, "MidLifecycleAction", launch=launching)
    simulation.happened(What.HOOK, AWS, group.name, id, f"{word}:Wait")
    finish = partial(_finish, simulation, id, word, then)
    waits = {hook.name: Wait(hook=hook, finish=finish, ends_at=0.0, latest=_latest(simulation, hook)) for hook in asked}
    simulation.hook_waits[id] = waits
    for one in waits.values():
        _set_end(simulation, id, one)


def _latest(simulation: Simulation, hook: Hook) -> float:
    return simulation.now + longest(hook)


def longest(hook: Hook) -> float:
    """Its GlobalTimeout."""
    return min(LONGEST, 100 * hook.heartbeat)


def _set_end(simulation: Simulation, id: str, one: Wait) -> None:
    after = one.hook.completes_after
    if after is not None and after < one.hook.heartbeat:
        one.ends_at = simulation.after(after, lambda: _end(simulation, id, one, "CONTINUE"))
    else:
        _beat(simulation, id, one)


def _beat(simulation: Simulation, id: str, one: Wait) -> None:
    """It has a heartbeat's time from now; a timer that was set before then comes too early."""
    seconds = min(one.hook.heartbeat, one.latest - simulation.now)
    one.ends_at = simulation.after(seconds, lambda: _timed_out(simulation, id, one))


def _timed_out(simulation: Simulation, id: str, one: Wait) -> None:
    if one.ends_at <= simulation.now:
        _end(simulation, id, one, one.hook.default_result)


def complete(simulation: Simulation, id: str, hook: str, result: str, who: str) -> None:
    """CompleteLifecycleAction."""
    one = _active(simulation, id, hook)
    simulation.happened(What.HOOK, who, simulation.state.instances[id].group, id, f"{hook} {result}")
    _end(simulation, id, one, result)


def heartbeat(simulation: Simulation, id: str, hook: str, who: str) -> None:
    """RecordLifecycleActionHeartbeat."""
    one = _active(simulation, id, hook)
    simulation.happened(What.HOOK, who, simulation.state.instances[id].group, id, f"{hook} heartbeat")
    _beat(simulation, id, one)


def _active(simulation: Simulation, id: str, hook: str) -> Wait:
    waits: dict[str, Wait] = simulation.hook_waits.get(id, {})
    if hook not in waits:
        raise no_action(f"instance ID {id}")
    return waits[hook]


def _end(simulation: Simulation, id: str, one: Wait, result: str) -> None:
    """Ends it if it is still under way: one that was completed before its time is another one, or none."""
    waits = simulation.hook_waits.get(id, {})
    if waits.get(one.hook.name) is not one:
        return
    del waits[one.hook.name]
    if result == "ABANDON" or not waits:
        one.finish(result)


def _finish(simulation: Simulation, id: str, word: str, then: Then, result: str) -> None:
    simulation.hook_waits.pop(id, None)
    one = simulation.state.instances[id]
    simulation.put_instance(replace(one, lifecycle=f"{word}:Proceed"))
    status = "PreInService" if one.booting else "InProgress"
    activities.move(simulation, one.group, id, status, launch=one.booting)
    then(result)


def put(simulation: Simulation, name: str, hook: Hook, who: str) -> None:
    """PutLifecycleHook: a new one or another in its place; whoever waits already waits as it was then."""
    group = simulation.known(name)
    if not 30 <= hook.heartbeat <= 7200:
        raise invalid("HeartbeatTimeout must be between 30 and 7200 seconds")
    others = {one.name: one for one in group.hooks} | {hook.name: hook}
    if len(others) > MOST:
        raise AwsError("LimitExceeded", f"AutoScalingGroup {name} would have more than {MOST} lifecycle hooks")
    simulation.put_group(replace(group, hooks=tuple(others.values())))
    simulation.happened(What.EDIT, who, name, detail=f"lifecycle hook {hook.name}")


def delete(simulation: Simulation, name: str, hook: str, who: str) -> None:
    """DeleteLifecycleHook. What it holds ends at once: who launches is abandoned, who terminates goes on."""
    group = simulation.known(name)
    if hook not in [one.name for one in group.hooks]:
        raise no_hook(hook, name)
    simulation.put_group(replace(group, hooks=tuple(one for one in group.hooks if one.name != hook)))
    simulation.happened(What.EDIT, who, name, detail=f"no lifecycle hook {hook}")
    for id in simulation.state.rosters[name]:
        held: Wait | None = simulation.hook_waits.get(id, {}).get(hook)
        if held is not None:
            _end(simulation, id, held, "ABANDON" if held.hook.launching else "CONTINUE")
