"""The walkthrough and the words for a stage that people read are the tables of the program.

`pytest tests/docs --rewrite-walkthrough` writes it anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from async_rollout.core.life import STEPS
from async_rollout.core.stages import Stage
from async_rollout.core.walkthrough import WALKTHROUGH
from support.pages import PAGES, page, part

PHASES = {"before": "before", "loop": "for each old instance", "after": "after"}


def walkthrough() -> str:
    """The stages table as the page prints it."""
    lines = [f"{n}. _({PHASES[step.phase]})_ {step.text}" for n, step in enumerate(WALKTHROUGH, start=1)]
    return "\n".join(lines) + "\n"


def stages() -> str:
    """The words for where an instance stands, as the page prints them."""
    rows = (f"| {stage} | {STEPS[stage].text} |" for stage in Stage)
    return "\n".join(("| word | what it means |", "|---|---|", *rows)) + "\n"


@pytest.mark.parametrize(("name", "told"), [("walkthrough", walkthrough), ("stages", stages)])
def test_what_the_page_tells_of_a_life_is_the_programs_table(
    name: str, told: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--rewrite-walkthrough"):
        marked = f"<!-- {name} -->\n{told()}<!-- /{name} -->"
        old = rf"<!-- {name} -->\n.*?<!-- /{name} -->"
        new = re.sub(old, lambda found: marked, page("start"), flags=re.DOTALL)
        (PAGES / "start.md").write_text(new, encoding="utf-8")
    assert part(page("start"), name) == told()
