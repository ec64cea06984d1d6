"""A way back with instances lost: surplus of ours that the floor needs, and one that is dead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Action, Deregister, Record, Register, Registration, SetCapacity
from async_rollout.core.decide import decide
from async_rollout.core.journal import Cause, Goal, Lane
from async_rollout.core.laws import objection
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


def test_who_came_back_goes_out_again_only_where_the_floor_holds_without_it() -> None:
    """A killed restore has registered it back, and meanwhile another was lost: it serves, and the floor needs it."""
    lane = {"lanes": (Lane(id=ident(0), at=int(AT)),)}
    lost = snapshot_of("SSS", record=lane)
    assert not [act for act in done(lost) if isinstance(act, Deregister)]
    (wait,) = [wait for wait in decide(SPEC, lost).waits if wait.on == f"{ident(0)} going out"]
    assert "2 are available without it and the floor is 3" in wait.why
    (out,) = [act for act in done(snapshot_of("SSSN", record=lane)) if isinstance(act, Deregister)]
    assert {one.instance for one in out.registrations} == {ident(0)}


def test_who_came_back_and_stays_counts_under_the_ceiling() -> None:
    lane = {"lanes": (Lane(id=ident(0), at=int(AT)),)}
    (more,) = done(snapshot_of("SSS", record=lane))
    assert more == SetCapacity(desired=4)


def test_the_guard_knows_who_came_back() -> None:
    snapshot = snapshot_of("SSS", record={"lanes": (Lane(id=ident(0), at=int(AT)),)})
    out = Deregister(registrations=OUT)
    assert "law 1" in (objection(SPEC, snapshot, (), out) or "")
    assert objection(SPEC, snapshot_of("SSSN", record={"lanes": (Lane(id=ident(0), at=int(AT)),)}), (), out) is None
