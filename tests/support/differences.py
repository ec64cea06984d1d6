"""Where two observations of one moment, seen through two doors, differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from async_rollout.core.observation import Observation


def plain(observation: Observation) -> dict[str, Any]:
    """All of an observation but when it was seen.

    EC2 tells whole seconds only, Auto Scaling microseconds. Of a mixed policy's template text only the group's own
    part is agreed on, of all else in it that there is some, of a target's reason only AWS's code.
    """
    seen = asdict(observation)
    seen["at"] = None
    seen["group"]["template"] = re.split("[+ ]", seen["group"]["template"])[0]
    seen["group"]["policy"] = bool(seen["group"]["policy"])
    for source in seen["sources"]:
        source["seen_at"] = source["seen_at"] is not None
    for one in seen["instances"]:
        one["launched_at"] = int(one["launched_at"])
        one["targets"] = sorted(one["targets"], key=lambda target: (target["source"], target["port"] or 0))
        for target in one["targets"]:
            target["reason"] = target["reason"].partition(": ")[0]
    if seen["survey"]:
        seen["survey"]["at"] = None
    for one in seen["activities"] or ():
        one["started_at"], one["ended_at"] = _rounded(one["started_at"]), _rounded(one["ended_at"])
    return seen


def _rounded(at: float | None) -> float | None:
    return at if at is None else round(at, 3)


def differences(one: Any, other: Any, where: str) -> Iterator[str]:
    """Where two observations differ, a line each."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{where}[{index}]")
    elif one != other:
        yield f"{where}: {one!r}, port: {other!r}"
