"""Whatever JSON is sent to ECS, it is answered or refused, and its books balance afterwards."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import anyio
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model
from async_rollout.sandbox.ecs.clusters import a_cluster, a_service, a_task
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.asking import tell_json

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


def a_world() -> World:
    world = World(seed=1, clock=ManualClock())
    a_group(world, classic=0, target_groups=0, maximum=6)
    a_cluster(world)
    a_service(world, "prod", "shop", desired=4, target_group=True)
    a_service(world, "prod", "logs", daemon=True)
    a_task(world, "prod")
    return world


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


def books(world: World) -> None:
    """Every task is where its host has it, no host is fuller than it is large, no port is given twice."""
    state = world.state
    for host in world.ecs.hosts_in("prod"):
        here = world.ecs.tasks_on(host.arn)
        assert all(task.host == host.arn for task in here)
        assert sum(state.definitions[task.definition].cpu for task in here) <= host.cpu
        assert all(number == 1 for number in Counter(task.port for task in here if task.port).values())
    for service in state.services.values():
        alive = [one.arn for one in state.tasks.values() if one.service == service.arn and not one.over]
        assert sorted(alive) == sorted(task.arn for task in world.ecs.tasks_of(service.arn))


@given(data=st.data())
def test_any_call_with_any_members(data: st.DataObject) -> None:
    world = a_world()
    tasks, hosts = list(world.state.tasks), list(world.state.hosts)
    real = st.sampled_from(["prod", "shop", "job", *tasks[:2], *hosts, *world.state.services])
    for _ in range(data.draw(st.integers(1, 4))):
        operation = data.draw(st.sampled_from(OPERATIONS))
        given_ = data.draw(of(operation_model("ecs", operation).input_shape, real))
        told = anyio.run(tell_json, world, "ecs", operation, json.dumps(given_).encode())
        assert told.status in (200, 501) or (told.status == 400 and told.code and told.message), told
    world.follow(lambda: 5000.0)
    world.advance()
    books(world)
    assert {one.last for one in world.state.tasks.values()} <= {"RUNNING", "STOPPED"}


@given(NONSENSE.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=60), st.sampled_from(OPERATIONS))
def test_any_body(body: bytes, operation: str) -> None:
    told = anyio.run(tell_json, a_world(), "ecs", operation, body)
    assert told.status in (200, 400, 501)
