"""AWS's time, as its replies tell it; the loop's clock only bridges a reply that has none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import anyio


class AwsClock:
    """The last Date header seen, and when that was by the loop's clock."""

    def __init__(self) -> None:
        self._known: tuple[float, float] | None = None

    def read(self, body: Mapping[str, Any]) -> float:
        """AWS's time of one reply, epoch seconds; this machine's own before the first that told one."""
        date = body.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            at = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return self.now() or time.time()
        self._known = (at, anyio.current_time())
        return at

    def now(self) -> float:
        """AWS's time by the last reply and what went by since; 0 before the first, when nobody knows it."""
        if self._known is None:
            return 0.0
        at, seen = self._known
        return at + anyio.current_time() - seen
