"""Law 15: nothing seen in AWS or said by a hook reaches a shell, a terminal or a CI log as anything but data."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import Event, HookSaid, RolloutEnded
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.hooks import ShellHooks
from async_rollout.engine.preview import status
from async_rollout.engine.result import Summary
from async_rollout.engine.tokens import filled, misfit
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.plain import Plain
from async_rollout.render.safe import safe
from async_rollout.render.words import command
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, not_as_found, world_of
from support.processes import CALL, run, silent
from support.told import EVERYTHING

SHELL = [
    "$(touch HACKED)", "`touch HACKED`", "; touch HACKED", "& touch HACKED &", "| touch HACKED", "|| touch HACKED",
    "&& touch HACKED", "'; touch HACKED; '", '"; touch HACKED; "', "\ntouch HACKED\n", "> HACKED", "$(>HACKED)",
    "${IFS}touch${IFS}HACKED", "\\$(touch HACKED)", "\\", "'", '"', "$'\\n'touch HACKED", "*", "~", "!!", "-rf",
    "--help", "../../HACKED", "a b\tc", "() { :;}; touch HACKED", "OLD_INSTANCE_ID", "$OLD_INSTANCE_ID", "%s%n",
    "{0.__class__}", "x" * 2_000,
]  # fmt: skip
TERMINAL = [
    "\x1b[2J", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x1bPq1\x1b\\", "\x1bc", "\x1b(0", "\x9b31m", "\x9d0;t\x9c", "\x90q\x9c", "\x07\x08\x0b\x0c\x7f", "over\rwritten",
    "a\u202eb\u2066c", "a\u200bb\ufeffc", "a\u2028b\u2029c\x85d", "\U000e0041\U000e0042", "\ue000\U0010ffff",
    "[red]x[/red]",
    "[link=http://x]x[/link]", "[@click=app.quit]x[/]", "<script>alert(1)</script>", "e" + "\u0301" * 500,
]  # fmt: skip
CI = [
    "::error::boo", "\n::error file=x::boo", "\r\n::set-output name=a::b", "::stop-commands::x", "::add-mask::a",
    "%0A::error::boo", "##[command]x", "##[error]x", "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStop x='y']",
    "#\u200b#[error]x",
    "\x1b[0m##[error]x", "section_start:0:x\r\x1b[0K", "\n--- FAIL: x", "travis_fold:start:x\r",
]  # fmt: skip
HOSTILE = [*SHELL, *TERMINAL, *CI]
UNFIT = ["a\0b", "#\0#[error]x", "a\ud800b"]
"""What no environment variable can hold."""
ORDER = re.compile(r"##\w*\[")


def shown(events: Iterable[Event]) -> tuple[list[str], list[str]]:
    """The lines of the plain view, with everything in it, and those for programs."""
    plain: list[str] = []
    jsonl: list[str] = []
    views = [Plain(plain.append, verbose=True), Plain(plain.append), Jsonl(jsonl.append)]
    for event in events:
        for view in views:
            view.tell(event)
    for view in views:
        view.end(1, "" if view is not views[2] else "".join(HOSTILE))
    return plain, jsonl


def harmful(plain: list[str], jsonl: list[str]) -> list[str]:
    """Lines that are more than data to somebody."""
    bad = [line for line in plain if not line.isprintable() or ORDER.search(line) or not re.match(r"\d\d:", line)]
    bad += [line for line in jsonl if not (line.isascii() and line.isprintable()) or "##" in line]
    return bad + [line for line in jsonl if not isinstance(json.loads(line), dict)]


# --- to a shell


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_groups_name_reaches_a_hook_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = 'echo OLD_INSTANCE_ID $OLD_INSTANCE_ID; printf %s "$ASYNC_ROLLOUT_GROUP" > told'
    result = await run(told, replace(CALL, group=text))
    assert (result.ok, result.said) == (True, f"{CALL.instance} {CALL.instance}")
    assert (tmp_path / "told").read_bytes() == text.encode()
    assert [file.name for file in tmp_path.iterdir()] == ["told"]


@pytest.mark.parametrize("text", UNFIT)
async def test_a_name_that_no_variable_can_hold_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = await run("touch HACKED", replace(CALL, group=text))
    assert (result.ok, result.code) == (False, None)
    assert result.said.isprintable() and result.said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("field", ["instance", "private_ip", "public_ip"])
async def test_an_id_or_address_that_is_none_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.chdir(tmp_path)
    good = {"instance": CALL.instance, "private_ip": "10.0.0.7", "public_ip": "fe80::1"}[field]
    for text in (*HOSTILE, *UNFIT):
        for value in (text, good + text, text + good, good + "%" + text):
            result = await run("touch HACKED", replace(CALL, **{field: value}))  # type: ignore[arg-type]
            assert (result.ok, result.code) == (False, None), value
            assert result.said.endswith(("the command was not run", "…")), value
            assert result.said.isprintable(), value
    assert not list(tmp_path.iterdir())


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_what_fits_is_made_of_harmless_letters_only(instance: str, private: str, public: str) -> None:
    call = replace(CALL, instance=instance, private_ip=private, public_ip=public)
    text = filled("OLD_INSTANCE_ID OLD_INSTANCE_PRIVATE_IP_ADDRESS OLD_INSTANCE_PUBLIC_IP_ADDRESS", call)
    assert misfit(call) or re.fullmatch(r"[0-9A-Za-z.: -]*", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_command_to_type_names_one_group_and_nothing_else(text: str) -> None:
    assert shlex.split(command("restore", text)) == ["async-rollout", "restore", "-a", safe(text)]


# --- from a hook


@pytest.mark.parametrize("text", [*HOSTILE, *UNFIT[:2]])
async def test_what_a_hook_says_is_data_to_every_view(tmp_path: Path, text: str) -> None:
    said: list[str] = []
    (tmp_path / "said").write_bytes(text.encode() + b"\xff\xc3(\n" + text.encode("utf-16"))
    result = await ShellHooks().run(f"cat {tmp_path}/said; exit 3", CALL, 10, said.append)
    events = [HookSaid(group="web", at=0.0, instance=CALL.instance, point="up-check", line=line) for line in said]
    assert said and all("\x1b" not in line and "\n" not in line for line in (*said, result.said))
    assert harmful(*shown(events)) == []


# --- from AWS


def poisoned(value: object, text: str) -> object:
    """The same event with every text in it replaced."""
    match value:
        case Enum():
            return value
        case str():
            return text
        case tuple():
            return tuple(poisoned(one, text) for one in value)
        case dict():
            return dict.fromkeys([text], next(iter(value.values())))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: poisoned(getattr(value, one.name), text) for one in fields(value)})
        case _:
            return value


@pytest.mark.parametrize("text", [*HOSTILE, *UNFIT])
def test_any_text_of_any_event_is_data_to_every_view(text: str) -> None:
    events: list[Event] = [poisoned(event, text) for event in EVERYTHING]  # type: ignore[misc]
    assert {type(event) for event in events} == set(Event.__args__)
    assert harmful(*shown(events)) == []


@given(st.text(max_size=60))
def test_so_is_any_other_text(text: str) -> None:
    assert harmful(*shown(poisoned(event, text) for event in EVERYTHING)) == []  # type: ignore[misc]


def test_groups_of_any_name_are_rolled_and_told_as_data() -> None:
    async def fails(call: object) -> bool:
        raise ValueError("".join(HOSTILE))

    async def story() -> tuple[World, Told, Summary]:
        world, told = world_of(*HOSTILE, size=1), Told()
        spec = RolloutSpec(hooks=Hooks(after_terminate=fails))
        return world, told, await roll_out(Wayward(world).groups(*HOSTILE), spec, tell=told)

    world, told, summary = run_virtual(story)
    assert {one.verdict.code for one in summary.results} == {6}
    assert not_as_found(world, *HOSTILE, size=1) == []
    assert len(told.of(RolloutEnded)) == len(HOSTILE)
    assert harmful(*shown(told.events)) == []


@pytest.mark.parametrize("text", [*HOSTILE, *UNFIT[:2]])
def test_an_order_in_the_tags_is_obeyed_and_told_as_data(text: str) -> None:
    """Whoever may write tags may stop a run: that much an order can do, whatever it says, and no more."""

    async def story() -> tuple[World, Told, Summary]:
        world, told, ends = world_of("web"), Told(), []

        async def live() -> None:
            ends.append(await roll_out(Wayward(world).groups("web"), tell=told))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live)
            await anyio.sleep(60.0)
            world.put_tags("web", [Tag(key="async-rollout:order", value=text[:200])], who="human")
            await anyio.sleep(20.0)
            assert not ends
            (found,) = await status(Wayward(world).groups("web"))
            order = Tag(key="async-rollout:order", value=f"stop {found.run} {text[:200]}")
            world.put_tags("web", [order], who="human")
        return world, told, ends[0]

    world, told, summary = run_virtual(story)
    assert summary.results[0].verdict.code == 130
    assert not_as_found(world, "web") == []
    assert harmful(*shown(told.events)) == []


def test_the_tests_own_eye_sees_what_is_harmful() -> None:
    for line in ("08: \x1b[2J", "08: ##[error]x", "::error::x", "08: a\u202eb"):
        assert harmful([line], []) == [line]
    for line in ('{"a": "\u00e9"}', '{"a": "##"}', "[]"):
        assert harmful([], [line]) == [line]
    assert silent("") is None
