"""`python tests/field`: runs the situations from the field and prints each row with what became of it.

A row's tests stand in a file of their own, and their names begin with it: `test_c1_...` belongs to row C1.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_ROW = re.compile(r"test_([a-z])(\d+)_")


class Table:
    """Collects how each row's tests ended."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _ROW.search(report.nodeid.rpartition("::")[2])
        if found and (report.when == "call" or report.outcome != "passed"):
            self.rows[found[1].upper(), int(found[2])].append(report.outcome)

    def lines(self) -> list[str]:
        """One line a row: passed only if every test of it was."""
        return [
            f"{letter}{number}: {_worst(ends)} ({len(ends)})" for (letter, number), ends in sorted(self.rows.items())
        ]


def _worst(ends: list[str]) -> str:
    return next((end for end in ("failed", "skipped") if end in ends), "passed")


def main() -> int:
    """The exit code is pytest's."""
    table = Table()
    code = int(pytest.main(["-q", "--no-header", str(HERE), *sys.argv[1:]], plugins=[table]))
    sys.stdout.write("\n".join(["", *table.lines(), ""]))
    return code


if __name__ == "__main__":
    sys.exit(main())
