"""What importing costs, and which way imports go; each asked of a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import async_rollout

ROOT = Path(__file__).parents[2]
HEAVY = {"aioboto3", "aiobotocore", "aiohttp", "boto3", "botocore", "moto"}
HEAVY_AT_IMPORT = HEAVY | {"anyio", "asyncio", "pydantic", "rich", "typer"}
ENTRIES = ("main", "original")


def loaded(code: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after running `code`."""
    script = f"import contextlib, io, json, sys\nwith contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
    script += "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return set(json.loads(done.stdout))


def test_what_is_loaded_is_seen() -> None:
    assert {"aioboto3", "botocore", "aiohttp"} <= loaded("import aioboto3")


def test_importing_the_package_costs_nothing() -> None:
    assert loaded("import async_rollout") & HEAVY_AT_IMPORT == set()


def test_the_engine_needs_no_cloud() -> None:
    assert loaded("import async_rollout.engine.fleet") & (HEAVY | {"rich", "typer"}) == set()


def test_the_core_is_free_of_event_loops() -> None:
    assert loaded("import async_rollout.core.decide, async_rollout.core.plan") & HEAVY_AT_IMPORT == set()


@pytest.mark.parametrize("entry", ENTRIES)
def test_help_asks_for_no_cloud(entry: str) -> None:
    code = f"""import async_rollout.cli as cli; sys.argv = ["it", "--help"]
    try:
        cli.{entry}()
    except SystemExit as end:
        assert not end.code, end"""
    seen = loaded(code)
    assert "typer" in seen
    assert seen & HEAVY == set()


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = """import async_rollout.cli as cli; sys.argv = ["it", "--help"]
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, end"""
    assert loaded(code) & {"anyio", "asyncio", "pydantic", "rich"} == set()


def test_imports_go_one_way() -> None:
    """As contracts in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken." in done.stdout


def test_every_public_name_is_there() -> None:
    names = "[getattr(async_rollout, name) for name in async_rollout.__all__]"
    assert "async_rollout" in loaded(f"import async_rollout; {names}")


def test_every_public_name_has_one_home_and_is_listed() -> None:
    homes = vars(async_rollout)["_HOMES"]
    assert sorted(name for names in homes.values() for name in names) == sorted(async_rollout.__all__)
    lost = [(home, name) for home, names in homes.items() for name in names if not hasattr(import_module(home), name)]
    assert lost == []
