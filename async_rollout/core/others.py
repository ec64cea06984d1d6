"""Whose group it is besides the owner's, and what else is at work in it, as its tags and fields tell.

What belongs to another service is refused unless the owner allows it by name (`ALLOWANCES`); what only works beside a
rollout is told. Both clouds, the real one and the sandbox, read their tags with the functions here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ALLOWANCES = ("zonal-shift", "eks", "beanstalk", "operator", "batch", "undrained")
"""What the owner can allow: a zonal shift under way, and a group of EKS, Beanstalk, an operator or AWS Batch;
and that a record is gone on with of instances which nothing drains any more."""

CODEDEPLOY = "CodeDeploy-managed-automatic-launch-deployment-hook-"
"""How CodeDeploy's lifecycle hooks begin: they deploy the application to each instance that launches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Another service that manages the group. allowance: under which name the owner may allow it all the same."""

    allowance: str
    words: str


class Trait(StrEnum):
    """Something beside a rollout that the owner ought to know of; what follows from it stands in `SAID`."""

    AUTOSCALER = "cluster autoscaler"
    STACK = "stack"
    REBALANCES = "capacity rebalance"
    LIFETIME = "maximum lifetime"
    RESERVED = "capacity reservations only"
    CODEDEPLOY = "CodeDeploy"
    PREDICTIVE = "predictive scaling"
    UNTOLD = "predictive scaling untold"


SAID: Mapping[Trait, str] = {
    Trait.AUTOSCALER: "cluster-autoscaler tags: a Kubernetes node ought to be drained before it goes, and no "
    "before-command (-b) is given",
    Trait.STACK: "a CloudFormation stack manages the group: an update of it may change or replace instances meanwhile",
    Trait.REBALANCES: "Capacity Rebalancing is on: AWS may replace Spot instances meanwhile",
    Trait.LIFETIME: "a maximum instance lifetime is set: AWS may replace instances meanwhile",
    Trait.RESERVED: "it launches into Capacity Reservations only: where none is free no new instance comes; "
    "--max-surge 0 --max-unavailable 1 needs none",
    Trait.CODEDEPLOY: "a CodeDeploy hook deploys to each new instance before it serves: a failing deployment ends it",
    Trait.PREDICTIVE: "a predictive scaling policy is on: AWS may raise the desired capacity to its forecast meanwhile",
    Trait.UNTOLD: "whether predictive scaling is at work cannot be told: these credentials may not ask for its "
    "policies (autoscaling:DescribePolicies)",
}


def claims_of(tags: Mapping[str, str], operator: str = "") -> tuple[Claim, ...]:
    """Who else manages a group of these tags. operator: the service principal that AWS names, empty without one."""
    return tuple(_claims(tags, operator))


def _claims(tags: Mapping[str, str], operator: str) -> Iterator[Claim]:
    if (node_group := tags.get("eks:nodegroup-name")) is not None:
        cluster = f" of cluster {tags['eks:cluster-name']}" if "eks:cluster-name" in tags else ""
        yield Claim(allowance="eks", words=f"EKS node group {node_group}{cluster}; EKS updates it by itself")
    if beanstalk := [tags[key] for key in sorted(tags) if key.startswith("elasticbeanstalk:environment-")]:
        yield Claim(allowance="beanstalk", words=f"Elastic Beanstalk environment {beanstalk[-1]}")
    if operator:
        yield Claim(allowance="operator", words=f"{operator}, which alone may change it: AWS refuses others")
    if "AWSBatchServiceTag" in tags:
        yield Claim(allowance="batch", words="an AWS Batch compute environment, which places jobs on its instances")


def traits_of(tags: Iterable[str]) -> frozenset[Trait]:
    """What the names of its tags tell."""
    names = tuple(tags)
    found = {Trait.AUTOSCALER} if any(name.startswith("k8s.io/cluster-autoscaler/") for name in names) else set()
    return frozenset(
        found | ({Trait.STACK} if any(name.startswith("aws:cloudformation:") for name in names) else set())
    )


def hook_traits(names: Iterable[str]) -> frozenset[Trait]:
    """What the names of its lifecycle hooks tell."""
    return frozenset({Trait.CODEDEPLOY} if any(name.startswith(CODEDEPLOY) for name in names) else ())


def policy_traits(policies: Iterable[Mapping[str, Any]]) -> frozenset[Trait]:
    """What the group's scaling policies tell, as DescribePolicies shows them. One that only forecasts does nothing."""
    modes = (dict(one.get("PredictiveScalingConfiguration") or {}).get("Mode") for one in policies)
    return frozenset({Trait.PREDICTIVE} if "ForecastAndScale" in modes else ())
