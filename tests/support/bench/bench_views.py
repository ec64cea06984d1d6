"""What watching costs: the CPU of the live view, against plain lines, for a number of groups under way at once.

    python tests/support/bench/bench_views.py                        1, 100 and 500 groups
    python tests/support/bench/bench_views.py 100                    one number

The events are those of one simulated rollout of three instances, told by each group from a moment of its own (seed 0),
a minute of them. Both views write into nothing. The live one draws as its thread does: at most each tenth of a second
when something came, once a second otherwise, on a screen of 200 columns and 50 lines with colours.

plain, live    CPU milliseconds for each second of the run; 10 ms a second are 1 % of a core
ratio          live / plain
frames         frames drawn for each second
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from rich.console import Console  # noqa: E402 - the path comes first

from async_rollout.core.events import Event, FleetEnded  # noqa: E402
from async_rollout.render.live import IDLE, PACE, Painter  # noqa: E402
from async_rollout.render.plain import Plain  # noqa: E402
from support.simulation import simulate  # noqa: E402

GROUPS = (1, 100, 500)
SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds and frames of one minute."""

    groups: int
    events: int
    plain: float
    live: float
    frames: int


def told(groups: int) -> list[tuple[float, Event]]:
    """What is told in a minute, with when: each group somewhere in its rollout."""
    one = [event for event in simulate("at-max", seed=0).events if not isinstance(event, FleetEnded)]
    first, last = one[0].at, one[-1].at
    chance, found = random.Random(0), list[tuple[float, Event]]()
    for number in range(groups):
        shift = chance.uniform(0.0, last - first)
        for event in one:
            at = max(0.0, event.at - first - shift)
            if at < SECONDS:
                found.append((at, replace(event, group=f"service-{number:03}")))
    return sorted(found, key=lambda each: each[0])


def plain(events: list[tuple[float, Event]]) -> float:
    """CPU seconds of plain lines."""
    view = Plain(lambda line: None)
    began = time.process_time()
    for _, event in events:
        view.tell(event)
    return time.process_time() - began


def live(events: list[tuple[float, Event]]) -> tuple[float, int]:
    """CPU seconds and frames of the live view. What had happened before the minute began is not counted."""
    clock, frames = [0.0], 0
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=200)
    painter = Painter(lambda line: None, console, lambda: (200, 50), clock=lambda: clock[0])
    waiting = iter(events)
    ahead = next(waiting, None)
    began, drawn = time.process_time(), 0.0
    for step in range(int(SECONDS / PACE)):
        clock[0], came = step * PACE, False
        while ahead is not None and ahead[0] <= clock[0]:
            painter.tell(ahead[1])
            ahead, came = next(waiting, None), True
        if step == 0:
            began = time.process_time()
        if came or clock[0] - drawn >= IDLE:
            painter.paint()
            frames, drawn = frames + 1, clock[0]
    return time.process_time() - began, frames


def measure(groups: int) -> Cost:
    """Both views on the same minute."""
    events = told(groups)
    during = [each for each in events if each[0] > 0]
    spent, frames = live(events)
    return Cost(groups=groups, events=len(during), plain=plain(during), live=spent, frames=frames)


def table(costs: Iterator[Cost]) -> Iterator[str]:
    """A line for each number of groups."""
    yield "groups  events/s  plain ms/s  live ms/s  ratio  frames/s"
    for one in costs:
        parts = (one.events / SECONDS, 1000 * one.plain / SECONDS, 1000 * one.live / SECONDS)
        ratio = one.live / one.plain if one.plain else 0.0
        figures = f"{one.groups:6}  {parts[0]:8.1f}  {parts[1]:10.2f}  {parts[2]:9.2f}  {ratio:5.1f}"
        yield f"{figures}  {one.frames / SECONDS:8.1f}"


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", type=int, nargs="*", help="how many groups")
    for line in table(measure(count) for count in parser.parse_args().groups or GROUPS):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
