"""Lifecycle hooks: AWS holds an instance in …:Wait until each is completed or its heartbeat times out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from async_rollout.sandbox import activities
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.words import invalid

Then = Callable[[str], None]
"""Goes on with the instance; gets "CONTINUE" or "ABANDON"."""


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
    ground.hook_waits[id] = dict.fromkeys((hook.name for hook in asked), finish)
    for hook in asked:
        _set_end(ground, id, hook)


def _set_end(ground: Ground, id: str, hook: Hook) -> None:
    if hook.completes_after is not None and hook.completes_after < hook.heartbeat:
        ground.after(hook.completes_after, lambda: _end(ground, id, hook.name, "CONTINUE"))
    else:
        ground.after(hook.heartbeat, lambda: _end(ground, id, hook.name, hook.default_result))


def complete(ground: Ground, id: str, hook: str, result: str, who: str) -> None:
    """CompleteLifecycleAction."""
    if hook not in ground.hook_waits.get(id, {}):
        raise invalid(f"No active Lifecycle Action found with instance ID {id}")
    ground.happened(What.HOOK, who, ground.state.instances[id].group, id, f"{hook} {result}")
    _end(ground, id, hook, result)


def _end(ground: Ground, id: str, hook: str, result: str) -> None:
    waits = ground.hook_waits.get(id, {})
    finish = waits.pop(hook, None)
    if finish is not None and (result == "ABANDON" or not waits):
        finish(result)


def _finish(ground: Ground, id: str, word: str, then: Then, result: str) -> None:
    ground.hook_waits.pop(id, None)
    one = ground.state.instances[id]
    ground.put_instance(replace(one, lifecycle=f"{word}:Proceed"))
    status = "PreInService" if one.booting else "InProgress"
    activities.move(ground, one.group, id, status, launch=one.booting)
    then(result)
