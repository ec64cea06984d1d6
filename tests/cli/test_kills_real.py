"""The command line killed by SIGKILL at points spread over a whole rollout, as real processes over HTTP.

A point is a number of acts that AWS has seen. Then the same command again, or `restore`: it ends with 0, the group as
found. At the moment of the kill nothing is changed that no record tells of, and no process is left, hooks included.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from async_rollout.core.journal import Journal
from support.quick import QUICK, Desk, Seen, as_found, desks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which processes are left, in /proc")
AT_ONCE = 4
"""Stories beside each other: most of one is waiting."""


def hooks(desk: Desk) -> tuple[str, ...]:
    """Commands that take their time, the first in a session of its own."""
    shell = f"setsid sh -c 'echo $$ > {desk.home}/OLD_INSTANCE_ID.pid; exec sleep 0.3'"
    return ("-b", shell, "-d", "sleep 0.2; true")


def unrecorded(found: Seen, now: Seen) -> list[str]:
    """Changes of ours that stand in no record."""
    record = now.record
    if not isinstance(record, Journal):
        untouched = (now.sizes, now.suspended) == (found.sizes, found.suspended)
        return [] if untouched and record is None else [f"{now.sizes} {sorted(now.suspended)} with {record}"]
    departures = {departure.id for departure in record.departures}
    wrong = [f"{id} has no departure on record" for id in now.out & now.members - departures]
    wrong += [f"{name} was suspended" for name in now.suspended - found.suspended - set(record.suspended)]
    wrong += ["desired was raised"] if now.sizes[1] > record.asked else []
    wrong += ["the maximum was raised"] if now.sizes[2] not in (found.sizes[2], record.raised) else []
    return wrong


def story(desk: Desk, acts: int, then: str) -> list[str]:
    """Kill a run when AWS has seen so many acts, then run or restore; what is wrong, in words."""
    with desk.started("run", "-a", desk.group, *QUICK, *hooks(desk)) as process:
        desk.until(lambda: desk.acts() >= acts or process.poll() is not None)
        process.kill()
        process.communicate()
    wrong = unrecorded(desk.found, desk.look())
    desk.until(lambda: not desk.processes(), 5.0)
    done = desk.ended(then, "-a", desk.group, *QUICK, *hooks(desk))
    wrong += [f"{then} ended with {done.returncode}: {done.stderr}"] if done.returncode else []
    wrong += as_found(desk)
    wrong += [f"left alive: {left}"] if (left := desk.processes()) else []
    if then == "run" and desk.found.members & desk.look().members:
        wrong.append("the old one is still there")
    return [f"{desk.group} killed at {acts}, then {then}: {line}" for line in wrong]


def clean(desk: Desk) -> int:
    """How many acts a whole rollout of such a group takes."""
    done = desk.ended("run", "-a", desk.group, *QUICK, *hooks(desk))
    assert done.returncode == 0, done.stderr
    assert as_found(desk) == []
    assert not desk.found.members & desk.look().members
    return desk.acts()


def points(most: int, count: int, shift: float) -> list[int]:
    """So many points from the first act to the last but one; shift: by how much of a step."""
    return [max(1, min(most - 1, round((number + shift) * most / count))) for number in range(count)]


def killed(then: str, count: int, home: Path) -> list[str]:
    """Half of the points behind nothing, half behind a target group; each in a group of its own."""
    shift, half = (0.25 if then == "run" else 0.75), count // 2
    with desks(count + 2, home) as all_of_them, ThreadPoolExecutor(AT_ONCE) as pool:
        even, odd = pool.map(clean, all_of_them[-2:])
        acts = [most for pair in zip(points(even, half, shift), points(odd, half, shift), strict=True) for most in pair]
        lines = pool.map(partial(story, then=then), all_of_them, acts)
        return [line for several in lines for line in several]


FOUR, TWENTY, HUNDRED = 2, 10, 50
"""Kills in all, half of them followed by each of the two commands."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("then", ["run", "restore"])
@pytest.mark.parametrize(
    "count", [FOUR, pytest.param(TWENTY, marks=pytest.mark.deep), pytest.param(HUNDRED, marks=pytest.mark.long)]
)
def test_killed_at_any_act_the_same_command_or_restore_ends_well(count: int, then: str, tmp_path: Path) -> None:
    assert killed(then, count, tmp_path) == []
