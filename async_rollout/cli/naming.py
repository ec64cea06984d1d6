"""Which groups are meant: names as they were typed, patterns such as `web-*`, and near names where one is wrong.

An exact name wins, since the names of groups may hold a star themselves. AWS's list of all groups is asked only for a
pattern, and once a name was not found.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio

from async_rollout.cli.faults import flat
from async_rollout.cli.options import named
from async_rollout.errors import RolloutError, UnknownGroupError
from async_rollout.render.safe import safe

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud
    from async_rollout.cli.console import Console

STAR = "*"
"""Any letters, or none; every other sign of a pattern is itself."""
NEAR = 3
"""So many names are offered for one that is wrong."""
LISTED = 20
"""So many names that a pattern matched are told; of the rest only the number."""
LISTING = 30.0
"""Seconds that the list of names may take where it only makes an error clearer."""


@asynccontextmanager
async def groups_of(cloud: AwsCloud, console: Console, given: Sequence[str]) -> AsyncIterator[tuple[str, ...]]:
    """The names of the groups that are meant; where the block finds one unknown, the error says what is near it.

    Raises UsageError for an empty name, UnknownGroupError for a pattern that no group matches.
    """
    asked = named(list(given))
    names = await _spread(cloud, console, asked) if any(STAR in name for name in asked) else asked
    try:
        yield names
    except (UnknownGroupError, BaseExceptionGroup) as error:
        if not isinstance(unknown := flat(error), UnknownGroupError):
            raise
        raise UnknownGroupError(f"{unknown}{await _hint(cloud, names)}") from None


async def _spread(cloud: AwsCloud, console: Console, asked: Sequence[str]) -> tuple[str, ...]:
    there = await cloud.names()
    found = {name: matched(name, there) for name in asked}
    if nothing := [name for name, names in found.items() if not names and STAR in name]:
        whole = "; nothing was touched, in no group"
        raise UnknownGroupError(f"no group matches {', '.join(nothing)}{near(nothing, there)}{whole}")
    for name, names in found.items():
        if names != (name,) and STAR in name:
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            count = f"{len(names)} group{'s' * (len(names) != 1)}"
            console.say(f"{safe(name)} is {count}: {', '.join(map(safe, names[:LISTED]))}{more}")
    return tuple(dict.fromkeys(group for name, names in found.items() for group in names or (name,)))


def matched(name: str, there: Sequence[str]) -> tuple[str, ...]:
    """The groups that a name or a pattern means, of those that are there."""
    if name in there:
        return (name,)
    pattern = re.compile(".*".join(map(re.escape, name.split(STAR))), re.DOTALL)
    return tuple(sorted(group for group in there if pattern.fullmatch(group)))


def near(wrong: Sequence[str], there: Sequence[str]) -> str:
    """Names much like those that were not found, in words; empty if there are none."""
    close = [(name, _close(name, there)) for name in wrong]
    said = [f"near {name}: {', '.join(names)}" for name, names in close if names]
    return f" ({'; '.join(said)})" if said else ""


def _close(name: str, there: Sequence[str]) -> list[str]:
    """Best first. A pattern is laid beside the beginnings of names."""
    bare = name.replace(STAR, "").casefold()
    length = len(bare) if STAR in name else None
    alike: dict[str, str] = {}
    for known in there:
        alike.setdefault(known.casefold()[:length], known)
    return [alike[known] for known in difflib.get_close_matches(bare, alike, n=NEAR, cutoff=0.6)]


async def _hint(cloud: AwsCloud, names: Sequence[str]) -> str:
    """What cannot be listed in time is no hint; the error itself stands."""
    with suppress(RolloutError), anyio.move_on_after(LISTING):
        there = await cloud.names()
        return near([name for name in names if name not in there], there)
    return ""
