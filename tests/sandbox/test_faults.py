"""Fault rules: which call they strike, how often, when."""

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World

DESCRIBE = "autoscaling:DescribeAutoScalingGroups"


def kinds(faults: Faults, name: str, times: int) -> list[str]:
    return [fault.kind.value if fault else "" for fault in (faults.verdict(name) for _ in range(times))]


def test_a_rule_strikes_the_calls_it_names_so_often(world: World) -> None:
    faults = Faults(world, [Fault(kind=FaultKind.THROTTLE, action="Describe.*Groups$", count=2)])
    assert faults.verdict("autoscaling:SetDesiredCapacity") is None
    assert kinds(faults, DESCRIBE, 4) == ["throttle", "throttle", "", ""]


def test_the_first_rule_that_applies_wins_and_the_next_takes_over(world: World) -> None:
    faults = Faults(world, [Fault(kind=FaultKind.RESET, count=1), Fault(kind=FaultKind.DELAY)])
    assert kinds(faults, DESCRIBE, 3) == ["reset", "delay", "delay"]


def test_a_window_is_counted_from_the_worlds_start(world: World, clock: ManualClock) -> None:
    faults = Faults(world, [Fault(kind=FaultKind.ERROR_500, window=(10.0, 20.0))])
    struck = []
    for _ in range(6):
        struck.append(faults.verdict(DESCRIBE) is not None)
        clock.move(5.0)
        world.advance()
    assert struck == [False, False, True, True, False, False]


def test_chance_is_seeded(world: World) -> None:
    rule = Fault(kind=FaultKind.THROTTLE, probability=0.3)
    one, same, other = (kinds(Faults(world, [rule], seed=seed), DESCRIBE, 200) for seed in (1, 1, 2))
    assert one == same != other
    assert 30 <= one.count("throttle") <= 90


def test_a_stale_rule_makes_the_world_keep_its_past(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    Faults(world).add(Fault(kind=FaultKind.STALE))
    clock.move(10.0)
    world.set_desired_capacity("web", 4)
    assert world.look(stale=5.0).groups["web"].desired == 3
