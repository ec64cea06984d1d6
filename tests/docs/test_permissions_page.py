"""The IAM policy that people copy grants what a rollout calls, and nothing that is never called."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable

import async_rollout as ar
from async_rollout.aws.launch_call import launch_call
from async_rollout.aws.traffic import KINDS
from async_rollout.core.actions import Launch
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.pages import ROOT, page
from support.switches import pinned

HOSTS = "hosts of ECS tasks"


def allowed() -> dict[str, set[str]]:
    """The actions that each statement of the policy allows, as "service:Call"."""
    found = re.search(r"<!-- policy -->\n```json\n(.*?)\n```", page("permissions"), re.DOTALL)
    assert found
    policy = json.loads(found[1])["Statement"]
    return {one["Sid"]: set(one["Action"]) for one in policy}


def optional(what: str = "launches that answer") -> set[str]:
    """What the statements beside it allow, for something that not everybody needs."""
    found = re.search(rf"<!-- policy: {what} -->\n```json\n(.*?)\n```", page("permissions"), re.DOTALL)
    assert found
    return {action for one in json.loads(found[1]) for action in one["Action"]}


def statements() -> dict[str, set[str]]:
    """The same without the services."""
    return {name: {action.partition(":")[2] for action in actions} for name, actions in allowed().items()}


def named(actions: Iterable[str]) -> set[str]:
    """Without the services."""
    return {action.partition(":")[2] for action in actions}


def granted() -> set[str]:
    return set().union(*statements().values())


async def called(*, rolled: bool) -> set[str]:
    """What a program sends that looks at the plan and the status of a group, and rolls it too."""
    sandbox = ar.Sandbox("at-max", clock=asyncio.get_running_loop().time)
    async with ar.connect(session=sandbox.session()) as cloud:
        await ar.plan(cloud.groups("web"))
        await ar.status(cloud.groups("web"))
        await cloud.under_way()
        if rolled:
            summary = await ar.roll_out(cloud.groups("web"), ar.RolloutSpec(scope=ar.Scope.ALL))
            assert summary.code == 0
    return {call.partition(":")[2] for call in sandbox.world.calls} - {"GetCallerIdentity"}


def test_it_grants_what_a_rollout_over_the_wire_needs_and_nothing_that_is_never_called() -> None:
    sent = run_virtual(lambda: called(rolled=True))
    assert "TerminateInstanceInAutoScalingGroup" in sent
    assert sent <= granted() | named(optional()) | named(optional(HOSTS))
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "async_rollout/aws").rglob("*.py"))
    assert [name for name in sorted(granted() - sent) if f'"{name}"' not in source] == []


def test_the_first_statement_is_enough_to_look() -> None:
    sent = run_virtual(lambda: called(rolled=False))
    assert "DescribeTargetHealth" in sent
    assert sent <= statements()["Look"] | named(optional(HOSTS))


def test_each_kind_of_traffic_source_says_what_it_needs_and_that_is_all() -> None:
    look = {action for action in allowed()["Look"] if not action.startswith(("autoscaling:", "ec2:"))}
    reads = {action for kind in KINDS for action in kind.permissions[0]}
    changes = {action for kind in KINDS for action in kind.permissions[1]}
    assert reads | changes == look | allowed()["Drain"] | optional(HOSTS)
    assert changes == allowed()["Drain"] | {"ecs:UpdateContainerInstancesState"}


def test_what_a_launch_that_answers_needs_is_optional_and_is_what_awss_page_names() -> None:
    call = launch_call("web", Launch(zone="eu-west-1a", count=1, token="run-1"))
    assert optional() == {
        call.api.permission(call.operation), "ec2:CreateFleet", "ec2:DescribeLaunchTemplateVersions",
    }  # fmt: skip
    assert not optional() & set().union(*allowed().values())


def test_what_setting_a_template_needs_stands_in_statements_of_its_own() -> None:
    async def set_and_rolled() -> set[str]:
        world = World(1, asyncio.get_running_loop().time)
        pinned(world, size=1)
        async with ar.connect(session=session(world)) as cloud:
            spec = ar.RolloutSpec(launch_template_version="2", on_failure=ar.OnFailure.ROLLBACK)
            assert (await ar.roll_out(cloud.groups("web"), spec)).code == 0
        return {call.partition(":")[2] for call in world.calls}

    needs = optional("what is launched from")
    assert {*PERMITS} < needs
    sent = run_virtual(set_and_rolled) - granted()
    assert "DescribeLaunchTemplateVersions" in sent
    assert sent <= named(needs | optional() | optional(HOSTS))
