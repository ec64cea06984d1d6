"""Whatever is sent to the sandbox, it answers as AWS would: an answer or a refusal, never a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import anyio
from hypothesis import given
from hypothesis import strategies as st
from moto.core.parse import PROTOCOL_PARSERS

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model, protocol
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.world import World
from support.asking import VERSIONS, Told, post, tell

CALLS = sorted((service, operation) for service in VERSIONS for operation in TABLES[service])
ODD = st.sampled_from(
    ["", " ", "0", "-1", "1", "3", "9" * 5000, "1e400", "nan", "true", "page-1", "page-" + "9" * 5000, "$Latest",
     "2026-01-05T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "* * * * *", "61 0 * * *",
     "0 0 31 2 *", "Europe/Berlin", "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity", "SimpleScaling",
     "StepScaling", "TargetTrackingScaling", "autoscaling:EC2_INSTANCE_TERMINATING", "CONTINUE", "Launch", "tag-key",
     "instance-id", "%s{0}\x00\ud7ff<&>", "ELB", "elbv2", "../..", "x" * 3000]
)  # fmt: skip


def a_world(clock: ManualClock | None = None) -> World:
    world = World(seed=1, clock=clock or ManualClock())
    a_group(world, name="web", maximum=6)
    return world


def leaves(parser: Any, shape: Any, path: str = "") -> Iterator[str]:
    """The names of the fields that a call can have, as they stand on the wire."""
    if shape.type_name == "structure" and path.count(".") < 6:
        for name, member in shape.members.items():
            spoken = parser._get_serialized_name(member, name)
            yield from leaves(parser, member, f"{path}.{spoken}" if path else spoken)
    elif shape.type_name == "list":
        between = "" if parser.__class__.__name__.startswith("EC2") else ".member"
        for number in ("1", "2"):
            yield from leaves(parser, shape.member, f"{path}{between}.{number}")
    else:
        yield path


def fields_of(service: str, operation: str) -> tuple[list[str], list[str]]:
    """Those that there are, and those without which most calls would not get past the first check."""
    model = operation_model(service, operation)
    shape: Any = model.input_shape
    if shape is None:
        return [], []
    parser = PROTOCOL_PARSERS[protocol(service)](model)
    needed = [name for name in shape.required_members if shape.members[name].type_name != "structure"]
    named = [parser._get_serialized_name(shape.members[name], name) for name in needed]
    every = sorted(set(leaves(parser, shape)))
    return every, [one for one in every if one.partition(".")[0] in named and not one.endswith(".2")]


def real(world: World) -> list[str]:
    """Values that mean something there."""
    group = world.group("web")
    ids = [one.id for one in world.members("web")]
    return ["web", *ids, *group.source_ids, *world.state.templates, "Default", *group.zones]


@given(data=st.data())
def test_any_call_with_any_fields(data: st.DataObject) -> None:
    clock = ManualClock()
    world = a_world(clock)
    values = ODD | st.sampled_from(real(world))
    for _ in range(data.draw(st.integers(1, 4))):
        service, operation = data.draw(st.sampled_from(CALLS))
        names, needed = fields_of(service, operation)
        fields = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=6)) if names else {}
        fields |= {name: data.draw(values) for name in needed if name not in fields}
        well(anyio.run(lambda: tell(world, service, operation, **fields)))  # noqa: B023 - run at once
    clock.move(100_000.0)
    world.advance()
    assert world.now == EPOCH + 100_000.0


def well(told: Told) -> None:
    assert told.status in (200, 501) or (400 <= told.status < 500 and told.code and told.message), told


@given(st.binary(max_size=200))
def test_any_body(body: bytes) -> None:
    told = anyio.run(post, a_world(), body)
    assert told.status in (400, 501)


@given(st.binary(max_size=60), st.sampled_from(CALLS))
def test_a_call_with_garbage_behind_it(garbage: bytes, call: tuple[str, str]) -> None:
    service, operation = call
    head = urlencode({"Action": operation, "Version": VERSIONS[service]}).encode()
    well(anyio.run(post, a_world(), head + b"&" + garbage))
