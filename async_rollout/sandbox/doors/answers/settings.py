"""Settings of a group that are only kept and given back: JSON under a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from async_rollout.sandbox.records import Group

Change = Callable[[Group], Group]


def keep(group: Group, name: str, value: object) -> Group:
    """The group with a setting more that is only kept; None: without it."""
    others = tuple(one for one in group.kept if one[0] != name)
    return replace(group, kept=others if value is None else (*others, (name, json.dumps(value))))


def kept(group: Group, name: str) -> Any:
    """What was kept under that name, None: nothing."""
    return next((json.loads(text) for key, text in group.kept if key == name), None)
