"""Each kind of traffic source in its own words, and both in ours."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.aws.calls import Ask, Call, Reply
from async_rollout.aws.faults import CallFailedError, Fault, FaultKind
from async_rollout.aws.traffic import KINDS, classic, kind_of, named, target_group
from async_rollout.aws.traffic.classic import Classic
from async_rollout.aws.traffic.target_group import TargetGroup
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source, TargetState
from async_rollout.sandbox.virtual import run_virtual

TG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0011223344556677"
TG_CN = "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/blue/0011223344556677"
LATTICE = "arn:aws:vpc-lattice:eu-west-1:123456789012:targetgroup/tg-0123456789abcdef0"


def asking(answers: dict[str, Any], sent: list[Call]) -> Ask:
    async def ask(call: Call) -> Reply:
        sent.append(call)
        answer = answers[call.operation]
        body = answer(call.params) if callable(answer) else answer
        return Reply(body=body, at=7.0)

    return ask


@pytest.mark.parametrize(
    ("identifier", "type", "kind"),
    [
        (TG, None, "target group"),
        (TG_CN, "elbv2", "target group"),
        ("web-clb", None, "classic"),
        ("web-clb", "elb", "classic"),
        (LATTICE, None, None),
        (LATTICE, "vpc-lattice", None),
        ("something", "a-new-kind", None),
        (TG, "a-new-kind", None),
    ],
)
def test_a_source_is_of_one_kind_or_of_none(identifier: str, type: str | None, kind: str | None) -> None:
    found = kind_of(identifier, type)
    assert (found.name if found else None) == kind
    assert sum(one.owns(identifier, type) for one in KINDS) <= 1


def test_the_three_lists_of_a_group_are_one() -> None:
    group = {
        "LoadBalancerNames": ["web-clb"],
        "TargetGroupARNs": [TG],
        "TrafficSources": [
            {"Identifier": TG, "Type": "elbv2"},
            {"Identifier": "web-clb", "Type": "elb"},
            {"Identifier": "other-clb"},
            {"Identifier": LATTICE, "Type": "vpc-lattice"},
        ],
    }
    found = [(one.id, one.kind.name if one.kind else None) for one in named(group)]
    assert found == [("web-clb", "classic"), (TG, "target group"), ("other-clb", "classic"), (LATTICE, None)]


def target_row(state: str, why: str = "", port: int | None = 80) -> dict[str, Any]:
    target = {"Id": "i-1"} | ({"Port": port} if port else {})
    return {"Target": target, "TargetHealth": {"State": state} | ({"Reason": why} if why else {})}


@pytest.mark.parametrize(
    ("state", "why", "ours"),
    [
        ("initial", "Elb.RegistrationInProgress", TargetState.INITIAL),
        ("healthy", "", TargetState.HEALTHY),
        ("unhealthy", "Target.Timeout", TargetState.UNHEALTHY),
        ("unhealthy.draining", "", TargetState.UNHEALTHY),
        ("unused", "Target.NotInUse", TargetState.UNUSED),
        ("unused", "Target.InvalidState", TargetState.UNUSED),
        ("draining", "Target.DeregistrationInProgress", TargetState.DRAINING),
        ("unavailable", "Elb.InternalError", TargetState.UNKNOWN),
        ("a-new-state", "", TargetState.UNKNOWN),
        ("unused", "Target.NotRegistered", None),
    ],
)
def test_target_states(state: str, why: str, ours: TargetState | None) -> None:
    reply = Reply(body={"TargetHealthDescriptions": [target_row(state, why)]}, at=7.0)
    found = target_group.health_of(TG, reply)
    assert found.at == 7.0
    assert [(id, one.source, one.port, one.state, one.reason) for id, one in found.targets] == (
        [("i-1", TG, 80, ours, why)] if ours else []
    )


def test_an_instance_on_two_ports_is_two_targets() -> None:
    rows = [target_row("healthy", port=80), target_row("draining", "Target.DeregistrationInProgress", port=81)]
    found = target_group.health_of(TG, Reply(body={"TargetHealthDescriptions": rows}, at=0.0))
    assert [(one.port, one.state) for _, one in found.targets] == [
        (80, TargetState.HEALTHY),
        (81, TargetState.DRAINING),
    ]


@pytest.mark.parametrize(
    ("state", "words", "ours"),
    [
        ("InService", "N/A", TargetState.HEALTHY),
        ("InService", "Instance deregistration currently in progress.", TargetState.DRAINING),
        ("OutOfService", "Instance registration is still in progress.", TargetState.INITIAL),
        ("OutOfService", "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
         TargetState.UNHEALTHY),
        ("OutOfService", "Instance has not passed the configured HealthyThreshold number of health checks "
         "consecutively.", TargetState.INITIAL),
        ("OutOfService", "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route "
         "traffic to.", TargetState.UNUSED),
        ("OutOfService", "Instance is in stopped state.", TargetState.UNUSED),
        ("Unknown", "A transient error occurred. Please try again later.", TargetState.UNKNOWN),
        ("OutOfService", "Instance is not currently registered with the LoadBalancer.", None),
    ],
)  # fmt: skip
def test_classic_states_are_in_the_words(state: str, words: str, ours: TargetState | None) -> None:
    rows = [{"InstanceId": "i-1", "State": state, "ReasonCode": "ELB", "Description": words}]
    found = classic.health_of("web-clb", Reply(body={"InstanceStates": rows}, at=7.0))
    reason = "" if words == "N/A" else words
    assert [(id, one.port, one.state, one.reason) for id, one in found.targets] == (
        [("i-1", None, ours, reason)] if ours else []
    )


def test_target_groups_are_described_with_few_calls() -> None:
    other = TG.replace("blue", "idle")
    sent: list[Call] = []
    answers = {
        "DescribeTargetGroups": {
            "TargetGroups": [
                {"TargetGroupArn": TG, "TargetGroupName": "blue", "Port": 8080, "LoadBalancerArns": ["arn:lb"]},
                {"TargetGroupArn": other, "TargetGroupName": "idle", "Port": 80, "LoadBalancerArns": []},
            ]
        },
        "DescribeTargetGroupAttributes": lambda params: {
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "45"}]
            if params["TargetGroupArn"] == TG
            else []
        },
        "DescribeLoadBalancers": {
            "LoadBalancers": [{"LoadBalancerArn": "arn:lb", "AvailabilityZones": [{"ZoneName": "eu-west-1a"}]}]
        },
    }
    found = run_virtual(lambda: TargetGroup().describe(asking(answers, sent), [TG, other]))
    detach = "detach-load-balancer-target-groups --target-group-arns"
    assert found == (
        Source(
            id=TG, kind="target group", noun="target group", name="blue", has_listener=True, drain_delay=45.0,
            default_port=8080, zones=frozenset({"eu-west-1a"}), detach=f"{detach} {TG}",
        ),
        Source(
            id=other, kind="target group", noun="target group", name="idle", has_listener=False, drain_delay=300.0,
            default_port=80, zones=None, detach=f"{detach} {other}",
        ),
    )  # fmt: skip
    assert [call.operation for call in sent].count("DescribeTargetGroups") == 1
    assert len(sent) == 4


def test_many_target_groups_are_described_twenty_a_call() -> None:
    sent: list[Call] = []
    answers: dict[str, Any] = {"DescribeTargetGroups": {}, "DescribeTargetGroupAttributes": {}}
    run_virtual(lambda: TargetGroup().describe(asking(answers, sent), [f"{TG}{n}" for n in range(45)]))
    sizes = [len(call.params["TargetGroupArns"]) for call in sent if call.operation == "DescribeTargetGroups"]
    assert sorted(sizes) == [5, 20, 20]


def test_classic_balancers_are_described() -> None:
    answers = {
        "DescribeLoadBalancers": {
            "LoadBalancerDescriptions": [
                {"LoadBalancerName": "cuts", "AvailabilityZones": ["eu-west-1a", "eu-west-1b"]},
                {"LoadBalancerName": "drains", "AvailabilityZones": ["eu-west-1a"]},
            ]
        },
        "DescribeLoadBalancerAttributes": lambda params: {
            "LoadBalancerAttributes": {
                "ConnectionDraining": {"Enabled": params["LoadBalancerName"] == "drains", "Timeout": 60}
            }
        },
    }
    cuts, drains = run_virtual(lambda: Classic().describe(asking(answers, []), ["cuts", "drains"]))
    assert (cuts.drain_delay, drains.drain_delay) == (0.0, 60.0)
    assert cuts.zones == {"eu-west-1a", "eu-west-1b"}
    assert (drains.has_listener, drains.kind, drains.default_port) == (True, "classic", None)


def invalid(*unknown: str) -> Any:
    """DescribeInstanceHealth that refuses the whole call for an id it does not know, as AWS does."""

    def answer(params: Any) -> Any:
        asked = [one["InstanceId"] for one in params.get("Instances", ())]
        if bad := sorted(set(asked) & set(unknown)):
            fault = Fault(
                kind=FaultKind.REFUSED, code="InvalidInstance", message=f"Could not find EC2 instance {bad[0]}."
            )
            raise CallFailedError(classic.ELB.call("DescribeInstanceHealth"), fault)
        return {"InstanceStates": [{"InstanceId": id, "State": "InService", "Description": "N/A"} for id in asked]}

    return answer


def test_a_classic_balancer_is_asked_by_name_and_forgives_those_it_does_not_know() -> None:
    sent: list[Call] = []
    ids = ["i-00000001", "i-00000002", "i-00000003"]
    ask = asking({"DescribeInstanceHealth": invalid("i-00000001", "i-00000003")}, sent)
    found = run_virtual(lambda: Classic().health(ask, "web-clb", ids))
    assert [id for id, _ in found.targets] == ["i-00000002"]
    assert len(sent) == 3


def test_other_refusals_of_a_classic_balancer_are_not_swallowed() -> None:
    def refuse(params: Any) -> Any:
        fault = Fault(kind=FaultKind.REFUSED, code="ValidationError", message="no i-00000001")
        raise CallFailedError(classic.ELB.call("DescribeInstanceHealth"), fault)

    sent: list[Call] = []
    with pytest.raises(CallFailedError):
        run_virtual(lambda: Classic().health(asking({"DescribeInstanceHealth": refuse}, sent), "clb", ["i-00000001"]))
    assert len(sent) == 1


def test_registrations_name_their_ports() -> None:
    ones = [Registration(source=TG, instance="i-1", port=81), Registration(source=TG, instance="i-1", port=None)]
    expected = {"TargetGroupArn": TG, "Targets": [{"Id": "i-1", "Port": 81}, {"Id": "i-1"}]}
    for calls, name in (
        (TargetGroup().register(TG, ones), "RegisterTargets"),
        (TargetGroup().deregister(TG, ones), "DeregisterTargets"),
    ):
        (call,) = calls
        assert (call.service, call.operation, call.params) == ("elbv2", name, expected)


def test_a_classic_balancer_takes_each_instance_once() -> None:
    ones = [Registration(source="clb", instance="i-1"), Registration(source="clb", instance="i-1")]
    (call,) = Classic().deregister("clb", ones)
    assert call.params == {"LoadBalancerName": "clb", "Instances": [{"InstanceId": "i-1"}]}
    assert call.operation == "DeregisterInstancesFromLoadBalancer"
    (back,) = Classic().register("clb", ones)
    assert back.operation == "RegisterInstancesWithLoadBalancer"
