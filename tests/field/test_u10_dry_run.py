"""U10: a dry run on the sandbox does nothing and is answered as EC2 answers it."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.asking import Told, tell

WORDS = "Request would have succeeded, but DryRun flag is set."


@pytest.fixture
def world() -> World:
    made = World(seed=1, clock=ManualClock())
    a_group(made)
    return made


def fields(world: World, operation: str) -> dict[str, str]:
    """The least that the operation needs."""
    given = {"InstanceIds": ("InstanceId.1", world.members("web")[0].id)}
    template = next(iter(world.state.templates))
    if operation in ("CreateLaunchTemplateVersion", "DescribeLaunchTemplateVersions"):
        return {"LaunchTemplateId": template, "LaunchTemplateData.ImageId": "ami-1"}
    if operation == "ModifyLaunchTemplate":
        return {"LaunchTemplateId": template, "SetDefaultVersion": "1"}
    needed: Any = operation_model("ec2", operation).input_shape
    return dict(given[name] for name in needed.required_members)


def can_be_dry() -> list[str]:
    several: Any = {name: operation_model("ec2", name).input_shape for name in TABLES["ec2"]}
    return sorted(name for name, shape in several.items() if "DryRun" in shape.members)


def test_u10_every_ec2_call_knows_it() -> None:
    assert set(can_be_dry()) == set(TABLES["ec2"])


@pytest.mark.parametrize("operation", can_be_dry())
async def test_u10_a_dry_run_changes_nothing_and_says_so(world: World, operation: str) -> None:
    before, happened = world.version, len(world.record)
    given = {key: value for key, value in fields(world, operation).items() if _takes(operation, key)}
    told = await tell(world, "ec2", operation, DryRun="true", **given)
    assert (told.status, told.code, told.message) == (412, "DryRunOperation", WORDS)
    assert (world.version, len(world.record)) == (before, happened)
    assert (await tell(world, "ec2", operation, DryRun="false", **given)).status == 200


def _takes(operation: str, field: str) -> bool:
    shape: Any = operation_model("ec2", operation).input_shape
    return field.partition(".")[0].rstrip("s") in {name.rstrip("s") for name in wire_names(shape)}


def wire_names(shape: Any) -> set[str]:
    """Members as the request spells them."""
    return {member.serialization.get("name", name) for name, member in shape.members.items()} | {*shape.members}


async def test_u10_what_would_be_refused_is_refused_in_a_dry_run_too(world: World) -> None:
    told = await tell(world, "ec2", "TerminateInstances", DryRun="true", **{"InstanceId.1": "i-0123456789abcdef0"})
    assert told == Told(400, "InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist")
