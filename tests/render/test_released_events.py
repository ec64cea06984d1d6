"""What every release wrote of its runs is read by this one: each line keeps to its schema, each view shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from async_rollout.core.events import FleetEnded
from async_rollout.render import RENDERERS, view
from async_rollout.render import schema as schema_home
from async_rollout.render.recorded import Recording, recordings
from async_rollout.render.report import Report
from async_rollout.render.schema import EVENTS
from async_rollout.render.schema1 import translated

RECORDED = Path(__file__).parent / "recorded"
RELEASED = Path(__file__).parent / "released"
RELEASES = {"0.1.0": 1}
"""The schema of each."""
FILES = [
    pytest.param(file, schema, id=f"{release} {file.stem}")
    for release, schema in RELEASES.items()
    for file in sorted((RELEASED / release).glob("*.jsonl"))
] + [pytest.param(RECORDED / "run.jsonl", 1, id="after 0.1.0")]
ENDS = {
    "done": [0], "killed-and-restored": [None, 0], "killed-and-resumed": [None, 0], "never-healthy": [1],
    "paused": [6, 0], "some-turned-back": [10], "stopped": [130], "stopped-and-resumed": [130, 0], "turned-back": [10],
    "warned": [0], "run": [10],
}  # fmt: skip
"""The exit code of each run in a file; None: it was killed."""
LATER = {"enrolled", "canary_passed", "newcomer_failed"}
"""What no release told yet that is recorded here."""


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").splitlines(keepends=True)


def frozen(number: int) -> Any:
    file = Path(schema_home.__file__).with_name(f"events.schema.{number}.json")
    return json.loads(file.read_text(encoding="utf-8"))


def known(file: Path) -> int:
    """How many of its lines are events."""
    return sum(json.loads(line)["type"] != "summary" for line in lines(file))


def read(file: Path) -> list[Recording]:
    return recordings(lines(file), file.name)


@pytest.mark.parametrize(("file", "schema"), FILES)
def test_each_line_keeps_to_the_schema_of_its_release(file: Path, schema: int) -> None:
    check = jsonschema.Draft202012Validator(frozen(schema))
    assert [line for line in lines(file) if not check.is_valid(json.loads(line))] == []


@pytest.mark.parametrize(
    "file", [param.values[0] for param in FILES if param.values[1] == 1], ids=lambda file: file.stem
)
def test_a_line_of_schema_1_is_translated_into_one_of_the_present(file: Path) -> None:
    check = jsonschema.Draft202012Validator(schema_home.schema())
    early = (json.loads(line) for line in lines(file))
    assert [line for line in early if not check.is_valid(translated(line))] == []


def test_the_codes_of_schema_1_are_ends_and_its_groups_a_list() -> None:
    file = RELEASED / "0.1.0" / "some-turned-back.jsonl"
    fleet, summary = (json.loads(line) for line in lines(file) if '"fleet_ended"' in line or '"summary"' in line)
    (ended,) = (event for run in read(file) for event in run.events if isinstance(event, FleetEnded))
    assert {end.group: end.code for end in ended.ends} == fleet["codes"] == {"api": 10, "batch": 0}
    assert "codes" not in translated(fleet)
    groups = translated(summary)["groups"]
    assert {group["group"]: group["exit_code"] for group in groups} == fleet["codes"]


@pytest.mark.parametrize(("file", "schema"), FILES)
def test_each_run_is_read_whole(file: Path, schema: int) -> None:
    runs = read(file)
    assert [None if run.ended is None else run.ended.code for run in runs] == ENDS[file.stem]
    assert sum(len(run.events) for run in runs) == known(file)


def shown(run: Recording, name: str) -> Iterator[str]:
    """What the view of that name, or the report, writes of one run."""
    written: list[str] = []
    seen = Report(written.append) if name == "report" else view(name, written.append, verbose=True)
    for event in run.events:
        seen.tell(event)
    if run.ended is not None:
        seen.end(run.ended.code, run.ended.error)
    yield from written


@pytest.mark.parametrize("name", [*(one.name for one in RENDERERS if one.name != "live"), "report"])
@pytest.mark.parametrize(("file", "schema"), FILES)
def test_each_run_is_seen_in_every_view(file: Path, schema: int, name: str) -> None:
    for run in read(file):
        told = "\n".join(shown(run, name))
        groups = {event.group for event in run.events} - {""}
        assert run.ended is None or all(group in told for group in groups)


def test_every_release_and_every_kind_of_event_is_asked() -> None:
    """A folder more is a release more in the list, and a file more an end more."""
    assert {file.name for file in RELEASED.iterdir() if file.is_dir() and file.name[0].isdigit()} == set(RELEASES)
    assert {file.values[0].stem for file in FILES} == set(ENDS)
    seen = {type(event) for file in FILES for run in read(file.values[0]) for event in run.events}
    assert {name for name, kind in EVENTS.items() if kind not in seen} == LATER
