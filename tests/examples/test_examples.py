"""The examples do what they say, against the sandbox; the scripts as real processes."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import ClientSession, web

import async_rollout as ar
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.virtual import run_virtual

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def virtual_sandbox(scenario: str) -> Sandbox:
    return Sandbox(scenario, clock=asyncio.get_running_loop().time)


def test_one_group_in_ten_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    main, connect = example("roll_one_group").main, ar.connect

    async def story() -> int:
        session = virtual_sandbox("at-max").session()
        monkeypatch.setattr(ar, "connect", partial(connect, session=session), raising=False)
        return await main("web")

    assert run_virtual(story) == 0
    ended = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("RolloutEnded("))
    assert "account='123456789012', region='eu-west-1'" in ended and "group='web'" in ended


def test_it_ends_with_the_exit_code_of_a_process() -> None:
    env = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "AWS_REGION": "nowhere at all"}
    script = [sys.executable, EXAMPLES / "roll_one_group.py", "web"]
    done = subprocess.run(script, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "UsageError" in done.stderr


def test_the_nightly_refresh_replaces_what_is_outdated_and_nothing_the_second_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refresh = example("scheduled_refresh").refresh

    async def story() -> tuple[int, int]:
        sandbox = virtual_sandbox("demo")
        first = await refresh(["web", "api"], session=sandbox.session())
        return first, await refresh(["web", "api"], session=sandbox.session())

    assert run_virtual(story) == (0, 0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "web: done, 3 replaced",
        "api: done, 4 replaced",
        "web: nothing to do, 0 replaced",
        "api: nothing to do, 0 replaced",
    ]


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_service_streams_a_rollout_and_says_why_it_refuses() -> None:
    sandbox = Sandbox("demo", speed=30.0)
    old = {one.id for one in sandbox.world.members("batch")}
    service = example("web_service").service(session=sandbox.session(latency=(0.0, 0.0)))
    async with served(service) as url, ClientSession() as client:
        async with client.post(f"{url}/rollouts", data='{"groups": ["web", "nobody"]}') as reply:
            refusal = [json.loads(line) async for line in reply.content]
        assert [one["type"] for one in refusal] == ["Refusal"]
        assert "nobody" in refusal[0]["error"]
        for senseless in ('{"groups": ["web"], "max_surge": "x"}', '{"max_surge": 1}', "[]", "web"):
            async with client.post(f"{url}/rollouts", data=senseless) as reply:
                assert reply.status == 400
        async with client.post(f"{url}/rollouts", data='{"groups": ["batch"], "check_interval": 0.2}') as reply:
            events = [json.loads(line) async for line in reply.content]
    assert events[-1]["type"] == "FleetEnded"
    assert events[-1]["code"] == 0
    assert not old & {one.id for one in sandbox.world.members("batch")}


def hook(name: str, tools: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one hook script with stand-ins for the programs it calls in front of the path."""
    path = f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        [EXAMPLES / "hooks" / name], env={"PATH": path, **env}, capture_output=True, text=True, timeout=20, check=False
    )


def tool(folder: Path, name: str, says: str, code: int = 0) -> None:
    """A program that prints its arguments and what it is told to say."""
    script = folder / name
    script.write_text(f"#!/bin/sh\necho \"$@\" >&2\nprintf '%s' '{says}'\nexit {code}\n", encoding="utf-8")
    script.chmod(0o755)


def test_the_hook_scripts_call_what_they_say_and_fail_when_that_fails(tmp_path: Path) -> None:
    tool(tmp_path, "consul", "")
    left = hook("leave-consul", tmp_path, OLD_INSTANCE_PRIVATE_IP_ADDRESS="10.0.0.1")
    assert (left.returncode, left.stderr) == (0, "leave -http-addr=http://10.0.0.1:8500\n")
    assert hook("leave-consul", tmp_path).returncode != 0
    for status, code in (("204", 0), ("404", 0), ("500", 1)):
        tool(tmp_path, "curl", status)
        told = hook("silence-monitor", tmp_path, MONITOR_URL="http://monitor", OLD_INSTANCE_ID="i-0123456789abcdef0")
        assert told.returncode == code, told
    tool(tmp_path, "curl", "", code=22)
    assert hook("smoke-test", tmp_path, NEW_INSTANCE_PRIVATE_IP_ADDRESS="10.0.0.1").returncode == 22
