"""What is told to whoever changes something is so: folders, files, commands, versions."""

from __future__ import annotations

import ast
import re
import tomllib
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.pages import ROOT, blocks

CONTRIBUTING = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
CHECKS = (ROOT / ".ci/run").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = (ROOT / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines()
FOLDERS = "async_rollout|tests|examples"


@pytest.mark.parametrize("path", sorted(set(re.findall(rf"`((?:\.ci|\.github|{FOLDERS})/[^` ]+)`", CONTRIBUTING))))
def test_a_path_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


NAMED = re.findall(r"`([A-Z]\w+)`\s+(?:of|in)\s+`(async_rollout/[^`]+\.py|tests/[^`]+\.py)`", CONTRIBUTING)


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_a_name_that_is_said_to_be_in_a_file_is_there(name: str, path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    targets = chain.from_iterable(
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else [node]
        for node in tree.body
    )
    assert name in {getattr(one, "id", None) or getattr(one, "name", None) for one in targets}


def test_enough_names_are_found() -> None:
    assert {"SECTIONS", "RolloutSpec", "COMMANDS", "TOPICS", "RENDERERS", "KINDS"} <= {name for name, _ in NAMED}


def test_programs_and_folders_that_are_run_are_there() -> None:
    words = " ".join(blocks(CONTRIBUTING, "sh")).split()
    named = {word for word in words if re.match(rf"(?:{FOLDERS})/", word)}
    assert {"tests/storm/run.py", "tests/core"} <= named
    assert [word for word in named if not (ROOT / word).exists()] == []


def test_hooks_and_workflow_are_the_checks_of_a_change() -> None:
    hooks = re.findall(r"^ +entry: (\w+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(hooks) == {"ruff", "mypy"}
    assert [name for name in hooks if f'"$bin/{name}"' not in CHECKS] == []
    workflow = (ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8")
    assert re.findall(r"^ +- run: (.*)$", workflow, re.MULTILINE) == [".ci/run", ".ci/run --long"]


def test_pins_are_versions_alone_and_fit_what_the_project_asks_for() -> None:
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+", line)] == []
    versions = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in PINS)}
    project = PROJECT["project"]
    asked = [
        Requirement(line) for line in (*project["dependencies"], *chain(*project["optional-dependencies"].values()))
    ]
    names = {one.name for one in asked} - {project["name"]}
    assert {"aioboto3", "ruff"} <= names <= versions.keys()
    assert project["name"] not in versions
    misfit = [one for one in asked if one.name in names and not one.specifier.contains(versions[one.name])]
    assert misfit == []
