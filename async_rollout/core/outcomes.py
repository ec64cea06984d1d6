"""How acts and hooks were answered, as the engine hears it."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.actions import Action
from async_rollout.core.spec import HookPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchError:
    """Why instances that a Launch asked for did not come, in AWS's code and words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOutcome:
    """How one act was answered: ok True (taken), False (surely not done), None (nobody knows).

    sent False: it was decided and never sent, since one before it was not taken. passing: refused for now only.
    launched, errors: of a Launch, the ids that came and why the rest did not; one that was taken may have brought none.
    """

    action: Action
    at: float
    ok: bool | None
    code: str = ""
    message: str = ""
    denied: bool = False
    passing: bool = False
    sent: bool = True
    launched: tuple[str, ...] = ()
    errors: tuple[LaunchError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOutcome:
    """How one hook ended."""

    point: HookPoint
    instance: str
    ok: bool
    code: int | None = 0
    timed_out: bool = False
    said: str = ""

    @property
    def how(self) -> str:
        """In words, and none of its own: what a command says may hold a secret, and a record is read by many."""
        return "timed out" if self.timed_out else f"ended with {self.code}"


Outcomes = tuple[ActOutcome | HookOutcome, ...]
