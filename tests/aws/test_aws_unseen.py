"""Looks that fail, each alone: what is unknown, forbidden, unanswered or given up."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from async_rollout.core.observation import Observation
from async_rollout.errors import CredentialsError, UnknownGroupError, UnseenError
from async_rollout.sandbox.virtual import run_virtual
from support.looking import OTHER, TG, cloud, look


def test_a_source_that_hangs_delays_only_its_own_group(lit: Any) -> None:
    lit.add("sick", "i-1", TargetGroupARNs=[TG])
    lit.add("well", "i-2", TargetGroupARNs=[OTHER])
    lit.hanging.add('DescribeTargetHealth", {"TargetGroupArn": "' + TG)

    async def main() -> dict[str, float]:
        one = cloud(lit)
        done: dict[str, float] = {}

        async def ask(name: str) -> None:
            try:
                await look(one, name)
            except UnseenError:
                done[f"{name} unseen"] = anyio.current_time()
            else:
                done[name] = anyio.current_time()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "sick")
            tasks.start_soon(ask, "well")
        return done

    done = run_virtual(main)
    assert done["well"] < 1
    assert 15 < done["sick unseen"] < 45


def test_an_unknown_group_is_named_and_harms_no_other(lit: Any) -> None:
    lit.add("a", "i-1")

    async def main() -> Observation:
        one = cloud(lit)
        found: list[Observation] = []

        async def good() -> None:
            found.append(await look(one, "a"))

        async def bad() -> None:
            with pytest.raises(UnknownGroupError, match="'nobody'"):
                await look(one, "nobody")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(good)
            tasks.start_soon(bad)
        return found[0]

    assert run_virtual(main).group.name == "a"


def test_a_cancelled_look_takes_nothing_from_another(lit: Any) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])

    async def main() -> Observation:
        one = cloud(lit)
        found: list[Observation] = []

        async def leader() -> None:
            with anyio.move_on_after(0.15):
                await look(one, "a")

        async def follower() -> None:
            found.append(await look(one, "a"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leader)
            tasks.start_soon(follower)
        return found[0]

    assert run_virtual(main).health_seen
    assert len(lit.params("DescribeAutoScalingGroups")) == 1
    assert len(lit.params("DescribeTargetHealth")) == 1


@pytest.mark.parametrize("operation", ["DescribeAutoScalingGroups", "DescribeTargetHealth", "DescribeInstances"])
def test_a_missing_permission_ends_the_look_with_awss_words(lit: Any, refused: Any, operation: str) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])
    lit.faults[operation] = [refused("AccessDenied", "not authorized to do so", 403)]
    with pytest.raises(CredentialsError, match=r"not authorized to do so.*Allow"):
        run_virtual(lambda: look(cloud(lit), "a"))


def test_a_look_that_stays_unanswered_is_unseen(lit: Any, refused: Any) -> None:
    lit.add("a", "i-1")
    lit.faults["DescribeAutoScalingGroups"] = [refused("InternalFailure", status=500)] * 9
    with pytest.raises(UnseenError, match="InternalFailure"):
        run_virtual(lambda: look(cloud(lit), "a"))
