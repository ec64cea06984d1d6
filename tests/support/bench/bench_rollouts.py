"""How near a rollout comes to the best legal one, and what it costs in AWS calls.

    python tests/support/bench/bench_rollouts.py  groups of 3, 10 and 50
    python tests/support/bench/bench_rollouts.py 10 --slow  one size; delays as usual settings in AWS make them

Real core, real engine, real aws layer with aioboto3's own clients; the AWS behind the wire door is the sandbox, and
time is virtual. One group, all of it old, behind one Classic Load Balancer and two target groups, no hooks.

ideal      the best legal schedule for that surge and draining (`oracle.ideal`), with the very delays that this rollout
           met: AWS's reaction, boot, registration and health checks of each newcomer, deregistration delay, shutting
           down. It counts the proof that the rules ask for (healthy in two looks, a check interval apart).
wall       virtual seconds from the first raise of DesiredCapacity until the last old instance is gone.
           Left out on both sides: pre-checks, the wait for the lease, suspending, raising the maximum; and the end:
           settling, putting sizes and processes back, taking the tags off.
ratio      wall / ideal: 1.00 needs foresight, as nobody is told when AWS is ready. `bare`: the same with an ideal that
           needs no proof.
run        virtual seconds of the whole run, with all that `wall` leaves out.
calls      AWS calls of the whole run for each replaced instance, by operation for the most frequent five.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parents[2])]

from async_rollout import RolloutSpec, connect, roll_out  # noqa: E402
from async_rollout.core.amounts import amount  # noqa: E402
from async_rollout.core.policy import SOON  # noqa: E402
from async_rollout.sandbox.doors.wire import session  # noqa: E402
from async_rollout.sandbox.groups import a_group  # noqa: E402
from async_rollout.sandbox.history import What  # noqa: E402
from async_rollout.sandbox.records import Physics  # noqa: E402
from async_rollout.sandbox.virtual import loop_clock, run_virtual  # noqa: E402
from async_rollout.sandbox.world import World  # noqa: E402
from support.bench.oracle import fall_of, ideal, rises_of  # noqa: E402
from support.simulation import ASKED  # noqa: E402

SIZES = (3, 10, 50)
PACES = (("1", "0"), ("1", "1"), ("25%", "25%"))
"""Max surge and max draining."""
GROUP = "web"


@dataclass(frozen=True, kw_only=True)
class Delays:
    """What AWS takes its time for."""

    physics: Physics
    drain: float


QUICK = Delays(physics=Physics(), drain=30.0)
"""The sandbox's own: about 63 s to healthy, 40 s to gone."""
SLOW = Delays(physics=Physics(boot=120.0, warm=25.0, terminate=30.0), drain=60.0)
"""About 150 s to healthy and 90 s to gone."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One rollout. bare: the ideal without proof; the rest as the module's docstring says."""

    size: int
    pace: tuple[str, str]
    ideal: float
    bare: float
    wall: float
    run: float
    calls: Counter[str]

    @property
    def row(self) -> str:
        top = ", ".join(f"{name.split(':')[1]} {count / self.size:.1f}" for name, count in self.calls.most_common(5))
        times = f"{self.ideal:8.0f} {self.wall:8.0f} {self.wall / self.ideal:6.3f} {self.wall / self.bare:6.3f}"
        pace = f"{self.pace[0]:>5} {self.pace[1]:>8}"
        return f"{self.size:4} {pace} {times} {self.run:8.0f} {self.calls.total() / self.size:6.1f}  {top}"


HEAD = "size surge draining    ideal     wall  ratio   bare      run  calls  of these, for each replaced instance"


def measure(size: int, pace: tuple[str, str], delays: Delays = QUICK, *, seed: int = 0) -> Measured:
    """Roll one group of that size. Same arguments, same figures."""
    spec = RolloutSpec(max_surge=pace[0], max_draining=pace[1], canary_wait=0.0)

    async def main() -> tuple[World, frozenset[str], float]:
        world = World(seed, loop_clock())
        a_group(world, name=GROUP, size=size, outdated=size, physics=delays.physics, delay=delays.drain)
        old = frozenset(one.id for one in world.members(GROUP))
        async with connect(session=session(world), jitter=lambda: 0.5) as cloud:
            summary = await roll_out(cloud.groups(GROUP), spec)
        if summary.code:
            raise SystemExit(summary.results[0].verdict.why)
        return world, old, summary.results[0].seconds

    world, old, run = run_virtual(main)
    proof = (spec.healthy_threshold - 1) * spec.paced(SOON)
    best, bare = (_ideal(world, size, pace, wait) for wait in (proof, 0.0))
    return Measured(size=size, pace=pace, ideal=best, bare=bare, wall=_wall(world, old), run=run, calls=world.calls)


def _ideal(world: World, size: int, pace: tuple[str, str], proof: float) -> float:
    surge, draining = (amount(text).up(size) for text in pace)
    return ideal(rises_of(world, GROUP, old=size, proof=proof), fall_of(world, GROUP), surge=surge, draining=draining)


def _wall(world: World, old: frozenset[str]) -> float:
    first = next(one.at for one in world.record if one.what in ASKED)
    return max(one.at for one in world.record if one.what is What.GONE and one.instance in old) - first


def table(sizes: tuple[int, ...], delays: Delays) -> Iterator[str]:
    """The table, line by line, each as soon as it is known."""
    yield HEAD
    for size in sizes:
        for pace in PACES:
            yield measure(size, pace, delays).row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="SIZE")
    parser.add_argument("--slow", action="store_true", help="delays as with usual settings in AWS")
    asked = parser.parse_args()
    for line in table(tuple(asked.sizes), SLOW if asked.slow else QUICK):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
