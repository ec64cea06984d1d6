"""A nightly refresh: replace what is outdated in these groups, two groups at a time, in at most three hours.

For cron, a systemd timer or a Kubernetes CronJob. Run twice it does nothing the second time; killed in the middle,
the next night goes on. It prints one line a group and ends with the exit code of the whole, which a scheduler can act
on: 7 means that the time was over and work is left.

    15 2 * * *  python examples/scheduled_refresh.py web api batch
"""

from __future__ import annotations

import asyncio
import signal
import sys

import async_rollout as ar

SPEC = ar.RolloutSpec(scope=ar.Scope.OUTDATED, max_surge="10%", limits=ar.Limits(total=3 * 3600.0))


async def refresh(names: list[str], **options: object) -> int:
    """Refresh the groups. options: those of `async_rollout.connect`."""
    halt = ar.Halt()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, halt.request, ar.Stop.NOW, "SIGTERM")
    async with ar.connect(**options) as cloud:  # type: ignore[arg-type]
        summary = await ar.roll_out(cloud.groups(*names), SPEC, max_groups=2, halt=halt)
    for result in summary.results:
        print(f"{result.group}: {result.verdict.outcome}, {len(result.replaced)} replaced; {result.verdict.why}")
    return summary.code


if __name__ == "__main__":
    sys.exit(asyncio.run(refresh(sys.argv[1:])))
