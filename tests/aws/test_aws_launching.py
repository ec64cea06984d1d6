"""Old or new: what a group launches now against what an instance came from."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.aws.launching import Versions, launched_from, mixed_purchase, outdated, template_of, unresolved

RESOLVED = {
    "lt-a": Versions(id="lt-a", default=2, latest=5),
    "lt-b": Versions(id="lt-b", default=1, latest=9),
    "by-name": Versions(id="lt-a", default=2, latest=5),
}


def spec(id: str, version: str | None) -> dict[str, str]:
    return {"LaunchTemplateId": id} | ({"Version": version} if version else {})


def on(id: str, version: str | None) -> dict[str, Any]:
    return {"LaunchTemplate": spec(id, version)}


def mixed(base: dict[str, str], *overrides: dict[str, Any]) -> dict[str, Any]:
    policy = {"LaunchTemplateSpecification": base, "Overrides": list(overrides)}
    return {"MixedInstancesPolicy": {"LaunchTemplate": policy}}


def instance(id: str, version: str, type: str = "m5.large") -> dict[str, Any]:
    return {"InstanceId": "i-1", "InstanceType": type, "LaunchTemplate": spec(id, version)}


@pytest.mark.parametrize(
    ("group", "template", "asked"),
    [
        ({"LaunchConfigurationName": "web-7"}, "lc:web-7", set()),
        (on("lt-a", "3"), "lt-a:3", set()),
        (on("lt-a", "$Latest"), "lt-a:5", {"lt-a"}),
        (on("lt-a", "$Default"), "lt-a:2", {"lt-a"}),
        (on("lt-a", None), "lt-a:2", {"lt-a"}),
        ({"LaunchTemplate": {"LaunchTemplateName": "by-name", "Version": "4"}}, "lt-a:4", {"by-name"}),
        (on("lt-gone", "$Latest"), "lt-gone:$Latest", {"lt-gone"}),
        (mixed(spec("lt-a", "4")), "lt-a:4", set()),
        ({}, "", set()),
    ],
)
def test_what_a_group_launches(group: dict[str, Any], template: str, asked: set[str]) -> None:
    assert template_of(group, RESOLVED) == template
    assert unresolved(group) == asked


def test_overrides_are_part_of_what_a_group_launches() -> None:
    large, small = {"InstanceType": "m5.large"}, {"InstanceType": "m5.small"}
    both = template_of(mixed(spec("lt-a", "4"), large, small), RESOLVED)
    assert both.startswith("lt-a:4+")
    assert both == template_of(mixed(spec("lt-a", "4"), small, large), RESOLVED)
    assert both != template_of(mixed(spec("lt-a", "4"), large), RESOLVED)


def test_an_overrides_own_alias_that_moves_is_a_change() -> None:
    group = mixed(
        spec("lt-a", "4"), {"InstanceType": "m5.large", "LaunchTemplateSpecification": spec("lt-b", "$Latest")}
    )
    assert unresolved(group) == {"lt-b"}
    later = {**RESOLVED, "lt-b": Versions(id="lt-b", default=1, latest=10)}
    assert template_of(group, RESOLVED) != template_of(group, later)


@pytest.mark.parametrize(
    ("group", "one", "old"),
    [
        ({"LaunchConfigurationName": "web-7"}, {"LaunchConfigurationName": "web-7"}, False),
        ({"LaunchConfigurationName": "web-7"}, {"LaunchConfigurationName": "web-6"}, True),
        ({"LaunchConfigurationName": "web-7"}, {}, True),
        (on("lt-a", "$Latest"), instance("lt-a", "5"), False),
        (on("lt-a", "$Latest"), instance("lt-a", "4"), True),
        (on("lt-a", "$Latest"), instance("lt-a", "$Latest"), True),
        (on("lt-a", None), instance("lt-a", "2"), False),
        (on("lt-a", "5"), instance("lt-b", "5"), True),
        (on("lt-a", "5"), {"LaunchConfigurationName": "web-7"}, True),
        (on("lt-a", "5"), {}, True),
        (on("lt-gone", "$Latest"), instance("lt-gone", "5"), True),
    ],
)
def test_old_is_what_the_group_would_not_launch_now(group: dict[str, Any], one: dict[str, Any], old: bool) -> None:
    assert outdated(one, group, RESOLVED) is old


OVERRIDDEN = mixed(
    spec("lt-a", "$Latest"),
    {"InstanceType": "m5.large"},
    {"InstanceType": "c5.large", "LaunchTemplateSpecification": spec("lt-b", "$Default")},
)


@pytest.mark.parametrize(
    ("one", "old"),
    [
        (instance("lt-a", "5", "m5.large"), False),
        (instance("lt-a", "4", "m5.large"), True),
        (instance("lt-b", "1", "c5.large"), False),
        (instance("lt-a", "5", "c5.large"), True),
        (instance("lt-b", "1", "m5.large"), True),
        (instance("lt-a", "5", "t3.small"), True),
    ],
)
def test_an_override_is_for_its_own_type_alone(one: dict[str, Any], old: bool) -> None:
    assert outdated(one, OVERRIDDEN, RESOLVED) is old


def test_overrides_by_requirements_say_nothing_of_types() -> None:
    group = mixed(spec("lt-a", "5"), {"InstanceRequirements": {"VCpuCount": {"Min": 2}}})
    assert outdated(instance("lt-a", "5", "x9.weird"), group, RESOLVED) is False
    assert outdated(instance("lt-a", "4", "x9.weird"), group, RESOLVED) is True


def test_a_mixed_group_without_overrides_compares_the_template() -> None:
    group = mixed(spec("lt-a", "5"))
    assert outdated(instance("lt-a", "5"), group, RESOLVED) is False
    assert outdated(instance("lt-a", "3"), group, RESOLVED) is True


def test_where_an_instance_came_from() -> None:
    assert launched_from(instance("lt-a", "5")) == "lt-a:5"
    assert launched_from({"LaunchConfigurationName": "web-7"}) == "lc:web-7"
    assert launched_from({}) is None


def split(**distribution: Any) -> dict[str, Any]:
    return {"MixedInstancesPolicy": {"InstancesDistribution": distribution}}


BASE, ABOVE = "OnDemandBaseCapacity", "OnDemandPercentageAboveBaseCapacity"


@pytest.mark.parametrize(
    ("group", "both"),
    [
        ({}, False),
        ({"LaunchConfigurationName": "web-7"}, False),
        (on("lt-a", "3"), False),
        ({"MixedInstancesPolicy": None}, False),
        (mixed(spec("lt-a", "4"), {"InstanceType": "m5.large"}), False),
        ({"MixedInstancesPolicy": {"InstancesDistribution": None}}, False),
        (split(), False),
        (split(**{BASE: 4}), False),
        (split(**{BASE: None, ABOVE: None}), False),
        (split(**{ABOVE: 100}), False),
        (split(**{BASE: 4, ABOVE: 100}), False),
        (split(**{ABOVE: 0}), False),
        (split(**{BASE: 0, ABOVE: 0}), False),
        (split(**{BASE: None, ABOVE: 0}), False),
        (split(**{BASE: 1, ABOVE: 0}), True),
        (split(**{ABOVE: 1}), True),
        (split(**{ABOVE: 99}), True),
        (split(**{BASE: 4, ABOVE: 50}), True),
    ],
)
def test_on_demand_and_spot_at_once(group: dict[str, Any], both: bool) -> None:
    """AWS's defaults: no base, and all above it On-Demand."""
    assert mixed_purchase(group) is both
