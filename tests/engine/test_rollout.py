"""The loop itself: blind looks, expired credentials, answers that do not come, and acts that a law forbids."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import anyio
import pytest

from async_rollout.core.actions import CloudAction, Decision, Outcome, Record, SetCapacity, Suspend, Terminate
from async_rollout.core.decide import decide
from async_rollout.core.events import Acted, RolloutEnded, Waiting, Warned
from async_rollout.core.memory import Me
from async_rollout.core.sight import Snapshot, Stop
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Answer, Refused, Unknown
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.errors import CredentialsError, RolloutError, UnknownGroupError, UnseenError
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import EPOCH
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from engine.fleets import BeforeAct, BeforeLook, Told, Wayward, done_by_us, lowest, not_as_found, nothing, world_of
from simulation import InstantHooks, ours

SPEC = RolloutSpec()


class Story:
    """One rollout of the group `web`, told from its cloud's side."""

    def __init__(
        self,
        *,
        look: BeforeLook = nothing,
        act: BeforeAct = nothing,
        spec: RolloutSpec = SPEC,
        cloud: Callable[..., Wayward] = Wayward,
        cancelled_at: float = 50_000.0,
        order: tuple[float, Stop] | None = None,
    ) -> None:
        self.told, self.halt, self.order = Told(), Halt(), order
        self._look, self._act, self._spec, self._made, self._cancelled_at = look, act, spec, cloud, cancelled_at
        self.ended = 0.0
        self.result: GroupResult | None = None
        run_virtual(self._run)

    async def _run(self) -> None:
        self.world = world_of("web")
        self.cloud = self._made(self.world, look=self._look, act=self._act)
        me = Me(run="run", holder="host/boot/1")
        rollout = Rollout(
            self.cloud, "web", self._spec, me, hooks=InstantHooks(), tell=self.told, halt=self.halt
        )  # fmt: skip
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._press)
            with anyio.move_on_after(self._cancelled_at):
                self.result = await rollout.run()
            self.ended = anyio.current_time()
            tasks.cancel_scope.cancel()

    async def _press(self) -> None:
        if self.order is not None:
            await anyio.sleep(self.order[0])
            self.halt.request(self.order[1], "a signal")

    @property
    def verdict(self) -> tuple[Outcome, int]:
        assert self.result is not None
        return self.result.verdict.outcome, self.result.verdict.code

    @property
    def why(self) -> str:
        assert self.result is not None
        return self.result.verdict.why

    @property
    def looks(self) -> list[float]:
        return [at for at, _ in self.cloud.looks]


def between(begin: float, end: float, fault: RolloutError) -> BeforeLook:
    async def look(group: str) -> None:
        if begin <= anyio.current_time() < end:
            raise fault

    return look


EVER = 1e9
UNSEEN, EXPIRED = UnseenError("no answer (500)"), CredentialsError("ExpiredToken: renew them")
GONE = UnknownGroupError("web: no such group")
DONE = (Outcome.DONE, 0)


# --- blind


def test_blind_it_looks_again_with_more_patience_each_time_and_goes_on() -> None:
    story = Story(look=between(60.0, 300.0, UNSEEN))
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    assert lowest(story.world, "web") >= 3
    blind = [at for at in story.looks if at >= 60.0][: 1 + len(story.told.of(Warned))]
    assert [round(after - before) for before, after in pairwise(blind)][:6] == [5, 10, 20, 30, 30, 30]
    assert {one.text for one in story.told.of(Warned)} == {"AWS cannot be seen: no answer (500)"}
    assert not [at for at in story.told.at(Acted, "web") if 60.2 < at < blind[-1]]


def test_patience_begins_anew_when_something_was_seen() -> None:
    async def look(group: str) -> None:
        if 60.0 <= (now := anyio.current_time()) < 200.0 or 250.0 <= now < 300.0:
            raise UNSEEN

    story = Story(look=look)
    again = [at for at in story.looks if at >= 250.0]
    assert story.verdict == DONE
    assert round(again[1] - again[0]) == 5


@pytest.mark.parametrize(("fault", "code"), [(UNSEEN, 1), (EXPIRED, 4)])
def test_blind_for_half_an_hour_it_ends_and_the_record_stands(fault: RolloutError, code: int) -> None:
    story = Story(look=between(100.0, EVER, fault))
    assert story.verdict == (Outcome.FAILED, code)
    assert story.why == f"{fault}; the record stands"
    assert story.result is not None and story.result.verdict.next == "run or restore"
    assert 1800.0 < story.ended - 100.0 < 1800.0 + 60.0
    assert len(ours(story.world.state.groups["web"])) >= 3
    assert story.told.of(RolloutEnded)[0].verdict == story.result.verdict


def test_its_patience_is_an_option() -> None:
    story = Story(look=between(100.0, EVER, EXPIRED), spec=RolloutSpec(limits=Limits(credentials=90.0)))
    assert 90.0 < story.ended - 100.0 < 90.0 + 60.0
    assert story.verdict == (Outcome.FAILED, 4)


def test_expired_credentials_pause_it_and_renewed_ones_let_it_go_on() -> None:
    story = Story(look=between(100.0, 1500.0, EXPIRED))
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    assert lowest(story.world, "web") >= 3
    assert not [one for one in done_by_us(story.world) if 106.0 < one.at - EPOCH < 1490.0]
    assert {one.text for one in story.told.of(Warned)} == {"AWS cannot be seen: ExpiredToken: renew them"}


def test_before_the_first_look_bad_credentials_refuse_at_once() -> None:
    story = Story(look=between(0.0, EVER, EXPIRED))
    assert story.verdict == (Outcome.REFUSED, 4)
    assert len(story.looks) == 1
    assert done_by_us(story.world) == []


def test_before_the_first_look_two_minutes_of_blindness_refuse() -> None:
    story = Story(look=between(0.0, EVER, UNSEEN))
    assert story.verdict == (Outcome.REFUSED, 3)
    assert 120.0 < story.ended < 160.0
    assert done_by_us(story.world) == []


def test_a_first_look_that_comes_late_is_no_fault() -> None:
    assert Story(look=between(0.0, 100.0, UNSEEN)).verdict == DONE


@pytest.mark.parametrize(("stop", "ends"), [(Stop.NOW, 31.0), (Stop.FINISH, 1900.0)])
def test_blind_an_order_to_stop_at_once_is_obeyed_without_a_look(stop: Stop, ends: float) -> None:
    story = Story(look=between(100.0, EVER, UNSEEN), order=(200.0, stop))
    assert story.verdict == (Outcome.FAILED, 1)
    assert story.ended - 200.0 < ends
    assert "the record stands" in story.why


def test_an_order_to_stop_ends_the_pause_between_two_blind_looks() -> None:
    story = Story(look=between(100.0, EVER, UNSEEN), order=(200.0, Stop.NOW))
    assert story.ended - 200.0 < 1.0


# --- unknown


def test_a_group_that_nobody_knows_is_refused() -> None:
    story = Story(look=between(0.0, EVER, GONE))
    assert story.verdict == (Outcome.REFUSED, 3)
    assert story.why == "web: no such group"


def test_a_group_that_is_deleted_meanwhile_ends_it() -> None:
    story = Story(look=between(100.0, EVER, GONE))
    assert story.verdict == (Outcome.FAILED, 1)
    assert story.why == "the group was deleted during the run: web: no such group"
    assert story.ended < 107.0


# --- the laws


def test_a_law_that_objects_ends_it_before_the_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the record is ours and rolling, a broken core terminates what serves."""

    def rogue(spec: RolloutSpec, snapshot: Snapshot) -> Decision:
        decision, record = decide(spec, snapshot), snapshot.sight.journal
        if record is None or record.cutoff is None:  # type: ignore[union-attr]
            return decision
        victims = [one.id for one in snapshot.sight.instances]
        return Decision(actions=tuple(Terminate(instance=id, shrink=True) for id in victims))

    monkeypatch.setattr("async_rollout.engine.rollout.decide", rogue)
    story = Story()
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.why.startswith("a fault of async-rollout: terminate i-")
    assert "was about to be done against law " in story.why
    assert [one for one in done_by_us(story.world) if one.what in (What.TERMINATE, What.DEREGISTER)] == []
    assert len(ours(story.world.state.groups["web"])) >= 3
    assert story.result is not None
    assert (story.result.verdict.left, story.result.verdict.next) == (("the record stands",), "restore")


def test_of_a_tick_what_stands_before_the_objection_is_done_and_nothing_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_capacity(spec: RolloutSpec, snapshot: Snapshot, since: object, action: CloudAction) -> str | None:
        return "law 99: no" if isinstance(action, Suspend) else None

    monkeypatch.setattr("async_rollout.engine.rollout.objection", no_capacity)
    story = Story()
    assert "suspend " in story.why and story.why.endswith("law 99: no")
    assert {one.what for one in done_by_us(story.world)} == {What.TAG}


# --- answers


class Answering(Wayward):
    """A cloud that answers the first SetDesiredCapacity itself."""

    answer: Answer = Unknown(why="the connection was reset")
    asked: list[float]

    async def act(self, group: str, action: CloudAction) -> Answer:
        if isinstance(action, SetCapacity) and action.desired:
            self.asked = [*getattr(self, "asked", []), anyio.current_time()]
            if len(self.asked) == 1:
                return self.answer
        return await super().act(group, action)


class Refusing(Answering):
    answer = Refused(code="ScalingActivityInProgress", message="wait")


@pytest.mark.parametrize(
    ("cloud", "answer", "why"),
    [
        (Answering, "unknown", "the connection was reset"),
        (Refusing, "refused", "ScalingActivityInProgress: wait"),
    ],
)
def test_what_is_not_answered_well_is_told_looked_at_and_not_sent_again_at_once(
    cloud: type[Answering], answer: str, why: str
) -> None:
    story = Story(cloud=cloud)
    assert isinstance(story.cloud, Answering)
    assert story.verdict == DONE
    assert [(one.answer, one.why) for one in story.told.of(Acted) if one.answer != "done"] == [(answer, why)]
    first, second = story.cloud.asked[:2]
    assert second - first >= SPEC.check_interval
    assert [at for at in story.looks if first < at < second]
    assert not_as_found(story.world, "web") == []


def test_a_record_that_is_not_written_is_followed_by_nothing() -> None:
    """Write down, then do: the first act that is not answered Done ends the tick."""

    class Forgetful(Wayward):
        async def act(self, group: str, action: CloudAction) -> Answer:
            if isinstance(action, Record) and action.journal.suspended and action.journal.serial > 1:
                return Unknown(why="lost")
            return await super().act(group, action)

    story = Story(cloud=Forgetful, cancelled_at=120.0)
    assert {one.what for one in done_by_us(story.world)} == {What.TAG}


# --- waiting


def test_what_is_waited_for_is_told_when_it_changes_and_every_half_minute() -> None:
    class Sick(Wayward):
        def __init__(self, world: World, **more: BeforeLook) -> None:
            super().__init__(world, **more)
            world.troubles["web"].sick_versions = frozenset({"2"})

    story = Story(cloud=Sick)
    times = story.told.at(Waiting, "web")
    keys = [tuple(wait.on + wait.why for wait in one.waits) for one in story.told.of(Waiting)]
    same = [
        after - before
        for (one, other), (before, after) in zip(pairwise(keys), pairwise(times), strict=True)
        if one == other
    ]
    assert len(same) >= 20
    assert all(30.0 <= gap <= 30.0 + 2 * SPEC.check_interval for gap in same)
    assert len(set(keys)) >= 3
    assert all(keys)


# --- cancelled in flight


def in_flight(seconds: float) -> BeforeAct:
    """The act that asks for a new instance takes so long."""

    async def act(group: str, action: CloudAction) -> None:
        if isinstance(action, SetCapacity) and action.desired:
            await anyio.sleep(seconds)

    return act


@pytest.mark.parametrize(("takes", "waits", "arrives"), [(0.5, 0.6, True), (4.0, 4.1, True), (1e6, 5.0, False)])
def test_an_act_in_flight_when_cancelled_gets_at_most_five_seconds(takes: float, waits: float, arrives: bool) -> None:
    free = Story()
    acts = zip(free.told.of(Acted), free.told.at(Acted, "web"), strict=True)
    when = next(at for one, at in acts if one.action.startswith("set desired")) - 0.05
    story = Story(act=in_flight(takes), cancelled_at=when)
    assert story.result is None
    assert story.ended - when == pytest.approx(waits, abs=0.11)
    assert (What.SET_DESIRED in {one.what for one in done_by_us(story.world)}) is arrives
    assert len(ours(story.world.state.groups["web"])) >= 3


def test_cancelled_between_two_acts_it_ends_at_once() -> None:
    story = Story(cancelled_at=90.0)
    assert story.ended == 90.0
    assert max(one.at for one in done_by_us(story.world)) <= EPOCH + 90.0
