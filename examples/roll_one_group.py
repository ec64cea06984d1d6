"""Roll one group and print what happens: the library in ten lines.

python examples/roll_one_group.py web
"""

from __future__ import annotations

import asyncio
import sys

import async_rollout as ar


async def main(group: str) -> int:
    async with ar.connect() as cloud:
        summary = await ar.roll_out(cloud.groups(group), ar.RolloutSpec(), tell=print)
    return summary.code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
