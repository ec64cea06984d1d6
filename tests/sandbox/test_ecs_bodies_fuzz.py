"""Whatever JSON is sent to ECS, it is answered or refused, and its books balance afterwards."""

from __future__ import annotations

import json
from typing import Any

import anyio
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model
from async_rollout.sandbox.ecs.clusters import a_service, a_task
from support.asking import tell_json
from support.containers import Dock, a_dock, books

OPERATIONS = sorted(TABLES["ecs"])
ODD = st.sampled_from(
    ["", " ", "prod", "x" * 300, "page-1", "page--1", "RUNNING", "STOPPED", "DRAINING", "ACTIVE", "\ud7ff"]
)
FILTERS = st.sampled_from(["ec2InstanceId in [i-1]", "ec2InstanceId in i-1", "a == b", "((", "agentConnected == true"])
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def a_full_dock() -> Dock:
    dock = a_dock()
    a_service(dock.world, "prod", "shop", desired=4, target_group=True)
    a_service(dock.world, "prod", "logs", daemon=True)
    a_task(dock.world, "prod")
    return dock


def of(shape: Any, real: st.SearchStrategy[str], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of that shape, now and then of another."""
    match shape.type_name:
        case "structure" if depth < 3:
            needed = {name: of(shape.members[name], real, depth + 1) for name in shape.required_members}
            more = {name: of(one, real, depth + 1) for name, one in shape.members.items() if name not in needed}
            return st.fixed_dictionaries(needed, optional=dict(list(more.items())[:8]))
        case "list":
            return st.lists(of(shape.member, real, depth + 1), max_size=3)
        case "string":
            return real | ODD | FILTERS
        case "integer" | "long":
            return st.integers(-2, 200)
        case "boolean":
            return st.booleans()
        case _:
            return NONSENSE


@given(data=st.data())
def test_any_call_with_any_members(data: st.DataObject) -> None:
    dock = a_full_dock()
    world = dock.world
    tasks, hosts = list(world.state.tasks), list(world.state.hosts)
    real = st.sampled_from(["prod", "shop", "job", *tasks[:2], *hosts, *world.state.services])
    for _ in range(data.draw(st.integers(1, 4))):
        operation = data.draw(st.sampled_from(OPERATIONS))
        given_ = data.draw(of(operation_model("ecs", operation).input_shape, real))
        told = anyio.run(tell_json, world, "ecs", operation, json.dumps(given_).encode())
        assert told.status in (200, 501) or (told.status == 400 and told.code and told.message), told
    dock.wait(3000.0)
    books(world)
    assert {one.last for one in world.state.tasks.values()} <= {"RUNNING", "STOPPED"}


@given(NONSENSE.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=60), st.sampled_from(OPERATIONS))
def test_any_body(body: bytes, operation: str) -> None:
    told = anyio.run(tell_json, a_full_dock().world, "ecs", operation, body)
    assert told.status in (200, 400, 501)
