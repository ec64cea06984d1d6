"""What the README promises is so: the two commands, the picture, the comparison, and where the rest is."""

from __future__ import annotations

import re

from async_rollout.cli.docs import TOPICS
from support.pages import README, ROOT, command, page, part, rows

TEXT = README.read_text(encoding="utf-8")
WORDS_MOST = 1_800
"""Who reads more wants a page."""


def test_the_two_commands_set_up_what_they_need() -> None:
    for name, end in (("demo", ".venv/bin/async-rollout demo"), ("tests", ".venv/bin/python -m pytest -n auto")):
        line = command(TEXT, name)
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert line.endswith(end)


def test_it_is_read_in_a_few_minutes() -> None:
    assert len(TEXT.split()) <= WORDS_MOST


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert "examples/live.svg" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_it_names_every_page_in_the_order_of_the_list() -> None:
    named = [cells[0] for cells in rows(part(TEXT, "topics"))]
    assert named == [f"[{topic}](async_rollout/docs/{topic}.md)" for topic in TOPICS]


def test_what_it_compares_is_what_the_page_says() -> None:
    short, long = (rows(part(text, "comparison")) for text in (TEXT, page("beside-instance-refresh")))
    assert 5 <= len(short) < len(long)
    assert [cells for cells in short if cells not in long] == []
