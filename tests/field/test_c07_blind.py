"""C7: Auto Scaling answers and ELB does not, or all is blind: alarms run, what is left is named, exit 10."""

from __future__ import annotations

from functools import partial

from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.groups import a_group
from support.over_the_wire import rolled as over_the_wire
from support.refusing import ALARMS, as_found, rolled
from support.simulation import UNWATCHED


def blind(action: str, seconds: float = 1e9) -> Fault:
    return Fault(kind=FaultKind.ERROR_500, action=action, window=(60.0, 60.0 + seconds))


def test_c7_alarms_run_though_elb_does_not_answer() -> None:
    run = rolled(blind("elbv2:Describe"), size=2)
    verdict = run.result.verdict
    assert verdict.code == 10, verdict
    assert not run.left.suspended_names & ALARMS
    assert verdict.left and not any("AlarmNotification" in line for line in verdict.left), verdict.left


def test_c7_where_all_is_blind_what_stays_suspended_is_named() -> None:
    verdict = rolled(blind("Describe"), size=2).result.verdict
    assert verdict.code == 10 and any("AlarmNotification" in line for line in verdict.left), verdict


def test_c7_alarms_run_though_ec2_does_not_tell_of_a_new_instance() -> None:
    """What EC2 knows of it belongs to each look, until it is known; to resume, the group's own row is enough."""
    denied = Fault(kind=FaultKind.DENIED, action="ec2:DescribeInstances", window=(15.0, 1e9))
    world, result = over_the_wire(partial(a_group, size=2, classic=0, target_groups=1), UNWATCHED, rules=[denied])
    assert (result.verdict.code, "DescribeInstances" in result.verdict.why) == (10, True), result.verdict
    assert not world.group("web").suspended_names & ALARMS
    assert not any("AlarmNotification" in line for line in result.verdict.left), result.verdict.left


def test_c7_one_that_sees_again_goes_on() -> None:
    run = rolled(blind("elbv2:Describe", 1000.0), size=2)
    assert run.result.verdict.code == 0, run.result.verdict
    assert as_found(run)


def test_c7_what_a_blind_run_let_live_was_nobody_elses_doing() -> None:
    """Blind twice for so long that alarms run again: the run suspends them once more each time, and goes on."""
    again = Fault(kind=FaultKind.ERROR_500, action="elbv2:Describe", window=(1200.0, 1700.0))
    run = rolled(blind("elbv2:Describe", 500.0), again, size=4)
    assert run.result.verdict.code == 0, run.result.verdict
    assert as_found(run)
