"""The tag that names scheduled actions: what fell due while they were suspended must be known after a kill, too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from async_rollout.core.journal import Due

VALUE_LENGTH, NAME_LENGTH = 240, 40
"""Letters of the whole tag, and of one name in it."""


def due_of(name: str, at: float) -> Due:
    """A scheduled action as the tag has it: its name in the tags' alphabet, without what parts the words."""
    return Due(int(at), re.sub(r"[^A-Za-z0-9+\-._:@]", ".", name)[:NAME_LENGTH])


def fitting(several: Iterable[Due]) -> tuple[Due, ...]:
    """As many of them as the tag holds, the first ones first."""
    found, length = list[Due](), 0
    for due in several:
        length += len(written((due,))) + 1
        if length > VALUE_LENGTH:
            break
        found.append(due)
    return tuple(found)


def written(several: Iterable[Due]) -> str:
    """As the tag's value."""
    return " ".join(f"{due.at}/{due.name}" for due in several)


def read(text: str) -> tuple[Due, ...]:
    """Back again. Raises ValueError for what is of another form."""
    return tuple(map(_read, text.split(" "))) if text else ()


def _read(word: str) -> Due:
    found = re.fullmatch(r"([0-9]{1,11})/([A-Za-z0-9+\-._:@]{1,40})", word)
    if not found:
        raise ValueError("a scheduled action that is none")
    return Due(int(found[1]), found[2])
