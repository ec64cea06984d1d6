"""Tags of many groups in one call."""

from __future__ import annotations

from typing import Any

import anyio
from test_aws_act import acts, cloud, journal

from async_rollout.core.actions import Record
from async_rollout.engine.ports import Answer, Done, Refused
from async_rollout.sandbox.virtual import run_virtual


def test_records_of_many_groups_go_in_one_call(aws: Any) -> None:
    async def main() -> list[Answer]:
        one, answers = cloud(aws), []

        async def write(group: str) -> None:
            answers.append(await one.act(group, Record(journal=journal(1))))

        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(write, f"g{number}")
        return answers

    assert run_virtual(main) == [Done()] * 10
    assert [len(params["Tags"]) for _, params in acts(aws)] == [24, 6]


def test_what_is_wrong_with_one_group_is_nobody_elses(aws: Any, refused: Any) -> None:
    async def main() -> dict[str, Answer]:
        one, answers = cloud(aws), {}

        async def write(group: str) -> None:
            answers[group] = await one.act(group, Record(journal=journal(1)))

        async with anyio.create_task_group() as tasks:
            for group in ("gone", "web"):
                tasks.start_soon(write, group)
        return answers

    aws.faults["CreateOrUpdateTags"] = [refused("ValidationError"), refused("ValidationError")]
    answers = run_virtual(main)
    assert isinstance(answers["gone"], Refused)
    assert answers["web"] == Done()
