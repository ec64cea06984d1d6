"""What is newer than the pinned botocore: read over the wire, and gone from here when the pin has caught up."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import aioboto3
import anyio
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from async_rollout.aws.session import connect
from async_rollout.core.spec import RolloutSpec, Scope
from async_rollout.newer import MODELS
from async_rollout.sandbox.doors.http import environment, serve
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled, seen

EXTRAS = Path(MODELS) / "autoscaling" / "2011-01-01" / "service-2.sdk-extras.json"
OLD, NEW = "ami-0000000000000000a", "ami-0000000000000000b"


def test_nothing_here_is_known_to_the_pinned_botocore() -> None:
    known = Loader().load_service_model("autoscaling", "service-2")
    added = json.loads(EXTRAS.read_text())["merge"]
    operations = set(added["operations"])
    members = {
        f"{name}.{one}"
        for name, shape in added["shapes"].items()
        for one in shape.get("members", {})
        if name in known["shapes"]
    }
    caught_up = sorted(operations & set(known["operations"])) + sorted(
        one for one in members if one.partition(".")[2] in known["shapes"][one.partition(".")[0]]["members"]
    )
    assert not caught_up, f"botocore knows these itself now; delete them from {EXTRAS.name}: {', '.join(caught_up)}"
    assert operations == {"LaunchInstances"}
    assert members == {
        "AutoScalingGroup.InstanceLifecyclePolicy",
        "AutoScalingGroup.Operator",
        "Instance.ImageId",
        "LaunchTemplateOverrides.ImageId",
    }


def test_a_call_that_is_newer_is_whole() -> None:
    loader = Loader()
    loader.search_paths.insert(0, MODELS)
    model = ServiceModel(loader.load_service_model("autoscaling", "service-2")).operation_model("LaunchInstances")
    assert model.input_shape.required_members == ["AutoScalingGroupName", "RequestedCapacity", "ClientToken"]
    answered = {name: model.output_shape.members[name].member.members for name in ("Instances", "Errors")}
    assert answered["Instances"]["InstanceIds"].type_name == "list"
    assert answered["Errors"]["ErrorCode"].type_name == "string"
    codes = {shape.name: shape.metadata["error"]["code"] for shape in model.error_shapes}
    assert codes == {
        "ResourceContentionFault": "ResourceContention",
        "IdempotentParameterMismatchError": "IdempotentParameterMismatch",
        "IdempotentCallInProgressFault": "IdempotentCallInProgress",
    }


def test_the_file_is_in_the_wheel(tmp_path: Path) -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(Path(__file__).parents[2]))
    (built,) = wheel.build(directory=str(tmp_path))
    assert f"async_rollout/{EXTRAS.relative_to(Path(MODELS).parents[1])}" in zipfile.ZipFile(built).namelist()


def images(*types: tuple[str, str | None]) -> object:
    """A group of overrides with these images, whose instances run what its first override brought before: OLD."""

    def built(simulation: Simulation) -> None:
        overrides = tuple(Override(instance_type=type, image=image) for type, image in types)
        group: Group = a_group(simulation, size=3, edit=lambda one: replace(one, overrides=overrides))
        for one in simulation.state.members(group.name):
            simulation.put_instance(replace(one, image=OLD))

    return built


def test_an_instance_of_an_older_override_image_is_outdated_and_one_of_the_same_is_not() -> None:
    outdated = RolloutSpec(scope=Scope.OUTDATED)
    world, result = rolled(images(("t3.micro", NEW)), outdated)  # type: ignore[arg-type]
    assert result.verdict.why == "all replaced, the group is as it was found"
    assert [one.image for one in world.members("web")] == [NEW] * 3
    world, result = rolled(images(("t3.micro", OLD)), outdated)  # type: ignore[arg-type]
    assert (result.verdict.code, result.verdict.why) == (0, "no instance is old")


@pytest.mark.parametrize("wanted", [OLD, NEW, None])
def test_both_doors_tell_the_same_of_images(wanted: str | None) -> None:
    wire, port = seen(images(("t3.micro", wanted), ("t3.small", NEW)))  # type: ignore[arg-type]
    told = [one.outdated for one in wire.instances]
    assert told == [one.outdated for one in port.instances] == [wanted != OLD] * 3
    assert wire.group.template != seen(images(("t3.micro", "ami-0"), ("t3.small", NEW)))[0].group.template  # type: ignore[arg-type]


async def test_a_prepared_session_reads_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(1)
    a_group(world, size=1, edit=lambda group: replace(group, operator="eks-auto.amazonaws.com"))
    async with serve(world) as endpoint:
        for name, value in environment(endpoint).items():
            monkeypatch.setenv(name, value)
        async with connect(session=aioboto3.Session(), endpoint=endpoint) as cloud:
            seen = await cloud.look("web", frozenset(), anyio.current_time())
    assert [claim.allowance for claim in seen.group.claims] == ["operator"]
