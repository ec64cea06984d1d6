"""A world whose clock is moved by hand."""

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.world import World


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(seed=1, clock=clock)
