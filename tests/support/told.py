"""A rollout as it is told: every kind of event once at least, some with text that nobody should trust."""

from __future__ import annotations

from async_rollout.core.actions import Outcome, Verdict, Wait
from async_rollout.core.events import (
    Acted,
    Called,
    CanaryPassed,
    CapacityChanged,
    Counted,
    Enrolled,
    Event,
    FleetEnded,
    GoalChanged,
    GroupEnd,
    HookEnded,
    HookSaid,
    HookStarted,
    NewcomerFailed,
    Replaced,
    RolloutEnded,
    RolloutStarted,
    StageChanged,
    Throttled,
    Waiting,
    Warned,
)
from async_rollout.render.board import Board, GroupBoard

T = 1_767_600_000.0
OLD, NEW = "i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb1"
EVIL = "\x1b[31mred\x1b[0m [bold]x[/] \r\n::error::boo ##[command]x \u202eesrever"


def moved(at: float, instance: str, stage: str, was: str | None, why: str = "", group: str = "web") -> StageChanged:
    return StageChanged(group=group, at=T + at, instance=instance, stage=stage, was=was, why=why)


def waiting(at: float, on: str, why: str, since: float = 0.0, limit: float | None = None) -> Waiting:
    until = None if limit is None else T + since + limit
    option = "" if limit is None else "--launch-timeout"
    return Waiting(group="web", at=T + at, waits=(Wait(on=on, why=why, since=T + since, until=until, option=option),))


def said(at: float, line: str) -> HookSaid:
    return HookSaid(group="web", at=T + at, instance=OLD, point="before-terminate", line=line)


def checked(at: float, *, ok: bool, code: int | None) -> HookEnded:
    return HookEnded(group="web", at=T + at, instance=NEW, point="up-check", ok=ok, code=code, seconds=0.4)


GOOD: tuple[Event, ...] = (
    Warned(group="web", at=T, text="web-idle has no listener: not waited for, still deregistered from"),
    waiting(0, "the group to settle", "2 instances, 3 desired"),
    RolloutStarted(
        group="web", at=T + 12, run="1a2b3c4d", base=2, floor=2, ceiling=3, old=(OLD, "i-0aaaaaaaaaaaaaaa2")
    ),
    Acted(group="web", at=T + 12, action="set maximum to 4", answer="done"),
    CapacityChanged(group="web", at=T + 13, minimum=2, desired=2, maximum=4, base=2, ours=True),
    CapacityChanged(group="web", at=T + 14, minimum=2, desired=3, maximum=4, base=2, ours=True),
    moved(20, NEW, "launching", None),
    waiting(20, f"{NEW} booting", "Pending", since=20, limit=600),
    waiting(50, f"{NEW} booting", "Pending", since=20, limit=600),
    moved(60, NEW, "checking", "launching"),
    HookStarted(group="web", at=T + 60, instance=NEW, point="up-check"),
    checked(61, ok=False, code=1),
    HookStarted(group="web", at=T + 66, instance=NEW, point="up-check", attempt=2),
    checked(67, ok=False, code=1),
    HookStarted(group="web", at=T + 72, instance=NEW, point="up-check", attempt=3),
    checked(73, ok=True, code=0),
    Throttled(group="web", at=T + 74, call="DescribeTargetHealth", why="Throttling: Rate exceeded", again_in=0.74),
    Throttled(group="web", at=T + 75, call="DescribeTargetHealth", why="Throttling: Rate exceeded", again_in=1.2),
    moved(80, NEW, "available", "checking"),
    Counted(group="web", at=T + 80, available=3, floor=2, total=3, ceiling=3, out=0),
    moved(81, OLD, "draining", "serving", "draining Target.DeregistrationInProgress"),
    CapacityChanged(group="web", at=T + 82, minimum=2, desired=5, maximum=4, base=4, ours=False),
    Counted(group="web", at=T + 82, available=2, floor=2, total=2, ceiling=3, out=1),
    HookStarted(group="web", at=T + 111, instance=OLD, point="before-terminate"),
    said(112, "left the cluster"),
    said(112, EVIL),
    HookEnded(group="web", at=T + 113, instance=OLD, point="before-terminate", ok=True, code=0, seconds=2.2),
    moved(115, OLD, "terminating", "spent"),
    moved(130, OLD, "gone", "terminating"),
    Replaced(group="web", at=T + 131, instance=OLD, left=1),
    moved(140, NEW, "serving", "available"),
    RolloutEnded(
        group="web",
        at=T + 3_800,
        verdict=Verdict(outcome=Outcome.DONE, code=0, why="all replaced, the group is as it was found"),
        replaced=(OLD, "i-0aaaaaaaaaaaaaaa2"),
        total=2,
        seconds=3_790.0,
        missed=("nightly-scale-out",),
    ),
)
"""One group that ends well, with a person who raises its size in the middle."""

BAD: tuple[Event, ...] = (
    RolloutStarted(group="api", at=T, run="9f", base=4, floor=4, ceiling=5, old=(OLD,), resumed=True),
    Acted(group="api", at=T + 1, action="set desired capacity to 5", answer="refused", why=f"ValidationError: {EVIL}"),
    HookStarted(group="api", at=T + 2, instance=OLD, point="before-terminate"),
    HookEnded(group="api", at=T + 9, instance=OLD, point="before-terminate", ok=False, code=None, seconds=7.0),
    Waiting(
        group="api",
        at=T + 10,
        waits=tuple(Wait(on=f"i-{number} draining", why="80 in flight", since=T) for number in range(4)),
    ),
    GoalChanged(group="api", at=T + 11, cause=f"the command failed: {EVIL}", code=6),
    Enrolled(group="api", at=T + 11, old=1),
    RolloutEnded(
        group="api",
        at=T + 20,
        verdict=Verdict(
            outcome=Outcome.STUCK,
            code=10,
            why="the restore could not end",
            left=(f"{OLD} is out of its load balancers", "desired capacity is 5, the owner's is 4"),
            next="run or restore",
        ),
        total=1,
        seconds=20.0,
    ),
    RolloutStarted(group="b c", at=T, run="77", base=1, floor=1, ceiling=2, old=(), restoring=True),
    CanaryPassed(group="b c", at=T + 10, instance=NEW),
    NewcomerFailed(group="b c", at=T + 11, instance=NEW, why=f"web-targets unhealthy {EVIL}", failed=1, most=2),
    moved(11, OLD, "parked", "drained", group="b c"),
    RolloutEnded(
        group="b c",
        at=T + 21,
        verdict=Verdict(
            outcome=Outcome.STOPPED, code=130, why="Ctrl-C", left=("maximum is 2, it was 1",), next="restore"
        ),
        failed=(NEW,),
        parked=(OLD,),
        seconds=1.0,
    ),
    FleetEnded(
        at=0.0,
        code=10,
        ends=(
            GroupEnd(group="web", code=0),
            GroupEnd(group="api", code=10),
            GroupEnd(group="b c", code=130),
        ),
    ),
    Called(calls={"DescribeAutoScalingGroups": 40, "DescribeTargetHealth": 31}),
)
"""Two groups that end badly, one by its command, one by a person."""

EVERYTHING = GOOD + BAD


def group_of(board: Board, name: str) -> GroupBoard:
    """The only group of that name."""
    (found,) = (group for group in board.groups.values() if group.name == name)
    return found
