"""Lines of schema 1, which releases before 0.2.0 wrote, as lines of schema 2.

`events.schema.1.json` beside it is what they keep to; it does not change any more. Here stands all that is other.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Line = Mapping[str, Any]

TYPES: Mapping[str, str] = MappingProxyType({"turned": "goal_changed"})
"""Types that have another name in schema 2."""
PLACE: Line = MappingProxyType({"account": "", "region": ""})
"""What no line tells."""
ORIGIN: Line = MappingProxyType({**PLACE, "run": ""})
"""What no line of a group tells; only where it begins there is its run."""
DEFAULTS: Mapping[str, Line] = MappingProxyType(
    {
        "acted": {"again": False},
        "enrolled": {"why": ""},
        "rollout_started": {"total": 0, "replaced_before": 0, "toward": "", "watched": 0.0},
        "turned": {"toward": ""},
        "rollout_ended": {"replaced_before": 0, "failed": [], "parked": []},
    }
)
"""What a line lacks that was written before its key was added, by its type."""
OF_A_GROUP: Line = MappingProxyType({**ORIGIN, "replaced_before": 0, "failed": [], "parked": []})
"""The same of each group in a summary."""


def translated(line: Line) -> dict[str, Any]:
    """The line as schema 2 has it. Raises KeyError or TypeError where it is no line of schema 1."""
    kind = line["type"]
    told = {**ORIGIN, **DEFAULTS.get(kind, {}), **line, "schema": 2, "type": TYPES.get(kind, kind)}
    match kind:
        case "summary":
            groups = _object(line["groups"]).items()
            told["groups"] = [{**OF_A_GROUP, "group": name, **_object(group)} for name, group in groups]
        case "fleet_ended":
            codes = _object(told.pop("codes")).items()
            told["ends"] = [{**ORIGIN, "group": name, "code": code} for name, code in codes]
    return told


def _object(value: Any) -> Line:
    if not isinstance(value, dict):
        raise TypeError(f"a {type(value).__name__} where an object should be")
    return value
