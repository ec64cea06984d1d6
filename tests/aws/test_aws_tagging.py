"""Tags of many groups in one call."""

from __future__ import annotations

from typing import Any

import anyio

from async_rollout.aws.cloud import AwsCloud
from async_rollout.core.actions import Record
from async_rollout.core.journal import Found, Journal
from async_rollout.engine.ports import Answer, Done, Refused
from async_rollout.sandbox.virtual import run_virtual


def cloud(aws: Any) -> AwsCloud:
    return AwsCloud(aws.send, region="eu-west-1", jitter=lambda: 1.0)


def journal(serial: int) -> Journal:
    return Journal(
        group="0" * 16, run="r1", serial=serial, holder="h", until=1, base=1, asked=1,
        found=Found(minimum=1, desired=1, maximum=1),
    )  # fmt: skip


def acts(aws: Any) -> list[tuple[str, Any]]:
    return [(call.operation, call.params) for _, call in aws.sent if not call.reads]


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
