"""What a group launches from, as the record keeps it: as found, as wanted, and where a rollback leads.

Each is spelled as AWS spells it: `lt-0abc:41`, `lt-0abc:$Latest`, `lt-0abc:` where no version was ever given,
`lc:web-41`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 90
"""Letters of a spelling that the record's tag holds: two of them, and what is beside."""
SAME = "f"
"""In the place of what is spelled as found."""
_WORD = re.compile(r"(?:lt-[0-9a-z]{1,40}:(?:[0-9]{1,19}|@Latest|@Default)?|lc:[A-Za-z0-9.:_/+\-]{1,87})")
_POLICY = re.compile(r"[0-9a-f]{8}")


class Back(StrEnum):
    """How far a rollback is. DUE: it begins when all is put back. OVER: it was called off. FAILED: all is put back."""

    NOT = "n"
    DUE = "d"
    BEGUN = "b"
    OVER = "o"
    FAILED = "f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """See the module's docstring. found: when the run began. wanted: what it sets; as found where it sets nothing.

    policy: a digest of all else that its mixed policy said then. toward: what is rolled back to; back: how far that is;
    while it is none, toward is what the run before has set and this one does not want.
    """

    found: str
    wanted: str
    policy: str = ""
    toward: str = ""
    back: Back = Back.NOT

    def due(self, *, restoring: bool) -> str:
        """What the group is to launch from now."""
        if self.back is not Back.NOT:
            return self.toward
        return self.found if restoring else self.wanted

    @property
    def led_to(self) -> str:
        """Where a rollback leads, or led before it was over; empty where there was none."""
        return "" if self.back is Back.NOT else self.toward

    @property
    def ours(self) -> frozenset[str]:
        """What it may launch from meanwhile: anything else was set by others."""
        return frozenset({self.found, self.wanted, self.toward} - {""})


def is_alias(spelled: str) -> bool:
    """It names no version for good: what it stands for may move."""
    return not spelled.startswith("lc:") and not spelled.partition(":")[2].isdigit()


def fits(spelled: str) -> bool:
    """Whether the record can hold it."""
    return len(spelled) <= LONGEST and _WORD.fullmatch(_word(spelled)) is not None


def told(templates: Templates) -> str:
    """As the pairs of a tag."""
    found, others = templates.found, (templates.wanted, templates.toward)
    wanted, toward = (SAME if text == found else _word(text) or "-" for text in others)
    return f"tf={_word(found)} tw={wanted} tp={templates.policy or '-'} tt={toward} tb={templates.back.value}"


def read(pairs: Mapping[str, str]) -> Templates:
    """Of a tag's pairs. Raises ValueError for what is not of our making."""
    found = _spelled(pairs["tf"], "")
    if pairs["tp"] != "-" and not _POLICY.fullmatch(pairs["tp"]):
        raise ValueError("a policy that is none")
    one = Templates(
        found=found,
        wanted=_spelled(pairs["tw"], found),
        policy="" if pairs["tp"] == "-" else pairs["tp"],
        toward=_spelled(pairs["tt"], found),
        back=Back(pairs["tb"]),
    )
    if not one.found or not one.wanted or (one.back is not Back.NOT and not one.toward):
        raise ValueError("a template that is none")
    return one


def _word(spelled: str) -> str:
    """In the tags' alphabet, which has no dollar sign."""
    return spelled.replace("$", "@")


def _spelled(word: str, found: str) -> str:
    if word == "-" or (word == SAME and found):
        return found if word == SAME else ""
    if not _WORD.fullmatch(word):
        raise ValueError(f"a template that is none: {word[:24]!r}")
    return word.replace("@", "$")
