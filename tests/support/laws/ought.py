"""What a story ought to come to."""

from __future__ import annotations

from dataclasses import dataclass

LEASE = 180.0
OLDEST_LOOK = 30.0
SLACK = 2.0
"""An AWS clock tells whole seconds, a call takes a part of one."""
SILENT = 60.0
"""So long nothing may be said while a run lives."""


@dataclass(frozen=True, kw_only=True)
class Ought:
    """What a story ought to come to, written down by hand, not asked of the code. code: of the last one to end.

    ceiling: where a restore turns round what was on its way out, that serves beside, up to what may exist.
    """

    code: int = 0
    floor: int = 2
    ceiling: int = 3
    exist: int = 4
    draining: int = 1
    threshold: float = 5.0
    base: int | None = None
    surge: bool = True
    replaced: bool = True
    as_found: bool = True
    troubled: bool = False
    quick: bool = False
    """SIGTERM lets alarms run at once, whatever else is still to come."""
