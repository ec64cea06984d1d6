"""What AWS tells of one launch, terminate or the like: it answers for most of them only here, afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One scaling activity. kind: launch, terminate, standby or other; zone: where, empty if AWS does not say.

    ended_at: None while it is in progress; AWS cuts it to whole seconds, so it may lie before started_at. answered: it
    is AWS's answer to the call itself, so nothing of it is tried again.
    """

    id: str
    kind: str
    status: str
    message: str
    started_at: float
    ended_at: float | None = None
    instance: str | None = None
    zone: str = ""
    answered: bool = False

    @property
    def failed(self) -> bool:
        return self.status in ("Failed", "Cancelled")
