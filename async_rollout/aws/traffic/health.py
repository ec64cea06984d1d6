"""What every kind of traffic source says of its instances, in one form."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from async_rollout.aws.faults import CallFailedError
from async_rollout.core.observation import Target

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One source's answer. at: AWS's time of it; targets: (instance id, target), an instance once a port.

    handles: by instance id, by what an act addresses it there, where that is no instance id; of those too that the
    source has let go of, as they may be put back. unsettled: by name, what it moves off instances that go, and why
    that has not come to rest, in words; of all that there is, whoever has disturbed it.
    """

    at: float
    targets: tuple[tuple[str, Target], ...] = ()
    handles: Mapping[str, str] = field(default_factory=dict)
    unsettled: Mapping[str, str] = field(default_factory=dict)


async def found(answer: Awaitable[T]) -> T | None:
    """The answer; None where AWS says that there is no such source. Raises CallFailedError for everything else."""
    try:
        return await answer
    except CallFailedError as failed:
        if failed.not_found:
            return None
        raise


def reason(code: str | None, description: str | None) -> str:
    """AWS's code and words as one text, the code first; each may be missing."""
    return f"{code}: {description}" if code and description else code or description or ""
