"""Text from outside (AWS, hooks, tags) made fit to show: it can say anything and do nothing.

No control character reaches a terminal, no direction mark turns a line round, no line of it is a command to a CI
runner (those of GitHub begin a line with `::`, older ones stand anywhere after `##`).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2_000
"""Characters of one text that are shown; a log line of more helps nobody."""

BRIEF = 200
"""Characters of what is told again and again."""

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_BREAKS = frozenset("\t\n\r\u2028\u2029")
_CI_ORDER = re.compile(r"##(?=\w*\[)")


def safe(text: object) -> str:
    """One line of plain text; what is hidden or steers a terminal is left out."""
    whole = str(text)
    if whole.isprintable() and "##" not in whole and len(whole) <= LONGEST:
        return whole  # nearly always, and the rows of a screen ask it often
    shown = "".join(map(_shown, whole[:LONGEST]))
    calm = _CI_ORDER.sub("# #", shown)
    return f"{calm}…" if len(whole) > LONGEST else calm


def no_order(line: str) -> str:
    """A line that a CI runner takes for nothing but text, whatever name it begins with."""
    return f"| {line}" if line.lstrip().startswith("::") else line


def brief(text: object) -> str:
    """The same, cut to about two lines of a terminal: an error may hold a whole page of HTML."""
    shown = safe(text)
    return shown if len(shown) <= BRIEF else f"{shown[:BRIEF]}…"


def _shown(letter: str) -> str:
    """Every kind of space or line break is a plain space."""
    kind = unicodedata.category(letter)
    if letter in _BREAKS or kind == "Zs":
        return " "
    return "" if kind in _HIDDEN else letter
