"""AWS's own texts of failed launches, as people reported them: a kind and a text a line of the table."""

from __future__ import annotations

import csv
from pathlib import Path

_TABLE = Path(__file__).parents[1] / "field" / "launch-failures.tsv"


def launch_texts() -> list[tuple[str, str]]:
    """(kind, text) of each."""
    with _TABLE.open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["kind"], row["text"]) for row in rows]


def texts_of(*kinds: str) -> list[str]:
    """The texts of some kinds."""
    return [text for kind, text in launch_texts() if kind in kinds]
