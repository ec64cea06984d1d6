"""C2: DeregisterTargets fails for minutes; the raise behind it in the same tick is never sent, and is no launch."""

from __future__ import annotations

import anyio
import pytest

from async_rollout.core.journal import Journal
from async_rollout.core.tags import from_tags
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.world import World
from support.refusing import as_found, launches, rolled


@pytest.mark.parametrize("kind", [FaultKind.ERROR_500, FaultKind.THROTTLE, FaultKind.RESET, FaultKind.REFUSED])
@pytest.mark.parametrize("seconds", [140.0, 40.0])
def test_c2_what_was_never_sent_is_no_launch(kind: FaultKind, seconds: float) -> None:
    run = rolled(Fault(kind=kind, action="^elbv2:DeregisterTargets", window=(50.0, 50.0 + seconds)), size=3)
    refused_long = kind is FaultKind.REFUSED and seconds > 60
    assert run.result.verdict.code == (1 if refused_long else 0), run.result.verdict
    assert as_found(run)
    assert launches(run) <= 4


def test_c2_the_record_says_so_while_it_lasts() -> None:
    counted = []
    rule = Fault(kind=FaultKind.ERROR_500, action="^elbv2:DeregisterTargets", window=(60.0, 210.0))

    async def watching(world: World) -> None:
        while True:
            await anyio.sleep(1.0)
            group = world.group("web")
            record = from_tags({tag.key: tag.value for tag in group.tags}, group.arn)
            if isinstance(record, Journal):
                counted.append(record.launches)

    done = rolled(rule, size=3, others=watching)
    assert done.result.verdict.code == 0
    assert max(counted) <= launches(done) + 1, "one at the most may have been taken"
