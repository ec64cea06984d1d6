"""What every kind of traffic source says of its instances, in one form."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.sight import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One source's answer. at: AWS's time of it; targets: (instance id, target), an instance once a port."""

    at: float
    targets: tuple[tuple[str, Target], ...] = ()


def reason(code: str, description: str) -> str:
    """AWS's code and words as one text, the code first."""
    return f"{code}: {description}" if code and description else code or description
