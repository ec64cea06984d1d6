"""What a law forbids is not done: its first no costs a whole look, the same one again ends the run."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import WHOLE, CloudAction, Decision, Needs, Outcome, Suspend, Terminate
from async_rollout.core.decide import decide
from async_rollout.core.events import Warned
from async_rollout.core.observation import Observation
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.ports import Urgency
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.history import What
from support.fleets import Wayward, asks_for_more, done_by_us, not_as_found
from support.one_group import DONE, Story
from support.simulation import ours


def test_a_law_that_objects_ends_it_before_the_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the record is ours and rolling, a broken core terminates what serves."""

    def rogue(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
        decision, record = decide(spec, snapshot), snapshot.observation.journal
        if record is None or record.cutoff is None:  # type: ignore[union-attr]
            return decision
        victims = [one.id for one in snapshot.observation.instances]
        return Decision(actions=tuple(Terminate(instance=id, shrink=True) for id in victims))

    monkeypatch.setattr("async_rollout.engine.rollout.decide", rogue)
    story = Story()
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.why.startswith("a fault of async-rollout: terminate i-")
    assert "was about to be done against law " in story.why
    assert [one for one in done_by_us(story.world) if one.what in (What.TERMINATE, What.DEREGISTER)] == []
    assert len(ours(story.world.state.groups["web"])) >= 3
    assert story.result is not None
    assert story.result.verdict.next == "restore"
    still = {name for name, _ in story.world.state.groups["web"].suspended}
    assert still == {"AZRebalance", "ReplaceUnhealthy"}, "alarms and schedules run"
    (line,) = [line for line in story.result.verdict.left if "suspended by us" in line]
    assert set(line.removeprefix("suspended by us: ").split(", ")) == still


def test_of_a_tick_what_stands_before_the_objection_is_done_and_nothing_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_capacity(spec: RolloutSpec, snapshot: Snapshot, since: object, action: CloudAction) -> str | None:
        return "law 99: no" if isinstance(action, Suspend) else None

    monkeypatch.setattr("async_rollout.engine.rollout.objection", no_capacity)
    story = Story()
    assert "suspend " in story.why and story.why.endswith("law 99: no")
    assert {one.what for one in done_by_us(story.world)} <= {What.TAG, What.UNTAG}


def test_a_guards_first_no_costs_a_whole_look_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the look lacked may be all that was wrong: the same no again would be a fault of ours."""
    asked: list[Needs] = []
    said: list[int] = []

    class Asked(Wayward):
        async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
            asked.append(needs)
            return await super().look(group, needs, after, urgency)

    def once(spec: RolloutSpec, snapshot: Snapshot, since: object, action: CloudAction) -> str | None:
        if asks_for_more(action) and not said:
            said.append(len(asked))
            return "law 99: no"
        return None

    monkeypatch.setattr("async_rollout.engine.rollout.objection", once)
    story = Story(cloud=Asked)
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    (warned,) = [event for event in story.told.of(Warned) if event.text.startswith(OBJECTED)]
    assert warned.text.endswith("against law 99: no; looking again")
    assert asked[said[0]] >= WHOLE
