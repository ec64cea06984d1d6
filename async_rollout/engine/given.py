"""What a caller hands to a rollout beside its order: checked at once, before anything rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import iscoroutinefunction

from async_rollout.engine.ports import GroupRef
from async_rollout.errors import UsageError


def check(groups: Sequence[object], tell: object = None, hooks: object = None) -> None:
    """Raises UsageError for groups that are none, a listener that must be awaited, a runner that cannot run."""
    if isinstance(groups, str | GroupRef) or not groups:
        raise UsageError("no group was named" if not groups else "groups is a sequence: cloud.groups('web', 'api')")
    for group in groups:
        if not isinstance(group, GroupRef):
            raise UsageError(f"{group!r} is no group of a cloud: pass cloud.groups('web')")
    listener(tell)
    if hooks is not None and not callable(getattr(hooks, "run", None)):
        raise UsageError(
            f"hooks is what runs them; the hooks themselves go into RolloutSpec(hooks=Hooks(…)): {hooks!r}"
        )


def listener(tell: object) -> None:
    """Raises UsageError for one that nobody could tell: events are told without awaiting."""
    if tell is None:
        return
    if not callable(tell):
        raise UsageError(f"tell is called with each event, and {tell!r} cannot be called")
    if iscoroutinefunction(tell) or iscoroutinefunction(getattr(tell, "__call__", None)):  # noqa: B004 - which one
        raise UsageError("tell is called, not awaited: give a plain function, for example a queue's put_nowait")
