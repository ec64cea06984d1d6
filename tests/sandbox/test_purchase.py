"""On-Demand and Spot: told truthfully through each door."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.observations import group_of
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.world import World
from support.clients import code_of, play

TYPES = (Override(instance_type="t3.micro"),)


@pytest.mark.parametrize(
    ("spot", "base", "overrides", "mixed"),
    [
        (0, 0, TYPES, False),
        (0, 2, TYPES, False),
        (1, 0, TYPES, True),
        (99, 0, TYPES, True),
        (100, 0, TYPES, False),
        (100, 1, TYPES, True),
        (50, 0, (), False),
    ],
)
def test_a_group_is_mixed_where_it_launches_both(
    spot: int, base: int, overrides: tuple[Override, ...], mixed: bool, world: World, clock: ManualClock
) -> None:
    group = a_group(world, edit=lambda one: replace(one, overrides=overrides, spot=spot, on_demand_base=base))
    assert group_of(world.look(), group).mixed_purchase is mixed


def test_the_wire_tells_the_share_of_on_demand() -> None:
    def edit(group: Group) -> Group:
        return replace(group, overrides=TYPES, spot=30, on_demand_base=2)

    async def story(world: World, aws: SimpleNamespace) -> None:
        (group,) = (await aws.autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"]
        spread = group["MixedInstancesPolicy"]["InstancesDistribution"]
        assert (spread["OnDemandBaseCapacity"], spread["OnDemandPercentageAboveBaseCapacity"]) == (2, 70)

    play(story, edit=edit)


def test_a_policy_that_is_given_over_the_wire_is_gone_by() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        def policy(**spread: int | str) -> dict[str, object]:
            return {
                "AutoScalingGroupName": "web",
                "MixedInstancesPolicy": {
                    "LaunchTemplate": {"Overrides": [{"InstanceType": "t3.micro"}]},
                    "InstancesDistribution": spread,
                },
            }

        async def bought() -> tuple[int, int, bool]:
            group = world.group("web")
            return group.spot, group.on_demand_base, group_of(world.look(), group).mixed_purchase

        update = aws.autoscaling.update_auto_scaling_group
        await update(**policy(OnDemandPercentageAboveBaseCapacity=40))
        assert await bought() == (60, 0, True)
        await update(**policy(OnDemandPercentageAboveBaseCapacity=0, OnDemandBaseCapacity=1))
        assert await bought() == (100, 1, True)
        await update(**policy(SpotAllocationStrategy="capacity-optimized"))
        assert await bought() == (100, 1, True)  # what is not named stays
        assert await code_of(update(**policy(OnDemandPercentageAboveBaseCapacity=101))) == ("ValidationError", 400)
        assert await bought() == (100, 1, True)

    play(story)
