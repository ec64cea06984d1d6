"""An action in words: one line, whatever the action is."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import (
    Action,
    CloudAction,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    MarkHealthy,
    Order,
    Probe,
    Record,
    Register,
    Registration,
    Resume,
    RunHook,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.journal import Departure, Found, Goal, Journal
from async_rollout.core.spec import HookPoint
from async_rollout.core.wording import words_of

A, B = "i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb1"
RECORD = Journal(
    group="g", run="r", serial=7, holder="h", until=0, found=Found(minimum=1, desired=2, maximum=3), base=2, asked=2,
    goal=Goal.RESTORE, departures=(Departure(id=A, at=0), Departure(id=B, at=0)),
)  # fmt: skip
SEVERAL = tuple(
    Registration(source=source, instance=id, port=port) for source in "st" for id in (B, A) for port in (1, 2)
)

WORDS: list[tuple[Action, str]] = [
    (Record(journal=RECORD), "record 7 (restore, 2 going)"),
    (Erase(), "take our tags off"),
    (Order(text=None), "take our order to stop off"),
    (Order(text="stop it $(now)\x1b"), "order the live run to stop"),
    (Probe(run="r"), "put up a tag to see how new a look is"),
    (Probe(run="r", present=False), "take that tag off"),
    (Suspend(processes=("AZRebalance", "ScheduledActions")), "suspend AZRebalance, ScheduledActions"),
    (Resume(processes=("AlarmNotification",)), "resume AlarmNotification"),
    (SetCapacity(desired=0), "set desired capacity to 0"),
    (SetCapacity(desired=4), "set desired capacity to 4"),
    (SetCapacity(maximum=5), "set maximum to 5"),
    (SetTemplate(spelled="lt-0abc:41"), "set what is launched from to version 41 of lt-0abc"),
    (SetTemplate(spelled="lt-0abc:"), "set what is launched from to version $Default of lt-0abc"),
    (SetTemplate(spelled="lc:web-41"), "set what is launched from to launch configuration web-41"),
    (Launch(zone="eu-west-1a", count=2, token="ab-1"), "launch 2 in eu-west-1a"),
    (
        SetSizes(minimum=2, desired=5, maximum=9),
        "set minimum 2, desired capacity 5 and maximum 9, as scheduled meanwhile",
    ),
    (Deregister(registrations=SEVERAL), f"deregister {A}, {B} from 2 sources"),
    (Register(registrations=SEVERAL[:1]), f"register {B} back at 1 sources"),
    (MarkHealthy(instances=(B, A)), f"mark {B}, {A} healthy"),
    (Terminate(instance=A, shrink=True), f"terminate {A}"),
    (Terminate(instance=A, shrink=False), f"terminate {A}, its place stays"),
    (EnterStandby(instance=A), f"put {A} into Standby"),
    (RunHook(point=HookPoint.UP_CHECK, instance=A, private_ip="\n"), f"run the up-check command for {A}"),
]


@pytest.mark.parametrize(("action", "words"), WORDS)
def test_each_action_in_words(action: Action, words: str) -> None:
    assert words_of(action) == words
    assert words.isprintable()


def test_no_kind_of_action_is_left_out() -> None:
    assert {type(action) for action, _ in WORDS} == {*CloudAction.__args__, RunHook}
