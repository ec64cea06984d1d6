"""EC2 is asked once an instance; aliases of templates once a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from async_rollout.aws.clock import AwsClock
from async_rollout.aws.facts import UNSEEN, Launches, Templates, launch_of
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.launching import Versions
from async_rollout.aws.single_flight import Flights
from async_rollout.aws.throttle import Throttle
from async_rollout.sandbox.virtual import run_virtual


def launches(aws: Any) -> Launches:
    return Launches(Throttle(aws.send, clock=AwsClock(), jitter=lambda: 1.0).ask, Flights())


def templates(aws: Any) -> Templates:
    return Templates(Throttle(aws.send, clock=AwsClock(), jitter=lambda: 1.0).ask, Flights())


def asked(aws: Any) -> list[list[str]]:
    return [params["Filters"][0]["Values"] for params in aws.params("DescribeInstances")]


def test_each_instance_is_asked_for_once(aws: Any) -> None:
    async def main() -> None:
        facts = launches(aws)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(facts.of, ["i-1", "i-2"])
            tasks.start_soon(facts.of, ["i-2", "i-3"])
        await facts.of(["i-1", "i-2", "i-3", "i-4"])

    run_virtual(main)
    assert asked(aws) == [["i-1", "i-2", "i-3"], ["i-4"]]


def test_two_hundred_a_call(aws: Any) -> None:
    run_virtual(lambda: launches(aws).of([f"i-{n}" for n in range(450)]))
    assert sorted(len(ids) for ids in asked(aws)) == [50, 200, 200]


def test_one_that_ec2_does_not_show_is_asked_for_again(aws: Any, ec2: Any) -> None:
    shown: list[dict[str, Any]] = []
    aws.answers["DescribeInstances"] = lambda params: {"Reservations": [{"Instances": shown}]}

    async def main() -> tuple[Any, Any, Any]:
        facts = launches(aws)
        absent = (await facts.of(["i-1"]))["i-1"]
        shown.append(ec2("i-1", State={"Name": "pending"}))
        pending = (await facts.of(["i-1"]))["i-1"]
        shown[0] = ec2("i-1", PublicIpAddress="203.0.113.9")
        await facts.of(["i-1"])
        return absent, pending, (await facts.of(["i-1"]))["i-1"]

    absent, pending, running = run_virtual(main)
    assert absent == UNSEEN
    assert pending.launched_at == 1_699_999_000.0
    assert running.public_ip == "203.0.113.9"
    assert len(asked(aws)) == 3


def test_pages_are_followed(aws: Any, ec2: Any) -> None:
    def answer(params: Any) -> Any:
        if "NextToken" in params:
            return {"Reservations": [{"Instances": [ec2("i-2")]}]}
        return {"Reservations": [{"Instances": [ec2("i-1")]}], "NextToken": "more"}

    aws.answers["DescribeInstances"] = answer
    found = run_virtual(lambda: launches(aws).of(["i-1", "i-2"]))
    assert all(one.settled for one in found.values())


def test_launched_is_when_the_first_interface_came(ec2: Any) -> None:
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    interfaces = [
        {"Attachment": {"DeviceIndex": 1, "AttachTime": second}},
        {"Attachment": {"DeviceIndex": 0, "AttachTime": first}},
    ]
    assert launch_of(ec2("i-1", NetworkInterfaces=interfaces, LaunchTime=second)).launched_at == first.timestamp()


def test_one_that_has_lost_its_interface_falls_back_to_its_launch_time(ec2: Any) -> None:
    gone = launch_of(ec2("i-1", NetworkInterfaces=[], State={"Name": "terminated"}))
    assert gone.launched_at == 1_699_999_990.0
    young = launch_of(ec2("i-1", NetworkInterfaces=[], State={"Name": "pending"}))
    assert (young.launched_at, young.settled) == (None, False)


def described(default: int, latest: int) -> Any:
    return lambda params: {"LaunchTemplates": [template("lt-1", "web", default, latest)]}


def template(id: str, name: str, default: int = 1, latest: int = 3) -> dict[str, object]:
    numbers = {"DefaultVersionNumber": default, "LatestVersionNumber": latest}
    return {"LaunchTemplateId": id, "LaunchTemplateName": name, **numbers}


def test_aliases_are_asked_for_again_after_a_minute(aws: Any) -> None:
    aws.answers["DescribeLaunchTemplates"] = described(1, 3)

    async def main() -> list[Any]:
        facts = templates(aws)
        found = [await facts.of(["lt-1"]), await facts.of(["lt-1"])]
        aws.answers["DescribeLaunchTemplates"] = described(1, 4)
        await anyio.sleep(30)
        found.append(await facts.of(["lt-1"]))
        await anyio.sleep(31)
        return [*found, await facts.of(["lt-1"])]

    old, new = ({"lt-1": Versions(id="lt-1", default=1, latest=latest)} for latest in (3, 4))
    assert run_virtual(main) == [old, old, old, new]
    assert aws.params("DescribeLaunchTemplates") == [{"LaunchTemplateIds": ["lt-1"]}] * 2


def test_a_template_without_id_is_asked_for_by_name(aws: Any) -> None:
    aws.answers["DescribeLaunchTemplates"] = described(1, 3)
    assert run_virtual(lambda: templates(aws).of(["web"]))["web"].id == "lt-1"
    assert aws.params("DescribeLaunchTemplates") == [{"LaunchTemplateNames": ["web"]}]


def test_a_template_that_is_gone_is_absent_but_a_missing_permission_is_not_silent(aws: Any, refused: Any) -> None:
    aws.faults["DescribeLaunchTemplates"] = [
        refused("InvalidLaunchTemplateId.NotFound"),
        refused("UnauthorizedOperation"),
    ]

    async def main() -> Any:
        facts = templates(aws)
        gone = await facts.of(["lt-1"])
        with pytest.raises(CallFailedError):
            await facts.of(["lt-1"])
        return gone

    assert run_virtual(main) == {}


def test_one_call_a_minute_asks_for_the_aliases_of_all_groups(aws: Any) -> None:
    aws.answers["DescribeLaunchTemplates"] = lambda params: {
        "LaunchTemplates": [template(id, f"name of {id}") for id in params["LaunchTemplateIds"]]
    }

    async def main() -> Any:
        facts = templates(aws)
        for _ in range(3):
            for id in ("lt-1", "lt-2", "lt-3"):
                assert (await facts.of([id]))[id].latest == 3
            await anyio.sleep(61)
        return [len(params["LaunchTemplateIds"]) for params in aws.params("DescribeLaunchTemplates")]

    assert run_virtual(main) == [1, 2, 3, 3, 3]


def test_a_template_that_is_gone_hides_no_other(aws: Any, refused: Any) -> None:
    gone = "lt-2"

    def answer(params: Any) -> Any:
        if gone in params["LaunchTemplateIds"]:
            raise refused("InvalidLaunchTemplateId.NotFound")
        return {"LaunchTemplates": [template(id, f"name of {id}") for id in params["LaunchTemplateIds"]]}

    aws.answers["DescribeLaunchTemplates"] = answer

    async def main() -> Any:
        facts = templates(aws)
        return [sorted(await facts.of(keys)) for keys in (["lt-1"], ["lt-1", gone, "lt-3"], [gone], ["lt-1"])]

    assert run_virtual(main) == [["lt-1"], ["lt-1", "lt-3"], [], ["lt-1"]]
