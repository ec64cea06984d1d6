"""How code is broken on purpose: a `Sabotage` and the few ways to patch that the lists of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from async_rollout.core.actions import Decision, Record
from async_rollout.core.journal import Journal


class Patch(Protocol):
    """What breaking needs of pytest's MonkeyPatch."""

    def setattr(self, target: Any, name: str, value: Any) -> None:
        """Put something else in the place of an attribute."""


Spoil = Callable[[Patch], None]


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """name: what is broken; law: how the sentence of the ground truth that catches it begins; story: where it shows.

    guard: the law by which the tool's own guard stops it before; then the ground truth is asked with the guard off.
    """

    name: str
    law: str
    spoil: Spoil
    story: Callable[[], list[str]]
    guard: str = ""


def swap(target: Any, name: str, new: Any) -> Spoil:
    return lambda patch: patch.setattr(target, name, new)


def around(target: Any, name: str, change: Callable[..., Any]) -> Spoil:
    """change: given the real function and its arguments."""

    def spoil(patch: Patch) -> None:
        real = getattr(target, name)
        patch.setattr(target, name, lambda *args, **more: change(real, *args, **more))

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(patch: Patch) -> None:
        for one in spoils:
            one(patch)

    return spoil


def of_result(target: Any, name: str, **fields: Any) -> Spoil:
    """Some fields of what it gives back are others; a callable is given the real result."""

    def change(real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        return replace(found, **{name: one(found) if callable(one) else one for name, one in fields.items()})

    return around(target, name, change)


def nothing(*_: Any, **__: Any) -> tuple[()]:
    """No cause, no objection, no line."""
    return ()


def yes(*_: Any, **__: Any) -> bool:
    return True


def no(*_: Any, **__: Any) -> bool:
    return False


def draft_as_it_is(draft: Any, *_: Any, **__: Any) -> Any:
    return draft


def without_cause(target: Any, name: str, word: str) -> Spoil:
    """A question of `trouble` that overlooks the causes with this word."""
    return around(target, name, lambda real, draft: (one for one in real(draft) if word not in one.text))


def rewritten(change: Callable[[Journal], Journal]) -> Callable[..., Decision]:
    """A decision whose Record is another one."""

    def changed(real: Callable[..., Decision], *args: Any) -> Decision:
        decision = real(*args)
        acts = (
            replace(one, journal=change(one.journal)) if isinstance(one, Record) else one for one in decision.actions
        )
        return replace(decision, actions=tuple(acts))

    return changed
