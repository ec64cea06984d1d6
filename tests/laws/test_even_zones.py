"""Launches that AWS answers go to where the fewest stay: zones stay even at every moment, without a launch more."""

from __future__ import annotations

import pytest

from support.depth import deeper
from support.laws.even_zones import drawn, rolled

BLOCK = 20


@pytest.mark.parametrize("block", deeper(range(3), always=1))
def test_a_small_group_found_even_stays_even_and_nothing_more_is_launched(block: int) -> None:
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        world = drawn(seed, largest=4)
        assert rolled(world) == [], (seed, world)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", range(50))
def test_a_group_found_even_stays_even_and_nothing_more_is_launched(block: int) -> None:
    """1,000 worlds."""
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        world = drawn(seed)
        assert rolled(world) == [], (seed, world)
