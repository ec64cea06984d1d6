"""An action in words, as people read it in a view or a log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from async_rollout.core.actions import (
    Action,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    MarkHealthy,
    Order,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    RunHook,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)


def told_of(spelled: str) -> str:
    """What a group launches from, as people say it."""
    if spelled.startswith("lc:"):
        return f"launch configuration {spelled.removeprefix('lc:')}"
    template, _, version = spelled.partition(":")
    return f"version {version or '$Default'} of {template}"


def words_of(action: Action) -> str:
    """One line, no control characters: ids, sizes and process names only."""
    match action:
        case Record(journal=journal):
            return f"record {journal.serial} ({journal.goal}, {len(journal.departures)} going)"
        case Erase():
            return "take our tags off"
        case Order(text=None):
            return "take our order to stop off"
        case Order():
            return "order the live run to stop"
        case Probe(present=present):
            return "put up a tag to see how new a look is" if present else "take that tag off"
        case Suspend(processes=names):
            return f"suspend {', '.join(names)}"
        case Resume(processes=names):
            return f"resume {', '.join(names)}"
        case SetCapacity(desired=int() as size):
            return f"set desired capacity to {size}"
        case SetCapacity(maximum=size):
            return f"set maximum to {size}"
        case SetTemplate(spelled=spelled):
            return f"set what is launched from to {told_of(spelled)}"
        case SetSizes(minimum=low, desired=size, maximum=high):
            return f"set minimum {low}, desired capacity {size} and maximum {high}, as scheduled meanwhile"
        case Launch(zone=zone, count=count):
            return f"launch {count} in {zone}"
        case Deregister(registrations=ones):
            return f"deregister {_ids(ones)} from {len({one.source for one in ones})} sources"
        case Register(registrations=ones):
            return f"register {_ids(ones)} back at {len({one.source for one in ones})} sources"
        case MarkHealthy(instances=ids):
            return f"mark {', '.join(ids)} healthy"
        case Terminate(instance=id, shrink=shrink):
            return f"terminate {id}{'' if shrink else ', its place stays'}"
        case EnterStandby(instance=id):
            return f"put {id} into Standby"
        case RunHook(point=point, instance=id):
            return f"run the {point} command for {id}"
        case _:
            assert_never(action)


def _ids(registrations: Iterable[Registration]) -> str:
    return ", ".join(sorted({one.instance for one in registrations}))
