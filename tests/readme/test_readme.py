"""What the README promises is so: the walkthrough, the options, the policy, the two commands.

`pytest --rewrite-walkthrough` writes the walkthrough anew from the stages table.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import click
import pytest

import async_rollout as ar
from async_rollout.aws.traffic import KINDS
from async_rollout.core.stages import WALKTHROUGH
from async_rollout.render import AUTO, choices, words
from async_rollout.sandbox.virtual import run_virtual

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PHASES = {"before": "Before", "loop": "For each old instance", "after": "After"}


def part(name: str) -> str:
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found, f"README has no part {name}"
    return found[1]


def command(name: str) -> str:
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", README.read_text(encoding="utf-8"))
    assert found, f"README names no command {name}"
    return found[1]


def walkthrough() -> str:
    """The stages table as the README prints it."""
    lines = [f"{n}. _({PHASES[step.phase].lower()})_ {step.text}" for n, step in enumerate(WALKTHROUGH, start=1)]
    return "\n".join(lines) + "\n"


def test_the_walkthrough_is_the_stages_table(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-walkthrough"):
        text = README.read_text(encoding="utf-8")
        marked = f"<!-- walkthrough -->\n{walkthrough()}<!-- /walkthrough -->"
        new = re.sub(r"<!-- walkthrough -->\n.*?<!-- /walkthrough -->", lambda found: marked, text, flags=re.DOTALL)
        README.write_text(new, encoding="utf-8")
    assert part("walkthrough") == walkthrough()


def run_options() -> dict[str, click.Option]:
    """The options of `run` as typer has them, by their long names."""
    from async_rollout.cli.app import loaded

    return {name: one for one in loaded("run").params for name in one.opts if name.startswith("--")}


def shown_options() -> dict[str, str]:
    """What `run --help` prints of each option, by its long name."""
    with click.Context(click.Command("run")) as context:
        records = {name: one.get_help_record(context) for name, one in run_options().items()}
    return {name: record[1] for name, record in records.items() if record is not None}


def test_every_option_of_run_stands_in_the_table_and_no_other() -> None:
    told = set(re.findall(r"`(--[a-z-]+)`", "\n".join(line.split("|")[1] for line in part("options").splitlines()[2:])))
    assert told == set(run_options()) - {"--help"}


def test_the_short_names_and_the_defaults_are_the_programs() -> None:
    options, shown = run_options(), shown_options()
    for line in part("options").splitlines()[2:]:
        names, default = line.split("|")[1], line.split("|")[2].strip()
        for long in re.findall(r"`(--[a-z-]+)`", names):
            option = options[long]
            assert set(re.findall(r"`(-[a-z])`", names)) == {one for one in option.opts if len(one) == 2}, long
            if default not in ("", "off", "as boto3"):
                assert f"[default: {default}]" in shown[long], (long, shown[long])


def test_the_views_are_those_of_the_table() -> None:
    (row,) = (line.split("|") for line in part("options").splitlines() if line.startswith("| `--output`"))
    *first, last = choices()
    assert row[1:4] == [f" `--output` {', '.join(first)} or {last} ", f" {AUTO} ", f" {words().rstrip('.')} "]


def granted() -> set[str]:
    """The calls that the README's policy allows."""
    found = re.search(r"<!-- policy -->\n```json\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return {action.split(":")[1] for statement in json.loads(found[1])["Statement"] for action in statement["Action"]}


def test_the_policy_is_what_each_kind_of_traffic_source_says_that_it_needs() -> None:
    found = re.search(r"<!-- policy -->\n```json\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    allowed = {one["Sid"]: one["Action"] for one in json.loads(found[1])["Statement"]}
    needs = [kind.permissions for kind in KINDS]
    assert {one for reads, _ in needs for one in reads} == {
        one for one in allowed["Look"] if not one.startswith(("autoscaling:", "ec2:"))
    }
    assert {one for _, changes in needs for one in changes} == set(allowed["Drain"])


def test_the_policy_grants_what_a_rollout_over_the_wire_needs_and_nothing_that_is_never_called() -> None:
    async def story() -> set[str]:
        sandbox = ar.Sandbox("at-max", clock=asyncio.get_running_loop().time)
        async with ar.connect(session=sandbox.session()) as cloud:
            summary = await ar.roll_out(cloud.groups("web"), ar.RolloutSpec(scope=ar.Scope.ALL))
            await cloud.under_way()
        assert summary.code == 0
        return {call.partition(":")[2] for call in sandbox.world.calls}

    called = run_virtual(story)
    assert "TerminateInstanceInAutoScalingGroup" in called
    assert called - {"GetCallerIdentity"} <= granted()
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "async_rollout/aws").rglob("*.py"))
    assert [name for name in sorted(granted() - called) if f'"{name}"' not in source] == []


def test_the_two_commands_set_up_what_they_need() -> None:
    for name, end in (("demo", ".venv/bin/async-rollout demo"), ("tests", ".venv/bin/python -m pytest -n auto")):
        line = command(name)
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert line.endswith(end)
