"""Every kill there is: `python tests/laws/run_kills.py` stops every story at every point in every way, and prints

    kills: 4536, wrong: 0, 200 s of CPU

The exit code is 1 if any did not end as it should. The same runs as tests/laws/test_kills.py.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "tests", "tests/laws")]

from async_rollout.core.journal import Goal  # noqa: E402 - the path comes first
from kill_worlds import STORIES, Story  # noqa: E402
from kills import Way, kills  # noqa: E402


def everywhere(name: str, story: Story) -> tuple[int, int]:
    """How many kills, and how many went wrong."""
    count = bad = 0
    for way in Way:
        for then in Goal:
            for at, lines in kills(story, way, then):
                count, bad = count + 1, bad + bool(lines)
                for line in lines[:2]:
                    say(f"{name}, {way} at {at}, then {then}: {line}")
    return count, bad


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """All stories, in this process."""
    all_of_them = bad = 0
    for name, story in STORIES.items():
        began = time.process_time()
        count, wrong = everywhere(name, story)
        all_of_them, bad = all_of_them + count, bad + wrong
        say(f"{name}: {count} kills, {wrong} went wrong, {time.process_time() - began:.1f} s")
    say(f"kills: {all_of_them}, wrong: {bad}, {time.process_time():.0f} s of CPU")
    return min(1, bad)


if __name__ == "__main__":
    sys.exit(main())
