"""What an owner may choose of how a rollout goes together with what else he does with the group."""

from __future__ import annotations

from enum import StrEnum


class Scaling(StrEnum):
    """What the group's scaling policies and scheduled actions do meanwhile. HOLD: nothing, they are suspended.

    FOLLOW: they go on, and what they set is followed.
    """

    HOLD = "hold"
    FOLLOW = "follow"


class MissedSchedules(StrEnum):
    """What becomes of scheduled actions that fall due during the run. REPORT: they are named.

    APPLY: what they come to is set at the end, as AWS would have.
    """

    APPLY = "apply"
    REPORT = "report"


class Standby(StrEnum):
    """What becomes of old instances in Standby. SKIP: left as they are, and named. TERMINATE: terminated last."""

    SKIP = "skip"
    TERMINATE = "terminate"
