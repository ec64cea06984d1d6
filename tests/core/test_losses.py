"""A way back with instances lost: surplus of ours that the floor needs, and one that is dead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Action, Deregister, Record, Register, Registration
from async_rollout.core.decide import decide
from async_rollout.core.journal import Cause, Goal, Lane
from async_rollout.core.memory import ActOutcome
from async_rollout.core.recall import recall
from async_rollout.core.sight import Snapshot
from async_rollout.core.spec import RolloutSpec
from drafts import NOW, snapshot_of
from drawn import AT, ident

SPEC = RolloutSpec()
BACK: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=130, text="stopped")}
OUT = tuple(Registration(source=name, instance=ident(0), port=80) for name in ("tg1", "tg2"))


def done(snapshot: Snapshot, spec: RolloutSpec = SPEC) -> tuple[Action, ...]:
    """What is done beside writing the record."""
    return tuple(act for act in decide(spec, snapshot).actions if not isinstance(act, Record))


def test_where_the_floor_needs_our_surplus_one_that_is_ill_goes_in_its_place() -> None:
    (out,) = done(snapshot_of("SSUN", record={"asked": 4, "base": 3, **BACK}))
    assert isinstance(out, Deregister)
    assert {one.instance for one in out.registrations} == {ident(2)}


def test_where_the_floor_needs_our_surplus_and_nobody_is_ill_it_waits() -> None:
    spec = RolloutSpec(healthy_threshold=9)
    snapshot = snapshot_of("SSSN", spec, record={"asked": 4, "base": 3, **BACK})
    assert done(snapshot, spec) == ()
    (wait,) = [wait for wait in decide(spec, snapshot).waits if wait.on == f"surplus {ident(3)}"]
    assert "the floor is 3" in wait.why
    unseen = replace(snapshot, memory=replace(snapshot.memory, progress=None))
    assert any(wait.on == f"surplus {ident(3)}" for wait in decide(spec, unseen).waits)


@pytest.mark.parametrize(("health", "refused", "back"), [("Healthy", True, True), ("Unhealthy", False, True),
                                                           ("Unhealthy", True, False)])  # fmt: skip
def test_one_that_is_dead_is_finished(health: str, *, refused: bool, back: bool) -> None:
    """Dead: AWS calls it unhealthy and refuses to register it."""
    snapshot = snapshot_of("DSSN", record={"lanes": (Lane(id=ident(0), at=int(AT)),), **BACK})
    act = ActOutcome(action=Register(registrations=OUT), at=NOW, ok=None if not refused else False)
    first, *others = snapshot.sight.instances
    sight = replace(snapshot.sight, at=NOW + 1, instances=(replace(first, health=health, targets=()), *others))
    after = replace(snapshot, sight=sight, memory=recall(SPEC, snapshot.memory, sight, (act,)))
    assert any(isinstance(act, Register) for act in done(after)) is back
