"""Many hooks, three in ten of them misbehaving: nothing of them stays, no process, no open file, no memory."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from async_rollout.engine.hooks import ShellHooks
from async_rollout.engine.ports import HookResult
from support.processes import CALL, LINUX, silent

pytestmark = [LINUX, pytest.mark.usefixtures("nothing_is_left")]

AT_ONCE = 16
LIMIT, GRACE = 1.5, 0.1
MISBEHAVING = 0.3
ALONE = 5.0
"""Seconds for a shell that killed its guard to come to its own end, when nobody is left who could wait for it."""
GROWTH = 12 * 1024 * 1024
"""Bytes that the tool may grow by after its first tenth of the storm; one kept flood alone would be 4 MB."""

Ends = tuple[bool, int | None, bool]
GOOD: Ends = (True, 0, False)
TIMED_OUT: Ends = (False, None, True)
COULD_NOT: Ends = (False, None, False)

BAD: dict[str, tuple[str, Ends]] = {
    "fails": ("echo why; exit 3", (False, 3, False)),
    "hangs": ("sleep 600", TIMED_OUT),
    "ignores SIGTERM": ("trap '' TERM INT HUP; while :; do sleep 1; done", TIMED_OUT),
    "stops itself": ("kill -STOP $$", TIMED_OUT),
    "says no more and hangs": ("exec >&- 2>&-; sleep 600", TIMED_OUT),
    "leaves a daemon": ("(setsid sh -c 'trap \"\" TERM; exec sleep 600' &); exit 0", GOOD),
    "leaves a crowd": ("for n in 1 2 3 4 5 6 7 8; do sleep 600 & done; exit 0", GOOD),
    "floods": ("head -c 6000000 /dev/zero | tr '\\0' '\\n'; exit 5", (False, 5, False)),
    "says anything": ("head -c 100000 /dev/urandom; exit 6", (False, 6, False)),
    "one endless line": ("head -c 6000000 /dev/zero; exit 7", (False, 7, False)),
    "asks": ("read answer || exit 8", (False, 8, False)),
    "kills its guard": ("kill -9 $PPID", COULD_NOT),
    "kills itself": ("kill -9 $$", (False, 137, False)),
    "cannot be started": ("echo \0", COULD_NOT),
    "is cancelled": ("trap '' TERM; sleep 600", COULD_NOT),
}


@dataclass(frozen=True)
class Levels:
    """What the tool holds."""

    files: int
    threads: int
    memory: int


def levels() -> Levels:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Levels(len(os.listdir("/dev/fd")), threading.active_count(), pages * os.sysconf("SC_PAGE_SIZE"))


def left_of(mark: str) -> list[str]:
    """Command lines of all processes that carry the mark in their environment, wherever they went."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


class Storm:
    """So many hooks, AT_ONCE at the same time; what each did wrong is in `wrong`."""

    def __init__(self, count: int, mark: str) -> None:
        dice = random.Random(count)
        bad = [name for name, _ in zip(list(BAD) * count, range(round(count * MISBEHAVING)), strict=False)]
        self.kinds = bad + ["behaves"] * (count - len(bad))
        dice.shuffle(self.kinds)
        self._mark, self._hooks = mark, ShellHooks(grace=GRACE)
        self.wrong: list[str] = []
        self.ended: Counter[str] = Counter()
        self.early: Levels | None = None

    async def blow(self) -> None:
        places = anyio.CapacityLimiter(AT_ONCE)
        async with anyio.create_task_group() as tasks:
            for number, kind in enumerate(self.kinds):
                tasks.start_soon(self._one, number, kind, places)

    async def _one(self, number: int, kind: str, places: anyio.CapacityLimiter) -> None:
        async with places:
            command, ends = BAD.get(kind, (f"echo {number}; exit 0", GOOD))
            call = replace(CALL, group=f"{self._mark} {number}")
            result = HookResult(ok=False, code=None)
            with anyio.move_on_after(0.3 if kind == "is cancelled" else 60.0):
                result = await self._hooks.run(command, call, 20.0 if ends != TIMED_OUT else LIMIT, silent)
            self.ended[kind] += 1
            if (result.ok, result.code, result.timed_out) != ends or (kind == "behaves" and result.said != str(number)):
                self.wrong.append(f"{kind} ended with {result}")
            if left := await self._left(f"{self._mark} {number}\0", ALONE if kind == "kills its guard" else 0.0):
                self.wrong.append(f"{kind} left {left}")
        if self.early is None and self.ended.total() >= len(self.kinds) // 10:
            self.early = levels()

    @staticmethod
    async def _left(mark: str, seconds: float) -> list[str]:
        """Who is left when the hook's end was told, and after so many seconds still."""
        with anyio.move_on_after(seconds):
            while left_of(mark):
                await anyio.sleep(0.01)
        return left_of(mark)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [200, pytest.param(1_000, marks=pytest.mark.deep)])
async def test_a_storm_leaves_nothing(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("async_rollout.engine.hooks.HURRIED", GRACE)
    mark = f"storm {os.getpid()} of {count}"
    before, storm = levels(), Storm(count, mark)
    await storm.blow()
    after = levels()
    assert storm.wrong == []
    assert storm.ended.total() == count
    assert storm.ended["behaves"] == round(count * (1 - MISBEHAVING))
    assert set(storm.ended) == {*BAD, "behaves"}
    assert left_of(mark) == []
    assert (after.files, after.threads) == (before.files, before.threads)
    assert storm.early is not None
    print(f"{count} hooks, memory {storm.early.memory} -> {after.memory}")  # noqa: T201 - the figures, with -s
    assert after.memory - storm.early.memory < GROWTH
