"""U16: groups of EKS, Beanstalk, Batch or an operator; weights all 1; Classic texts without the full stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

import async_rollout as ar
from async_rollout.aws.calls import Reply
from async_rollout.aws.traffic.classic import health_of
from async_rollout.core.events import Warned
from async_rollout.core.observation import TargetState
from async_rollout.core.others import ALLOWANCES
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Hook, Override, Tag
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled, seen
from support.simulation import Run, simulate

EKS = (Tag(key="eks:nodegroup-name", value="ng-1"), Tag(key="eks:cluster-name", value="prod"))
BEANSTALK = (Tag(key="elasticbeanstalk:environment-name", value="shop"),)
BATCH = (Tag(key="AWSBatchServiceTag", value="batch"),)


def of(*tags: Tag, **more: object) -> object:
    """A world whose group has these tags and fields."""

    def built(simulation: Simulation) -> None:
        a_group(simulation, size=2, edit=lambda group: replace(group, tags=(*group.tags, *tags), **more))

    return built


@pytest.mark.parametrize(
    ("tags", "more", "name", "words"),
    [
        (EKS, {}, "eks", "EKS node group ng-1 of cluster prod"),
        (BEANSTALK, {}, "beanstalk", "Elastic Beanstalk environment shop"),
        (BATCH, {}, "batch", "AWS Batch compute environment"),
        ((), {"operator": "eks-auto.amazonaws.com"}, "operator", "eks-auto.amazonaws.com, which alone may change it"),
    ],
)  # fmt: skip
def test_u16_a_group_of_another_service_is_refused_until_it_is_allowed_by_name(tags, more, name, words) -> None:  # type: ignore[no-untyped-def]
    built = of(*tags, **more)
    others = frozenset(ALLOWANCES) - {name}
    for world, result in (rolled(built, RolloutSpec(allow=others)), told(simulate(built, RolloutSpec(allow=others)))):  # type: ignore[arg-type]
        assert (result.verdict.code, words in result.verdict.why) == (3, True), result.verdict
        assert f"--allow {name}" in result.verdict.why
        assert not [one for one in world.record if one.what in (What.TAG, What.SUSPEND, What.TERMINATE)]
    for _, result in (rolled(built, RolloutSpec(allow=frozenset({name}))), told(simulate(built, allowing(name)))):  # type: ignore[arg-type]
        assert result.verdict.code == 0, result.verdict


def allowing(name: str) -> RolloutSpec:
    return RolloutSpec(allow=frozenset({name}))


def told(run: Run) -> tuple[World, ar.GroupResult]:
    return run.world, run.result


def test_u16_what_cannot_be_allowed_is_a_usage_error() -> None:
    with pytest.raises(ar.UsageError, match="'everything' cannot be allowed, only zonal-shift, eks"):
        RolloutSpec(allow=frozenset({"everything", "eks"}))


def test_u16_what_else_is_at_work_is_told_and_stops_nothing() -> None:
    tags = (Tag(key="k8s.io/cluster-autoscaler/enabled", value=""), Tag(key="aws:cloudformation:stack-name", value="s"))
    hook = Hook(name="CodeDeploy-managed-automatic-launch-deployment-hook-web-1", launching=True, completes_after=5.0)
    built = of(*tags, rebalances=True, lifetime=86_400, reserved=True, hooks=(hook,))
    wire, port = seen(built)  # type: ignore[arg-type]
    assert (wire.group.traits, wire.group.claims) == (port.group.traits, ())
    run = simulate(built)  # type: ignore[arg-type]
    said = " ".join(event.text for event in run.events if isinstance(event, Warned))
    words = ("cluster-autoscaler", "CloudFormation", "Capacity Rebalancing", "lifetime", "Reservations", "CodeDeploy")
    assert [word for word in words if word not in said] == []
    assert run.result.verdict.code == 0

    async def drain(call: HookCall) -> bool:
        return True

    drained = simulate(built, RolloutSpec(hooks=Hooks(before_terminate=drain)))  # type: ignore[arg-type]
    assert not any("cluster-autoscaler" in one.text for one in drained.events if isinstance(one, Warned))


def test_u16_weights_all_one_are_instances() -> None:
    types = ("c6i.xlarge", "c6a.xlarge", "c5.xlarge")

    def weighted(weight: int) -> object:
        return of(overrides=tuple(Override(instance_type=one, weight=weight) for one in types))

    world, result = rolled(weighted(1), RolloutSpec())  # type: ignore[arg-type]
    assert result.verdict.code == 0, result.verdict
    assert len(world.members("web")) == 2
    world, result = rolled(weighted(2), RolloutSpec())  # type: ignore[arg-type]
    assert (result.verdict.code, "weights" in result.verdict.why) == (3, True)


def terse(simulation: Simulation) -> Group:
    """Behind a Classic Load Balancer whose texts come without the full stop."""
    group = a_group(simulation, classic=1, target_groups=0, size=3, delay=60.0)
    for source in simulation.state.sources_of("web"):
        simulation.put_source(replace(source, terse=True))
    return group


def test_u16_a_classic_load_balancers_texts_are_read_without_the_full_stop() -> None:
    world, result = rolled(terse, RolloutSpec())
    assert result.verdict.code == 0, result.verdict
    left = {one.instance: one.at for one in world.record if one.what is What.TERMINATE}
    out = {one.instance: one.at for one in world.record if one.what is What.DEREGISTER}
    assert left
    assert all(at - out[id] >= 60.0 for id, at in left.items())


@pytest.mark.parametrize(
    ("state", "words", "read"),
    [
        ("InService", "N/A", TargetState.HEALTHY),
        ("InService", "", TargetState.HEALTHY),
        ("InService", "Instance deregistration currently in progress", TargetState.DRAINING),
        ("InService", " instance  deregistration currently in progress. ", TargetState.DRAINING),
        ("InService", "Deregistration of the instance has begun.", TargetState.DRAINING),
        ("InService", "Something new", TargetState.UNKNOWN),
        ("OutOfService", "Instance registration is still in progress", TargetState.INITIAL),
        ("OutOfService", "Instance is in stopped state", TargetState.UNUSED),
        ("OutOfService", "Something new", TargetState.UNHEALTHY),
        ("Unknown", "A transient error occurred. Please try again later.", TargetState.UNKNOWN),
    ],
)
def test_u16_no_text_of_a_classic_load_balancer_makes_one_healthy_that_is_not(
    state: str, words: str, read: TargetState
) -> None:
    row = {"InstanceId": "i-0", "State": state, "Description": words}
    ((_, target),) = health_of("clb", Reply(body={"InstanceStates": [row]}, at=0.0)).targets
    assert target.state is read


def test_u16_one_that_is_not_registered_has_no_target_with_the_full_stop_or_without() -> None:
    words = "Instance is not currently registered with the LoadBalancer"
    rows = [{"InstanceId": "i-0", "State": "OutOfService", "Description": words + end} for end in ("", ".")]
    assert health_of("clb", Reply(body={"InstanceStates": rows}, at=0.0)).targets == ()
