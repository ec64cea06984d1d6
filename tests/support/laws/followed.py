"""A scaler that is followed, and the ways to break how that is done."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio

from async_rollout.core import advance, attribution, begin, decide, trouble
from async_rollout.core.choices import Scaling
from async_rollout.core.events import Warned
from async_rollout.core.journal import SUSPENDED_BY_US
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, around, both, no, swap
from support.load_days import raised_by_us
from support.simulation import Others, Run, simulate

FOLLOW = RolloutSpec(scaling=Scaling.FOLLOW)
REST = 300.0


def _others(*sizes: tuple[float, int]) -> Others:
    """At each time somebody's scaler sets an absolute number, or moves what is there by it."""

    async def others(world: World) -> None:
        for seconds, number in sizes:
            await anyio.sleep(seconds)
            world.advance()
            there = world.state.groups["web"].desired
            world.human_sets("web", desired=number if number > 0 else max(3, there + number), who="scaler")

    return others


def _told(run: Run, base: int) -> list[str]:
    lines = [f"law 7: desired is {run.left.desired}, the scaler's word was {base}"] if run.left.desired != base else []
    sized = [one.at for one in run.world.record if one.who == "scaler" and one.what is What.SET_SIZES]
    soon = [at for at in raised_by_us(run.world) if any(one < at < one + REST for one in sized)]
    lines += [f"law 22: launched at {at:.1f}, soon after the scaler had lowered desired" for at in soon]
    held = {name for one in run.world.record if one.what is What.SUSPEND for name in one.detail.split()}
    lines += [f"law 22: {name} was suspended" for name in sorted(held & {"AlarmNotification", "ScheduledActions"})]
    noes = (one.text for one in run.events if isinstance(one, Warned) and one.text.startswith(OBJECTED))
    lines += ["guard law " + text.partition("against law ")[2] for text in noes]
    code = run.result.verdict.code
    return [*lines, *([f"law 22: cuts ended it: {run.result.verdict.why}"] if code else [])]


def lowered() -> list[str]:
    """The lift is taken away as soon as it serves."""
    run = simulate(partial(a_group, size=3, minimum=1, maximum=12, delay=20.0), FOLLOW, others=_others((45.0, -1)))
    return _told(run, 3)


def again_and_again() -> list[str]:
    """Each time that it is asked for again."""
    others = _others(*[(45.0, -1)], *[(420.0, -1)] * 6)
    return _told(simulate(partial(a_group, size=3, minimum=1, maximum=12, delay=20.0), FOLLOW, others=others), 3)


def raised() -> list[str]:
    """The scaler wants five, whoever is among them; nobody lowers anything, so all may go on at once."""
    run = simulate(partial(a_group, size=3, minimum=1, maximum=12, delay=20.0), FOLLOW, others=_others((45.0, 5)))
    return [line for line in _told(run, 5) if not line.startswith("law 22: launched")]


def by_difference(real: Any, *args: Any, absolute: bool = False) -> Any:
    return real(*args)


def all_four(spec: RolloutSpec) -> tuple[str, ...]:
    return SUSPENDED_BY_US


FOLLOWED = (
    Sabotage(name="the lift is asked for again at once", law="law 22:", guard="law 22:", story=lowered,
             spoil=swap(advance, "lift_rests", no)),
    Sabotage(name="what a scaler sets is ours by the lift", law="law 7:", story=raised,
             spoil=around(attribution, "attribute_desired", by_difference)),
    Sabotage(name="who follows holds all the same", law="law 22:", guard="law 22:", story=raised,
             spoil=both(swap(decide, "QUICK", ()),
                        *(swap(each, "to_suspend", all_four) for each in (begin, advance, trouble)))),
)  # fmt: skip
