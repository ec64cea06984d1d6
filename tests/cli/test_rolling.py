"""Whole rollouts by the command line, as real processes against the sandbox over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from async_rollout.render.schema import schema
from support.terminal import Served, Tool, a_person

Serve = Callable[..., Served]
QUICK = ("--check-interval", "0.3")
BATCH = "batch"
"""The demo's group behind no load balancer: nothing drains there, so a whole rollout takes seconds."""


def test_a_plan_reads_only_and_its_exit_code_tells_of_work(tool: Tool, serve: Serve) -> None:
    served = serve("size-1")
    done = tool("plan", "-a", "web", "--detailed-exitcode", "-b", "consul leave")
    assert done.returncode == 8, done.stderr
    assert "before-terminate  consul leave" in done.stdout and "at most 1 + 2 instances exist" in done.stdout
    assert all(name.split(":")[1].startswith(("Describe", "Get", "List")) for name in served.ask("calls"))
    assert tool("plan", "-a", "web").returncode == 0


def test_a_run_replaces_tells_its_events_and_leaves_nothing(tool: Tool, serve: Serve, tmp_path: Path) -> None:
    served, file = serve("demo"), tmp_path / "events.jsonl"
    done = tool(
        "run", "-a", BATCH, *QUICK, "--events", str(file), "-d", "echo bye OLD_INSTANCE_ID; echo ::error::x", "-v"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "after-terminate | bye i-" in done.stderr
    assert "call: TerminateInstanceInAutoScalingGroup" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert served.kinds(BATCH).count("terminate") == 2
    events = [json.loads(line) for line in file.read_text().splitlines()]
    check = jsonschema.Draft202012Validator(schema())
    assert [list(check.iter_errors(one)) for one in events] == [[]] * len(events)
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert (events[-1]["type"], events[-1]["exit_code"]) == ("summary", 0)
    assert tool("status").stdout == "nothing is under way\n"


def test_json_on_stdout_and_nothing_but_json(tool: Tool, serve: Serve) -> None:
    serve("size-0")
    done = tool("run", "-a", "web", *QUICK, "--output", "json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["exit_code"] == 0
    more = [tool(verb, "-a", "web", "--output", "json").stdout.splitlines() for verb in ("plan", "status")]
    every = (*lines, *(json.loads(line) for several in more for line in several))
    for line in every:
        jsonschema.validate(line, schema())
    assert {(line["account"], line["region"]) for line in every} == {("123456789012", "eu-west-1")}
    assert [line["run"] for line in every if line["type"] in ("plan", "status")] == ["", ""]
    assert lines[-1]["groups"][0]["outcome"] == "nothing to do"


def test_options_come_from_the_environment_too(tool: Tool, serve: Serve) -> None:
    serve("size-1")
    tool.environment.update(ASYNC_ROLLOUT_AUTOSCALER="web", ASYNC_ROLLOUT_MAX_SURGE="0")
    assert tool("plan").returncode == 2
    tool.environment.update(ASYNC_ROLLOUT_MAX_SURGE="2")
    assert "3 booting and serving (ceiling)" in tool("plan").stdout
    tool.environment.update(ASYNC_ROLLOUT_JSON="1")
    (first, *_) = map(json.loads, tool("plan").stdout.splitlines())
    assert (first["type"], first["group"], first["ceiling"], first["going"][0]["zone"]) == (
        "plan",
        "web",
        3,
        "eu-west-1a",
    )


def test_the_original_is_strictly_one_after_the_other(tool: Tool, serve: Serve) -> None:
    served = serve("demo")
    done = tool("-a", BATCH, *QUICK, entry="original")
    assert done.returncode == 0, done.stderr
    assert served.kinds(BATCH).count("terminate") == 2
    assert max(one["exist"] for one in served.ask("history") if one["group"] == BATCH) == 3


def begun(
    tool: Tool, served: Served, *more: str, group: str = BATCH, before: list[str] | None = None
) -> subprocess.Popen[str]:
    """A run that has changed something and waits for a new instance."""
    process = tool.start("run", "-a", group, *QUICK, *more, before=before)
    served.until(lambda: "launch instances" in served.kinds(group) or process.poll() is not None)
    assert process.poll() is None
    return process


def test_sigterm_ends_it_with_143_within_five_seconds(tool: Tool, serve: Serve) -> None:
    process = begun(tool, serve("demo"))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=10)
    assert time.monotonic() - began < 5.5
    assert process.returncode == 143, said
    assert "async-rollout restore -a batch" in said


def test_the_first_interrupt_puts_everything_back(tool: Tool, serve: Serve) -> None:
    served = serve("at-max")
    with a_person() as person:
        process = begun(tool, served, group="web", before=person)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "that takes at worst" in said
    last = [one for one in served.ask("history") if one["group"] == "web"][-1]
    assert (last["minimum"], last["desired"], last["maximum"]) == (3, 3, 3)
    assert tool("status").stdout == "nothing is under way\n"


def test_the_second_interrupt_leaves_at_once_and_restore_puts_back(tool: Tool, serve: Serve) -> None:
    served = serve("demo")
    with a_person() as person:
        process = begun(tool, served, before=person)
        assert tool("status", "--exit-code").returncode == 20
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert time.monotonic() - began < 2
    assert process.returncode == 130, said
    left = tool("status", "--exit-code")
    assert "batch: run" in left.stdout and left.returncode == 21
    done = tool("restore", "-a", BATCH, *QUICK)
    assert done.returncode == 0, done.stderr
    last = [one for one in served.ask("history") if one["group"] == BATCH][-1]
    assert (last["minimum"], last["desired"], last["maximum"]) == (2, 2, 2)


def test_a_killed_run_goes_on_by_the_same_command(tool: Tool, serve: Serve) -> None:
    served = serve("demo")
    process = begun(tool, served)
    process.kill()
    process.communicate()
    done = tool("run", "-a", BATCH, *QUICK)
    assert done.returncode == 0, done.stderr
    assert served.kinds(BATCH).count("terminate") == 2


def test_a_terminal_that_is_gone_changes_nothing(tool: Tool, serve: Serve, tmp_path: Path) -> None:
    served, file = serve("demo"), tmp_path / "events.jsonl"
    process = begun(tool, served, "--events", str(file))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 0
    assert json.loads(file.read_text().splitlines()[-1])["exit_code"] == 0


def test_the_sandbox_ends_well_when_interrupted(serve: Serve) -> None:
    served = serve("size-0")
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=10) == 0


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("no\n", 2)])
def test_on_a_terminal_it_shows_the_plan_and_asks(tool: Tool, serve: Serve, typed: str, code: int) -> None:
    served = serve("demo")
    tool.environment["ASYNC_ROLLOUT_YES"] = ""
    mine, its = os.openpty()
    process = tool.start("run", "-a", BATCH, *QUICK, stdin=its, stderr=its)
    os.close(its)
    said = b""
    while b"Type yes" not in said:
        said += os.read(mine, 4096)
    assert b"replaces 2 of 2" in said and served.deeds(BATCH) == []
    os.write(mine, typed.encode())
    assert drained(mine, process) == code
    assert ("terminate" in served.kinds(BATCH)) == (code == 0)


def drained(terminal: int, process: subprocess.Popen[str]) -> int:
    """Read what it says until it ends; gives its exit code."""
    try:
        while os.read(terminal, 4096):
            continue
    except OSError:  # Linux: the other side is closed
        os.close(terminal)
    return process.wait(timeout=60)


def test_a_release_that_fails_is_rolled_back_and_every_view_says_so(tool: Tool, serve: Serve, tmp_path: Path) -> None:
    serve("bad-release", speed=40.0)
    order = ("-a", "web", "--launch-template-version", "2", "--on-failure", "rollback", *QUICK)
    planned = tool("plan", *order)
    assert planned.returncode == 0 and "sets           what is launched from to version 2 of lt-" in planned.stdout
    assert "your IaC still says version 1 of lt-" in planned.stdout
    assert "if it fails, what is new is replaced by version 1" in planned.stdout
    data, *_ = [json.loads(line) for line in tool("plan", *order, "--json").stdout.splitlines()]
    assert data["type"] == "plan" and data["sets"].endswith(":2")
    files = {name: tmp_path / name for name in ("events.jsonl", "page.html")}
    done = tool("run", *order, "--events", str(files["events.jsonl"]), "--report", str(files["page.html"]))
    assert done.returncode == 1, done.stderr
    assert "; from here everything is put back, then rolled back to version 1 of lt-" in " ".join(done.stderr.split())
    assert "rolls back to version 1 of lt-" in done.stderr
    assert "rolls back to version 1 of lt-" in files["page.html"].read_text()
    again = tool("replay", str(files["events.jsonl"]), "--output", "plain")
    assert "rolls back to version 1 of lt-" in again.stderr + again.stdout
    assert tool("status").stdout == "nothing is under way\n"
    assert tool("rollback", "-a", "web").returncode == 0
    assert tool("plan", "-a", "web", "--only-outdated").returncode == 0
