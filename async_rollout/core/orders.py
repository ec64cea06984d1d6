"""What somebody has ordered: to stop, by a signal or through the tags, or to roll back."""

from __future__ import annotations

import re

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.journal import Cause
from async_rollout.core.snapshot import Snapshot, Stop


def ordered(stop: Stop, cause: str, code: int) -> Cause:
    """An order to stop as a cause; without a code of its own a signal's."""
    return Cause(code=code or (143 if stop is Stop.NOW else 130), text=cause or "stopped")


def untouched(cause: Cause) -> Verdict:
    """The end of a group that was stopped before anything of it was changed."""
    return Verdict(outcome=Outcome.STOPPED, code=cause.code, why=f"{cause.text}; nothing was changed")


def rollback_ordered(snapshot: Snapshot) -> tuple[Cause, str] | None:
    """An order to roll back, by `rollback` through the tags, and the version that it names, empty where it names none.

    Its text: `rollback RUN VERSION HOLDER`, `-` in the place of a version.
    """
    order, me = snapshot.observation.order, snapshot.belief.me
    if order is None or not order.startswith(f"rollback {me.run} "):
        return None
    version, _, holder = order.removeprefix(f"rollback {me.run} ").partition(" ")
    if not re.fullmatch(r"-|[1-9][0-9]{0,18}", version, re.ASCII):
        return None  # whoever wrote that, it was none of ours
    return Cause(code=130, text=f"rollback was ordered from {holder}"), "" if version == "-" else version


def stopped(snapshot: Snapshot) -> Cause | None:
    """An order to stop: by a signal to this process, or by `restore` through the tags."""
    if snapshot.stop is not None:
        return ordered(snapshot.stop, snapshot.stop_cause, snapshot.stop_code)
    order, me = snapshot.observation.order, snapshot.belief.me
    if order is not None and order.startswith(f"stop {me.run} "):
        return Cause(code=130, text=f"stopped by restore from {order.removeprefix(f'stop {me.run} ')}")
    return None
