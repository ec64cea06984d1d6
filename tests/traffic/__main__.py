"""Real requests while three groups are rolled at once, for each way to do it: how many, how many failed, how late.

    python tests/traffic                       all of it, an hour or so at the clock's own pace
    python tests/traffic --only ours ended     some of it
    python tests/traffic --speed 2             the simulated AWS twice as fast; requests stay as they are

Each instance is a web server in a process of its own, HAProxy is the load balancer (one for each of AWS's) and does
what the sandbox says of each target, a moment later: "lag" says how much later, and excuses nothing. An instance that
ends is killed at once, with all of its connections. Some requests are slow; none may outlive the deregistration delay,
where AWS itself would cut it. The way of an instance refresh is a model of ours, made from its documents, and so are
the original's steps; async-rollout is the real command in a process, killed by SIGKILL half-way and typed again.

Needs HAProxy (`apt-get install haproxy`) on Linux. Ends with 1 if async-rollout failed a request.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from support.traffic.trial import Setting, trial  # noqa: E402
from support.traffic.ways import HEAD, WAYS, line  # noqa: E402 - the path comes first


def main() -> int:
    """Try each way, print its line."""
    usual = Setting()
    parser = argparse.ArgumentParser(
        prog="python tests/traffic", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=WAYS, default=tuple(WAYS), metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--speed", type=float, default=usual.speed, help="of the simulated AWS")
    parser.add_argument("--size", type=int, default=usual.size, help="of each group")
    parser.add_argument("--rate", type=float, default=usual.rate, help="requests a second, in all")
    asked = parser.parse_args()
    if (usual.delay + 1) / asked.speed * 1000 <= usual.slow[1]:
        parser.error("so fast, slow requests outlive their drain")
    failed = 0
    sys.stdout.write(f"{HEAD}\n")
    for name in asked.only:
        title, roller = WAYS[name]
        told = asyncio.run(trial(Setting(speed=asked.speed, size=asked.size, rate=asked.rate), roller))
        failed += told.failed if name == "ours" else 0
        met = "".join(f"    {kind}: {met}\n" for kind, met in told.tally.first.items())
        sys.stdout.write(f"{line(title, told)}\n{met}")
        sys.stdout.flush()
    return min(1, failed)


if __name__ == "__main__":
    sys.exit(main())
