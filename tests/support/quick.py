"""A sandbox of quick groups as a process of its own, and the command line against one of them.

Each group has one instance, and all takes seconds there: the even ones are behind nothing, the odd ones behind a
target group. One process serves them all, so that many stories go on beside each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from async_rollout.core.journal import Journal, Unreadable
from async_rollout.core.tags import from_tags
from support.terminal import ENTRY, Served

ROOT = Path(__file__).parents[2]
SERVER = """
import anyio, json, sys
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.doors.http import environment
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics

async def main():
    box = Sandbox("size-0", speed=30.0)
    quick = Physics(react=1.0, boot=6.0, warm=2.0, terminate=4.0)
    for number in range(int(sys.argv[1])):
        a_group(box.world, name=f"quick-{number:03}", size=1, classic=0, target_groups=number % 2, delay=1.0,
                interval=4.0, zones=1, physics=quick)
    async with box.serve() as endpoint:
        print(json.dumps(environment(endpoint)), flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""
QUICK = ("--check-interval", "0.2")


def clean_environment() -> dict[str, str]:
    """Without anything of this machine's AWS. Nobody is asked, whoever sits at the terminal that the tests run at."""
    left_out = ("AWS_", "ASYNC_ROLLOUT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out) and name != "CI"}
    return kept | {"PYTHONPATH": str(ROOT), "ASYNC_ROLLOUT_YES": "1"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One group at one moment, as AWS shows it."""

    sizes: tuple[int, int, int]
    suspended: frozenset[str]
    tags: dict[str, str]
    members: frozenset[str]
    in_service: frozenset[str]
    out: frozenset[str]
    record: Journal | Unreadable | None


@dataclass(kw_only=True)
class Desk:
    """One group and whoever works on it. home: the mark by which every process of its stories is known.

    client: botocore's, to look beside the tool.
    """

    served: Served
    environment: dict[str, str]
    client: Any
    group: str
    home: Path

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        self.environment = self.environment | {"HOME": str(self.home)}
        self.found = self.look()

    def command(self, *words: str, entry: str = "main") -> list[str]:
        return [sys.executable, "-c", ENTRY.format(entry=entry), *words]

    @contextmanager
    def started(
        self, *words: str, before: Sequence[str] = (), **streams: Any
    ) -> Iterator[subprocess.Popen[str]]:  # fmt: skip
        """A command line as long as the block lasts. before: see `terminal.a_person`; else there is none."""
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        more = pipes | {"start_new_session": True} | streams
        with subprocess.Popen([*before, *self.command(*words)], env=self.environment, text=True, **more) as process:
            try:
                yield process
            finally:
                process.kill()

    def ended(self, *words: str, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A command line run to its end."""
        return subprocess.run(
            self.command(*words), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=limit, check=False,
        )  # fmt: skip

    def until(self, true: Callable[[], bool], seconds: float = 30.0) -> None:
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, "it never came to that"
            time.sleep(0.05)

    def acts(self) -> int:
        """How many acts of ours AWS has seen on the group."""
        return len(self.served.deeds(self.group))

    def look(self) -> Seen:
        """Load balancers first: what was recorded before it was done then shows in the tags."""
        out = self._out()
        (group,) = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"]
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        members = {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]}
        return Seen(
            sizes=(group["MinSize"], group["DesiredCapacity"], group["MaxSize"]),
            suspended=frozenset(one["ProcessName"] for one in group["SuspendedProcesses"]),
            tags=tags,
            members=frozenset(members),
            in_service=frozenset(id for id, state in members.items() if state == "InService"),
            out=out,
            record=from_tags(tags, group["AutoScalingGroupARN"]),
        )

    def _out(self) -> frozenset[str]:
        """Whom we deregistered or terminated, ever."""
        kinds = ("deregister", "terminate")
        return frozenset(one["instance"] for one in self.served.deeds(self.group) if one["what"] in kinds)

    def processes(self) -> list[int]:
        """Every process of this story that still lives, hooks and guards included."""
        mark, found = f"HOME={self.home}".encode(), []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


def as_found(desk: Desk) -> list[str]:
    """What differs from what was found, in words."""
    now, found = desk.look(), desk.found
    differ = {
        "sizes": (now.sizes, found.sizes),
        "suspended": (now.suspended, found.suspended),
        "tags": (now.tags, found.tags),
        "in service": (len(now.in_service), len(found.in_service)),
        "members": (len(now.members), len(found.members)),
    }
    return [f"{name}: {mine} is not {was}" for name, (mine, was) in differ.items() if mine != was]


@contextmanager
def desks(count: int, home: Path) -> Iterator[list[Desk]]:
    """A sandbox of so many quick groups, and a desk at each."""
    environment, serve = clean_environment(), [sys.executable, "-c", SERVER, str(count)]
    with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            exports = json.loads(server.stdout.readline())
            served = Served(process=server, endpoint=exports["AWS_ENDPOINT_URL"])
            client = _client(served.endpoint)
            yield [
                Desk(
                    served=served, environment=environment | exports, client=client, group=f"quick-{number:03}",
                    home=home / f"desk-{number:03}",
                )
                for number in range(count)
            ]  # fmt: skip
            client.close()
        finally:
            server.kill()


def _client(endpoint: str) -> Any:
    return botocore.session.get_session().create_client(
        "autoscaling", region_name="eu-west-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x"
    )
