"""Rows of the bench: what it takes to replace hosts of ECS, by each way to roll them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from support.bench.ecs_costs import WAYS, Cost, cost
from support.bench.ecs_draws import Draw, Ill
from support.bench.table import Row

SEEDS = {5: 4, 20: 2}
"""So many draws of groups of so many hosts."""
HOUR = 3600.0
WORDS = {
    Ill.RELEASE: "no task starts on new hosts",
    Ill.FROZEN: "a service of 100 and 100 %",
    Ill.PINNED: "a service that no new host can take",
}


def rows() -> Iterator[Row]:
    """First where all goes well, then a release on which no task starts, then services that hold a drain up."""
    for size, seeds in SEEDS.items():
        yield Row(what=f"{seeds} x {size} hosts of ECS: killed, serving, % short, moves a task, s", measured=())
        for name, way in WAYS.items():
            yield _well(name, [cost(Draw(seed=seed, size=size), way) for seed in range(seeds)])
    for ill, words in WORDS.items():
        for size, seeds in SEEDS.items():
            figures = "killed, serving, hosts lost, tasks missing, DRAINING, s, last host gone after h"
            yield Row(what=f"{seeds} x {size} hosts of ECS, {words}: {figures}", measured=())
            for name, way in WAYS.items():
                most = (0, 0, 1) if ill is Ill.RELEASE else (0, 0)
                costs = [cost(Draw(seed=seed, size=size, ill=ill), way) for seed in range(seeds)]
                yield from _ill(name, costs, _goal(name, *most))


def _goal(name: str, *most: float) -> tuple[float, ...]:
    """Of ours."""
    return most if name.startswith("async-rollout") else ()


def _ended(costs: Sequence[Cost]) -> tuple[float, float]:
    """killed and serving, of all draws."""
    return float(sum(one.killed for one in costs)), float(sum(one.serving for one in costs))


def _well(name: str, costs: Sequence[Cost]) -> Row:
    """short: of the worst draw; moves: the mean; s: the median."""
    short = 100 * (1 - min(one.least for one in costs))
    moves = statistics.mean(one.moves / one.tasks for one in costs)
    wall = statistics.median(one.wall for one in costs)
    failed = next((f", NOT ALL: {one.said}" for one in costs if one.said or one.ended < one.gone), "")
    measured = (*_ended(costs), short, moves, wall)
    return Row(what=f"  {name}{failed}", measured=measured, goal=_goal(name, 0, 0, 0), form=".4g")


def _ill(name: str, costs: Sequence[Cost], goal: tuple[float, ...]) -> Iterator[Row]:
    """All but the first two: of the worst draw."""
    figures = [(one.ended, one.missing, one.draining, one.ran, one.wall / HOUR) for one in costs]
    measured = (*_ended(costs), *(float(max(each)) for each in zip(*figures, strict=True)))
    yield Row(what=f"  {name}", measured=measured, goal=goal, form=".4g")
    yield Row(what=f"    said: {next((one.said for one in costs if one.said), 'that all is done')}", measured=())
