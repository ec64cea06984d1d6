"""A view is a file and one line: the option's choices, its help, its errors and what `auto` takes follow from those."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from async_rollout.render import choices
from async_rollout.render.jsonl import Jsonl
from support.terminal import ENTRY, Tool
from support.told import BAD

VIEW = '''
"""A view that counts: its file."""

class Counting:
    in_place = False

    def __init__(self, write, verbose):
        self.write, self.verbose, self.events = write, verbose, 0

    def tell(self, event):
        self.events += 1

    def say(self, line):
        self.write(f"said {line}")

    def record(self, type, body):
        self.write(f"data {type}")

    def end(self, code, error=""):
        self.write(f"{self.events} events, {code}, {self.verbose}")


def view(write, *, verbose=False, behind):
    return Counting(write, verbose)
'''
LINE = """
import async_rollout.render as render
render.RENDERERS += (render.Renderer(
    name="counted", about="a number", module="counting", stream="stdout", when="where things are counted",
    fits=lambda environment, terminal: "COUNTED" in environment, drawn="DRAWN" in __import__("os").environ,
),)
"""
LOADED = """
import atexit, sys
atexit.register(lambda: print("loaded", *sorted(one for one in sys.modules if one.startswith("async_rollout.render."))))
"""


@pytest.fixture
def counted(tool: Tool, tmp_path: Path) -> Tool:
    """Command lines of a program that has one more view."""
    (tmp_path / "counting.py").write_text(VIEW)
    (tmp_path / "sitecustomize.py").write_text(LINE)
    tool.environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    return tool


@pytest.fixture
def recording(tmp_path: Path) -> str:
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in BAD:
        view.tell(event)
    file = tmp_path / "run.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    return str(file)


def test_a_command_shows_it(counted: Tool, recording: str) -> None:
    done = counted("replay", recording, "--output", "counted", "-v")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"{len(BAD)} events, 0, True"
    counted.environment["ASYNC_ROLLOUT_OUTPUT"] = "counted"
    assert f"{len(BAD)} events" in counted("replay", recording).stdout


def test_it_is_chosen_where_it_says_that_it_fits(counted: Tool, recording: str) -> None:
    assert "events" not in counted("replay", recording).stdout
    counted.environment["COUNTED"] = "1"
    assert f"{len(BAD)} events" in counted("replay", recording).stdout


def test_one_that_draws_gives_way_where_there_is_no_terminal(counted: Tool, recording: str) -> None:
    counted.environment["DRAWN"] = "1"
    done = counted("replay", recording, "--output", "counted")
    assert "events" not in done.stdout and "api" in done.stderr


def test_results_come_to_it_as_data(counted: Tool, serve: object) -> None:
    serve("at-max")  # type: ignore[operator]
    assert "data plan" in counted("plan", "-a", "web", "--output", "counted").stdout


def test_help_and_errors_name_it(counted: Tool, recording: str) -> None:
    text = " ".join(counted("run", "--help").stdout.split())
    assert f"--output <{'|'.join((*choices(), 'counted'))}>" in text
    assert "counted: a number." in text and "counted where things are counted, else plain." in text
    done = counted("replay", recording, "--output", "drawn")
    assert done.returncode == 2
    assert f"'drawn' is not one of {', '.join(map(repr, (*choices(), 'counted')))}" in done.stderr


def test_a_shell_completes_it(counted: Tool) -> None:
    counted.environment.update(_ASYNC_ROLLOUT_COMPLETE="complete_bash", COMP_WORDS="it run --output co", COMP_CWORD="3")
    assert "counted" in counted().stdout


def test_no_other_view_is_loaded_for_it(counted: Tool, recording: str) -> None:
    code = LOADED + ENTRY.format(entry="main")
    done = subprocess.run(
        [counted.python, "-c", code, "replay", recording, "--output", "counted"],
        env=counted.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seen = {one.removeprefix("async_rollout.render.") for one in done.stdout.splitlines()[-1].split()}
    assert "recorded" in seen and seen & {"live", "plain", "github"} == set()


def test_what_events_writes_is_json_all_the_same(counted: Tool, recording: str, tmp_path: Path) -> None:
    counted("replay", recording, "--output", "counted", "--events", str(tmp_path / "again.jsonl"))
    assert json.loads((tmp_path / "again.jsonl").read_text().splitlines()[0])["seq"] == 1
