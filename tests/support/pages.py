"""The README and the pages for users, and the marked parts of them that tests hold against the program."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = ROOT / "async_rollout" / "docs"


def page(topic: str) -> str:
    """The text of one page."""
    return (PAGES / f"{topic}.md").read_text(encoding="utf-8")


def part(text: str, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found, f"there is no part {name}"
    return found[1]


def rows(table: str) -> list[list[str]]:
    """The cells of a Markdown table, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def command(text: str, name: str) -> str:
    """The line of shell behind `<!-- command: name -->`."""
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", text)
    assert found, f"there is no command {name}"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
