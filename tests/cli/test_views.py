"""Which view it is, and where it speaks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from async_rollout.cli.console import Console, chosen
from async_rollout.cli.options import Viewing
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.sink import Sink
from support.terminal import Tool
from support.told import BAD

TERMINAL = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("output", "environment", "terminal", "name"),
    [
        ("auto", TERMINAL, True, "live"),
        ("auto", TERMINAL, False, "plain"),
        ("auto", {"TERM": "dumb"}, True, "plain"),
        ("auto", {}, True, "plain"),
        ("auto", TERMINAL | {"CI": "true"}, True, "plain"),
        ("auto", {"CI": "true", "GITHUB_ACTIONS": "true"}, False, "github"),
        ("live", TERMINAL | {"CI": "true"}, True, "live"),
        ("live", TERMINAL, False, "plain"),
        ("live", {"TERM": "dumb"}, True, "plain"),
        ("json", TERMINAL, True, "json"),
        ("plain", {"GITHUB_ACTIONS": "true"}, True, "plain"),
    ],
)
def test_the_view_that_fits(
    monkeypatch: pytest.MonkeyPatch, output: str, environment: dict[str, str], terminal: bool, name: str
) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: terminal)
    assert chosen(output, environment) == name


def test_in_github_actions_there_are_annotations_and_a_step_summary(tool: Tool, tmp_path: Path) -> None:
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in BAD:
        view.tell(event)
    file, page = tmp_path / "run.jsonl", tmp_path / "summary.md"
    file.write_text("".join(f"{line}\n" for line in lines))
    tool.environment.update(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page))
    done = tool("replay", str(file))
    assert done.returncode == 0
    assert "::error title=async-rollout api::stuck" in done.stderr and "::group::api" in done.stderr
    assert "| api | stuck: the restore could not end | 0 of 1 | 20s | async-rollout run -a api" in page.read_text()
    tool.environment.update(GITHUB_STEP_SUMMARY=str(tmp_path / "nowhere" / "x"))
    assert "the step summary could not be written: No such file" in tool("replay", str(file)).stderr


def test_a_report_is_written_at_the_end_or_refused_at_the_beginning(tool: Tool, tmp_path: Path) -> None:
    file, page = tmp_path / "run.jsonl", tmp_path / "page.html"
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in BAD:
        view.tell(event)
    file.write_text("".join(f"{line}\n" for line in lines))
    assert tool("replay", str(file), "--report", str(page)).returncode == 0
    assert "the restore could not end" in page.read_text()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["page.html", "run.jsonl"]
    refused = tool("run", "-a", "web", "--report", str(tmp_path / "nowhere" / "x.html"))
    assert refused.returncode == 2
    assert "x.html: No such file or directory" in refused.stderr


def test_a_name_that_is_an_order_is_none_wherever_it_is_said(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("err", "out")]
    with paths[0].open("wb") as err, paths[1].open("wb") as out:
        errors, results = Sink(err.fileno()), Sink(out.fileno())
        console = Console(Viewing(output="plain"), errors, results, None)
        console.say("::error::x", "  ::add-mask::y")
        console.result("::stop-commands::z: nothing is under way")
        console.end(0)
        console.close()
    assert paths[0].read_text().splitlines() == ["| ::error::x", "|   ::add-mask::y"]
    assert paths[1].read_text() == "| ::stop-commands::z: nothing is under way\n"
