"""An order to stop: what it says, and who hears of it."""

from __future__ import annotations

import pytest

from async_rollout.core.snapshot import Stop
from async_rollout.engine.halt import Halt


def test_at_first_nobody_wants_to_stop() -> None:
    halt, heard = Halt(), []
    halt.listen(lambda: heard.append(1))
    assert (halt.stop, halt.cause, halt.code, heard) == (None, "", 0, [])


@pytest.mark.parametrize(
    ("orders", "stop"),
    [
        ([Stop.FINISH], Stop.FINISH),
        ([Stop.NOW], Stop.NOW),
        ([Stop.FINISH, Stop.NOW], Stop.NOW),
        ([Stop.NOW, Stop.FINISH], Stop.NOW),
        ([Stop.FINISH, Stop.FINISH], Stop.FINISH),
    ],
)
def test_at_once_outranks_gently(orders: list[Stop], stop: Stop) -> None:
    halt = Halt()
    for order in orders:
        halt.request(order)
    assert halt.stop is stop


def test_the_first_cause_and_code_are_kept() -> None:
    halt = Halt()
    halt.request(Stop.FINISH, "--fail-fast: web failed", code=6)
    halt.request(Stop.NOW, "SIGTERM", code=1)
    assert (halt.cause, halt.code) == ("--fail-fast: web failed", 6)


def test_a_cause_may_come_later() -> None:
    halt = Halt()
    halt.request(Stop.FINISH)
    halt.request(Stop.FINISH, "SIGINT")
    assert (halt.cause, halt.code) == ("SIGINT", 0)


def test_every_listener_hears_every_order_and_a_late_one_hears_at_once() -> None:
    halt, heard = Halt(), []
    halt.listen(lambda: heard.append("first"))
    halt.listen(lambda: heard.append("second"))
    halt.request(Stop.FINISH)
    assert heard == ["first", "second"]
    halt.listen(lambda: heard.append("late"))
    assert heard == ["first", "second", "late"]
    halt.request(Stop.NOW)
    assert heard[3:] == ["first", "second", "late"]
