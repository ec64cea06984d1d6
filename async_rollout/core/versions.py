"""The form of the record by version: which keys each of its tags has, and what stands for one that came later.

Writers write `VERSION`; readers read every released version. A later one, or a key or tag that no released version has,
is not touched: it may say something that must not be overlooked. No key and no letter ever changes its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

VERSION = 2
NEEDS = "0.2.0"
"""The first release that reads what this one writes: told in the head, for those that do not."""

FIRST: Mapping[str, frozenset[str]] = {
    "head": frozenset({"v", "g", "run", "until", "goal", "cut", "tpl", "lanes", "began"}),
    "found": frozenset({"min", "des", "max", "base", "ask", "up", "from", "susp", "new", "lost", "even"}),
    "lane": frozenset({"at", "ip", "pub", "not", "odd", "b", "d", "k", "own"}),
    "template": frozenset(),
}
"""The keys of version 1, by tag."""
ADDED: Mapping[int, Mapping[str, Mapping[str, str]]] = {
    2: {
        "head": {"needs": NEEDS, "cmd": "-", "open": "0", "tem": "0", "sched": "0", "mov": "0"},
        "found": {"old": "0", "gone": "0", "apart": "0", "way": "d", "tok": "0", "can": "0", "set": "0", "sunk": "0"},
        "lane": {"q": "e", "stay": "0"},
        "template": {"tf": "-", "tw": "-", "tp": "-", "tt": "-", "tb": "n"},
    },
}
"""What each later version added, and the default that a record of an earlier one is read with."""
TAGS = frozenset({"head", "found", "holder", "cause", "open", "template", "sched"})
"""Beside one a departure."""


class NewerError(Exception):
    """A later release wrote this record."""


def keys_of(tag: str, version: int) -> frozenset[str]:
    """Every key of a tag in one version."""
    later = (added.get(tag, {}) for since, added in ADDED.items() if since <= version)
    return FIRST[tag].union(*later)


def ask_version(head: str, tags: Collection[str]) -> int:
    """The record's version, of the head's text: all else in it may be of a form that comes later.

    Raises NewerError where it, or one of its tags, is of a later release; ValueError where there is none.
    """
    version = re.search(r"(?:^| )v=([1-9][0-9]{0,3})(?: |$)", head)
    if version is None:
        raise ValueError("a version that is none")
    if int(version[1]) > VERSION or any(tag not in TAGS and not tag.startswith("lane:") for tag in tags):
        raise NewerError(_needs(head))
    return int(version[1])


def read_as(tag: str, pairs: Mapping[str, str], version: int, head: str) -> dict[str, str]:
    """A tag's pairs, completed with the defaults of what its version lacks. Raises NewerError for an unknown key."""
    if pairs.keys() - keys_of(tag, version):
        raise NewerError(_needs(head))
    lacking = (added.get(tag, {}) for since, added in ADDED.items() if since > version)
    return {key: value for later in lacking for key, value in later.items()} | dict(pairs)


def _needs(head: str) -> str:
    told = re.search(r" needs=([0-9]{1,4}(?:\.[0-9]{1,4}){1,3})(?: |$)", head)
    release = f"async-rollout >= {told[1]}" if told and told[1] != NEEDS else "a later async-rollout"
    return f"the record in its tags needs {release}: a run of that release is at work, or left it"
