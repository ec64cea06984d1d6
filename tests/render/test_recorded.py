"""Event lines: the schema they promise, and back into the very events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import Event
from async_rollout.errors import UsageError
from async_rollout.render import schema as schema_home
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.recorded import Ended, recordings
from async_rollout.render.schema import EVENTS, of_type, schema
from support.told import EVERYTHING

CHECK = jsonschema.Draft202012Validator(schema())


def written(events: tuple[Event, ...], code: int | None = 0, error: str = "") -> list[str]:
    lines: list[str] = []
    view = Jsonl(lambda line: lines.append(f"{line}\n"))
    for event in events:
        view.tell(event)
    if code is not None:
        view.end(code, error)
    return lines


def test_the_published_schema_is_that_of_the_events() -> None:
    file = Path(schema_home.__file__).with_name("events.schema.json")
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_kind_of_event_keeps_to_it() -> None:
    assert {type(event).__name__ for event in EVERYTHING} == {kind.__name__ for kind in EVENTS.values()}
    for line in written(EVERYTHING, 9, "torn"):
        CHECK.validate(json.loads(line))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "other"},
        {"schema": 1},
        {"schema": 3},
        {"seq": 0},
        {"at": "noon"},
        {"group": None},
        {"stage": 3},
        {"seq": None},
    ],
)
def test_what_is_no_event_line_does_not(change: dict[str, Any]) -> None:
    line = next(json.loads(line) for line in written(EVERYTHING) if json.loads(line)["type"] == "stage_changed")
    CHECK.validate(line)
    assert not CHECK.is_valid(line | change)
    assert not CHECK.is_valid({key: value for key, value in line.items() if key not in change})


@given(st.lists(st.sampled_from(EVERYTHING), max_size=30).map(tuple), st.integers(0, 143), st.text(max_size=20))
def test_what_was_written_is_read_again(events: tuple[Event, ...], code: int, error: str) -> None:
    (run,) = recordings(written(events, code, error), "x")
    assert (tuple(run.events), run.ended) == (events, Ended(code=code, error=error))


def test_several_runs_in_one_file_are_told_apart_and_a_killed_one_has_no_end() -> None:
    one, two, three = written(EVERYTHING, None), written(EVERYTHING[:3], 1), written((), 3, "no such group")
    found = recordings([*one, *two, *three], "x")
    assert [len(run.events) for run in found] == [len(EVERYTHING), 3, 0]
    assert [run.ended for run in found] == [None, Ended(code=1, error=""), Ended(code=3, error="no such group")]


def test_a_last_line_that_is_cut_off_is_left_out() -> None:
    *whole, last = written(EVERYTHING, None)
    (run,) = recordings([*whole, last[: len(last) // 2]], "x")
    assert tuple(run.events) == EVERYTHING[:-1]


def test_types_and_keys_that_are_not_known_yet_are_left_out() -> None:
    line = json.loads(written(EVERYTHING[:1], None)[0])
    newer = [json.dumps(line | {"more": [1]}) + "\n", json.dumps(line | {"type": "moon", "seq": 2}) + "\n"]
    (run,) = recordings(newer, "x")
    assert tuple(run.events) == EVERYTHING[:1]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 0},
        {"schema": True},
        {"schema": None},
        {"seq": "1"},
        {"seq": True},
        {"at": []},
        {"at": True},
        {"at": float("nan")},
        {"at": float("inf")},
        {"at": 1e12},
        {"text": None},
        {"type": 3},
    ],
)
def test_a_bad_line_is_named(change: dict[str, Any]) -> None:
    line = json.loads(written(EVERYTHING[:1], None)[0])
    with pytest.raises(UsageError, match=r"day\.jsonl, line 2 is no event line of schema 1 or 2"):
        recordings(["\n", json.dumps(line | change) + "\n"], "day.jsonl")


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_later_schema_is_refused_with_what_is_needed(end: str) -> None:
    line = json.loads(written(EVERYTHING[:1], None)[0]) | {"schema": 3}
    with pytest.raises(UsageError, match=r"day\.jsonl, line 2 is of schema 3, of a later release .*update it"):
        recordings(["\n", json.dumps(line) + end], "day.jsonl")


def test_runs_of_several_schemas_in_one_file_are_each_read_by_their_own() -> None:
    """As `--events` appends them while releases change."""
    early = (Path(__file__).parent / "recorded" / "run.jsonl").read_text(encoding="ascii").splitlines(keepends=True)
    first, second = recordings(early, "x"), recordings(written(EVERYTHING, 9), "x")
    assert recordings([*early, *written(EVERYTHING, 9), *early], "x") == [*first, *second, *first]


@pytest.mark.parametrize("text", ["[]\n", "{}\n", "nonsense\n", "3\n", '{"type": "warned", "schema": 1, "seq": 1}\n'])
def test_what_is_no_object_of_ours_is_named_too(text: str) -> None:
    with pytest.raises(UsageError, match="line 1"):
        recordings([text], "x")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda more: st.lists(more) | st.dictionaries(
    st.sampled_from(["type", "schema", "seq", "at", "group", "verdict", "waits", "x"]), more)))  # fmt: skip
def test_any_json_is_an_event_or_a_clear_error(body: Any) -> None:
    """Also where a good line is spoiled in one place."""
    spoiled = [{**json.loads(line), "verdict": body, "waits": body} for line in written(EVERYTHING[-2:], 0)]
    said = []
    for whole in (body, *spoiled):
        try:
            recordings([json.dumps(whole) + "\n"], "x")
        except UsageError as error:
            said.append(str(error))
    assert all("line 1" in one for one in said)


def test_a_type_that_no_event_has_cannot_be_described() -> None:
    with pytest.raises(TypeError, match="no event has"):
        of_type(bytes)
