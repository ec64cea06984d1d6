"""How old a look is: by the loop's clock, by one that goes on while this host sleeps, and by the wall clock.

The loop's clock stands still while a host sleeps or a virtual machine is paused, and AWS goes on meanwhile. So an act
is sent only while its look is young by all of them, and that is asked as the last thing before it leaves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio

Young = Callable[[], bool]
"""Whether what an act rests on is still young enough. Asked when its turn has come, not before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment by each clock. boot: since this machine's start, its sleep included, where there is such a clock."""

    loop: float
    boot: float
    wall: float

    def since(self, earlier: Moment) -> float:
        """Seconds by the clock that says most: one that was set back proves nothing."""
        return max(self.loop - earlier.loop, self.boot - earlier.boot, self.wall - earlier.wall)


Clocks = Callable[[], Moment]


def of_this_host() -> Moment:
    """Now. Linux has CLOCK_BOOTTIME; macOS's CLOCK_MONOTONIC goes on in its sleep too."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(loop=anyio.current_time(), boot=time.clock_gettime(boot), wall=time.time())


def always() -> bool:
    """For an act that rests on no look."""
    return True
