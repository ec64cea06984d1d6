"""A scaler that is followed, and the ways to break how that is done."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import Any

import anyio

from async_rollout.core import advance, attribution, begin, decide, recall, trouble
from async_rollout.core.choices import Scaling
from async_rollout.core.events import Warned
from async_rollout.core.journal import SUSPENDED_BY_US
from async_rollout.core.observation import Observation
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, around, both, no, swap
from support.load_days import raised_by_us
from support.simulation import Others, Run, ours, simulate

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


def refilling(to: int, *, at: float, flips: bool = False) -> Others:
    """No launch comes to anything, and every 50 s a scaler wants that many. flips: and what it found, in turn."""

    async def others(world: World) -> None:
        found = world.state.groups["web"].desired
        await anyio.sleep(at)
        world.troubles["web"].failing_launches = 1_000_000
        for wanted in cycle((to, found) if flips else (to,)):
            if world.state.groups["web"].desired != wanted:
                world.human_sets("web", desired=wanted, who="scaler")
            await anyio.sleep(50.0)
            world.advance()

    return others


def refilled(spec: RolloutSpec = FOLLOW, to: int = 4, *, at: float = 60.0, flips: bool = True) -> list[str]:
    """It ends, and says what is left where it could not put all back."""
    build = partial(a_group, size=3, maximum=12, delay=20.0)
    try:
        run = simulate(build, spec, others=refilling(to, at=at, flips=flips), limit=8000.0)
    except TimeoutError:
        return ["law 12: two hours later it still waits"]
    verdict = run.result.verdict
    stands = bool(ours(run.left)) or run.left.suspended != run.found.suspended
    return [f"law 7: {verdict}"] if stands and not (verdict.code == 10 and verdict.left) else []


def counting_flips(real: Any, observation: Observation, span: tuple[int, int]) -> str:
    return f"{real(observation, span)} {observation.group.desired}"


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
    Sabotage(name="a desired capacity that goes to and fro comes forward", law="law 12:", story=refilled,
             spoil=around(recall, "_progress", counting_flips)),
)  # fmt: skip
