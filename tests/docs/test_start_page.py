"""The walkthrough that people read is the stages table of the program.

`pytest tests/docs --rewrite-walkthrough` writes it anew.
"""

from __future__ import annotations

import re

import pytest

from async_rollout.core.walkthrough import WALKTHROUGH
from support.pages import PAGES, page, part

PHASES = {"before": "before", "loop": "for each old instance", "after": "after"}


def walkthrough() -> str:
    """The stages table as the page prints it."""
    lines = [f"{n}. _({PHASES[step.phase]})_ {step.text}" for n, step in enumerate(WALKTHROUGH, start=1)]
    return "\n".join(lines) + "\n"


def test_the_walkthrough_is_the_stages_table(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-walkthrough"):
        marked = f"<!-- walkthrough -->\n{walkthrough()}<!-- /walkthrough -->"
        old = r"<!-- walkthrough -->\n.*?<!-- /walkthrough -->"
        new = re.sub(old, lambda found: marked, page("start"), flags=re.DOTALL)
        (PAGES / "start.md").write_text(new, encoding="utf-8")
    assert part(page("start"), "walkthrough") == walkthrough()
