"""R1, newcomers that leave before they serve: whom a person, spot or a scale-in takes is no failure of the release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
import pytest

from async_rollout.core.events import NewcomerFailed
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Hook
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled
from support.simulation import Others, Run, ours, simulate

ONE_IS_ENOUGH = RolloutSpec(max_failures=1)
Ends = Callable[[World, str], object]


def terminated(world: World, id: str) -> object:
    """As by hand in Auto Scaling's console."""
    return world.terminate(id, decrement=False, who=HUMAN)


def shrunk(world: World, id: str) -> object:
    return world.terminate(id, decrement=True, who=HUMAN)


def by_code(code: str) -> Ends:
    return lambda world, whom: world.kill(whom, reason=code)


NOT_ITS_OWN: dict[str, Ends] = {
    "terminated": terminated,
    "shrunk": shrunk,
    "ended in EC2": by_code("Client.UserInitiatedShutdown"),
    "spot": by_code("Server.SpotInstanceTermination"),
}
ITS_OWN: dict[str, Ends] = {
    "shuts itself down": by_code("Client.InstanceInitiatedShutdown"),
    "cannot be started": by_code("Client.InternalError"),
}


def ending(end: Ends, after: float = 15.0) -> Others:
    """The first newcomer, while it boots."""

    async def others(world: World) -> None:
        while True:
            for one in world.members("web"):
                if one.booting:
                    await anyio.sleep(after)
                    end(world, one.id)
                    return
            await anyio.sleep(0.5)

    return others


def failures(run: Run) -> list[NewcomerFailed]:
    return [one for one in run.events if isinstance(one, NewcomerFailed)]


build = partial(a_group, size=3, maximum=6, delay=20.0)


@pytest.mark.parametrize("end", NOT_ITS_OWN.values(), ids=NOT_ITS_OWN.keys())
def test_r1_what_others_take_is_no_failure(end: Ends) -> None:
    run = simulate(build, ONE_IS_ENOUGH, others=ending(end))
    assert (run.result.verdict.code, failures(run)) == (0, []), run.result.verdict
    assert not run.found_ids & run.members and not ours(run.left)


@pytest.mark.parametrize("end", ITS_OWN.values(), ids=ITS_OWN.keys())
def test_r1_what_ends_by_itself_is_one_and_its_code_is_told(end: Ends) -> None:
    run = simulate(build, ONE_IS_ENOUGH, others=ending(end))
    assert run.result.verdict.code == 1, run.result.verdict
    (one,) = failures(run)
    assert one.why.startswith("it left before it served: Client.I") and one.why in run.result.verdict.why
    assert run.members == run.found_ids and not ours(run.left)


def test_r1_whom_auto_scaling_ends_for_its_health_is_one_though_ec2_speaks_of_a_call() -> None:
    """A failed release is not hidden behind the code that Auto Scaling's own terminate brings with it."""

    hook = Hook(name="warm", launching=True, heartbeat=30.0)  # nobody completes it: abandoned
    run = simulate(partial(build, edit=lambda group: replace(group, hooks=(hook,))), ONE_IS_ENOUGH)
    assert run.result.verdict.code == 1, run.result.verdict
    assert failures(run)[0].why == "it left before it served: Client.UserInitiatedShutdown"


@pytest.mark.parametrize(("end", "code"), [(terminated, 0), (by_code("Client.InternalError"), 1)])
def test_r1_over_the_wire_it_is_told_the_same(end: Ends, code: int) -> None:
    _, result = rolled(build, ONE_IS_ENOUGH, others=ending(end))
    assert result.verdict.code == code, result.verdict
