"""One group: look, recall, decide, act, tell, until there is a verdict.

The story is `Rollout.run`; everything that is known lives in the snapshot, everything that is decided in the core.
Hooks run beside the loop as its `Errands` and wake it when they end.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from async_rollout.core.actions import (
    ROWS,
    WHOLE,
    Action,
    CloudAction,
    Decision,
    Need,
    Needs,
    Outcome,
    RunHook,
    Verdict,
)
from async_rollout.core.carried import carried
from async_rollout.core.decide import decide
from async_rollout.core.events import Acted, Event, Replaced, RolloutStarted, Waiting, Warned
from async_rollout.core.laws import OLDEST_LOOK, objection
from async_rollout.core.memory import GONE_LOOKS, ActOutcome, HookOutcome, Me, Memory, Outcomes
from async_rollout.core.narrate import narrate
from async_rollout.core.recall import recall, started
from async_rollout.core.refusals import is_repeated
from async_rollout.core.sight import Sight, Snapshot, Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.survey import missed
from async_rollout.core.wording import words_of
from async_rollout.engine.answers import last_sent, outcome_of, said_of, told_as, unsent
from async_rollout.engine.clocks import Clocks, of_this_host
from async_rollout.engine.errands import Errands
from async_rollout.engine.halt import Halt
from async_rollout.engine.identity import is_dead, other_holder
from async_rollout.engine.parting import BLIND_FOR, blind_end, let_live
from async_rollout.engine.ports import Answer, HookRunner, Reach, Tell, Unknown
from async_rollout.engine.result import GroupResult, ended, quoted
from async_rollout.errors import CredentialsError, UnknownGroupError, UnseenError

TELL_AGAIN = 30.0
"""What is waited for is told when it changes, and so often."""
FIRST_LOOK = 120.0
"""So long the first look is tried for; later the limits hold."""
LAST_BREATH = 5.0
"""An act in flight on cancel gets so many seconds."""


class Rollout:
    """One group's rollout. Made for one run; `run` may be called once."""

    def __init__(
        self, cloud: Reach, group: str, spec: RolloutSpec, me: Me, *,
        hooks: HookRunner, tell: Tell, halt: Halt, clocks: Clocks = of_this_host,
    ) -> None:  # fmt: skip
        self._cloud, self._group, self._spec, self._clocks = cloud, group, spec, clocks
        self._hooks, self._tell, self._halt = hooks, tell, halt
        self._memory = Memory(me=me)
        self._before: Snapshot | None = None
        self._outcomes: list[ActOutcome | HookOutcome] = []
        self._needs: Needs = frozenset({Need.TARGETS, Need.SURVEY})
        self._acted_at = self._began = anyio.current_time()
        self._asked_at = clocks()
        self._blind_since: float | None = None
        self._row: Sight | None = None
        self._denied_since: float | None = None
        self._told: tuple[tuple[str, ...], float] = ((), -TELL_AGAIN)
        self._replaced: list[str] = []
        self._total = self._replaced_before = 0
        self._stalled, self._absent = False, 0
        self._wake = anyio.Event()

    async def run(self) -> GroupResult:
        """Roll the group to its end. Cancelling it is a safe stop: nothing new begins, the record stands."""
        self._halt.listen(self._woken)
        async with anyio.create_task_group() as children:
            verdict = await self._to_the_end(Errands(children, self._spec, self._hooks, self._say, self._ended))
            children.cancel_scope.cancel()
        return self._result(verdict)

    def broken(self, fault: BaseException) -> GroupResult:
        """Its end when `run` raised: a fault of ours, told like any other end."""
        left = ("the record stands",) if self._memory.journal is not None else ()
        why, next = f"a fault of async-rollout: {fault!r}", "run or restore" if left else ""
        return self._result(Verdict(outcome=Outcome.STUCK, code=10, why=why, left=left, next=next))

    async def _to_the_end(self, errands: Errands) -> Verdict:
        while True:
            if (verdict := await self._tick(errands)) is not None:
                return verdict

    async def _tick(self, errands: Errands) -> Verdict | None:
        sight = await self._look()
        if isinstance(sight, Verdict):
            return sight
        snapshot = self._recall(sight)
        decision = decide(self._spec, snapshot)
        self._narrate(snapshot, decision)
        verdict = await self._act(snapshot, decision, errands)
        if verdict is None:
            await self._pause(decision)
        return verdict

    async def _look(self) -> Sight | Verdict:
        """One sight; blind, it tries again with more patience each time, as long as the limits allow."""
        delay = self._spec.interval
        while True:
            try:
                sight = await self._fresh()
            except UnknownGroupError as gone:
                if end := self._vanished(gone):
                    return end
            except (CredentialsError, UnseenError) as error:
                code = 4 if isinstance(error, CredentialsError) else 1
                if end := await self._blind(str(error), code, self._spec.limits.credentials):
                    return end
            else:
                self._blind_since, self._absent, self._row = None, 0, None
                return sight
            await self._sleep(delay)
            delay = min(2 * delay, 30.0)

    async def _fresh(self) -> Sight:
        """A look that may be acted on. A process that was stopped in the middle of one must look again."""
        self._asked_at = self._clocks()
        sight = await self._cloud.look(self._group, self._needs, self._acted_at)
        if not self._young():
            raise UnseenError(f"the answer took longer than {OLDEST_LOOK:.0f} s, too long to act on it")
        return sight

    def _young(self) -> bool:
        return self._clocks().since(self._asked_at) <= OLDEST_LOOK

    def _vanished(self, gone: UnknownGroupError) -> Verdict | None:
        """Later an answer or two without the group may be empty pages."""
        if self._before is None:
            return Verdict(outcome=Outcome.REFUSED, code=3, why=str(gone))
        self._absent += 1
        if self._absent < GONE_LOOKS:
            return None
        return Verdict(outcome=Outcome.FAILED, code=1, why=f"the group was deleted during the run: {gone}")

    async def _blind(self, why: str, code: int, limit: float) -> Verdict | None:
        """Without any look yet there is nothing to wait for; later the record waits with us."""
        now = anyio.current_time()
        self._blind_since = self._blind_since if self._blind_since is not None else now
        self._say(Warned(group=self._group, at=self._at, text=f"AWS cannot be seen: {why}"))
        if self._before is None and (code == 4 or now - self._blind_since > FIRST_LOOK):
            return Verdict(outcome=Outcome.REFUSED, code=4 if code == 4 else 3, why=why)
        if self._before is not None and self._memory.journal and now - self._blind_since > BLIND_FOR:
            self._row = await let_live(self._cloud, self._group, self._memory.me.run, now) or self._row
        if self._halt.stop is Stop.NOW or now - self._blind_since > limit:
            return blind_end(why, code, self._row or (self._before.sight if self._before else None))
        return None

    @property
    def _at(self) -> float:
        return self._before.sight.at if self._before else 0.0

    def _recall(self, sight: Sight) -> Snapshot:
        outcomes: Outcomes = (*self._outcomes,)
        sight = carried(sight, self._before.sight, self._memory, outcomes) if self._before else sight
        self._outcomes.clear()
        self._memory = recall(self._spec, self._memory, sight, outcomes)
        halt, holder = self._halt, other_holder(sight.journal, self._memory.me)
        return Snapshot(
            sight=sight,
            memory=self._memory,
            stop=halt.stop,
            stop_cause=halt.cause,
            stop_code=halt.code,
            holder_dead=is_dead(holder),
        )

    def _narrate(self, snapshot: Snapshot, decision: Decision) -> None:
        for event in narrate(self._spec, self._before, snapshot, decision):
            self._say(event)
        self._before = snapshot
        key, now = tuple(wait.on + wait.why for wait in decision.waits), anyio.current_time()
        if decision.waits and (key != self._told[0] or now - self._told[1] >= TELL_AGAIN):
            self._say(Waiting(group=self._group, at=snapshot.sight.at, waits=decision.waits))
            self._told = (key, now)

    def _say(self, event: Event) -> None:
        match event:
            case Replaced(instance=id) if id in self._replaced:
                return  # seen again: what ends a lane is written with what is next
            case Replaced(instance=id):
                self._replaced.append(id)
            case RolloutStarted(total=total, replaced_before=before):
                self._total, self._replaced_before = total, before
        self._tell(event)

    async def _act(self, snapshot: Snapshot, decision: Decision, errands: Errands) -> Verdict | None:
        """Do the actions in their order; the first that is not answered Done ends the tick."""
        since: tuple[Action, ...] = ()
        self._needs, self._stalled = decision.needs, False
        for number, action in enumerate(decision.actions):
            if not self._young():
                self._unsent(decision.actions[number:])
                break
            if why := objection(self._spec, snapshot, since, action):
                return self._forbidden(action, why)
            if isinstance(action, RunHook):
                self._memory = started(self._memory, (action.point, action.instance))
                errands.start(self._group, action, self._at)
            elif not await self._done(action):
                self._unsent(decision.actions[number + 1 :])
                break
            since = (*since, action)
        self._needs |= WHOLE if self._stalled else ROWS
        return decision.verdict or self._unheard()

    def _unsent(self, actions: Sequence[Action]) -> None:
        """The tick is over; what was still to be done stands in the record, perhaps, and was surely not done."""
        self._stalled, self._outcomes = True, [*self._outcomes, *(unsent(one, self._at) for one in actions)]

    def _unheard(self) -> Verdict | None:
        """AWS is seen but takes nothing from us, not even the record that all is to be put back."""
        last, since = last_sent(self._outcomes), self._denied_since
        if last is None or since is None or anyio.current_time() - since <= self._spec.limits.credentials:
            return None
        why = f"AWS takes none of our acts: {said_of(last)}; what is recorded stands"
        return Verdict(outcome=Outcome.FAILED, code=4 if last.denied else 1, why=why, next="run or restore")

    def _forbidden(self, action: Action, why: str) -> Verdict:
        words = f"a fault of async-rollout: {words_of(action)} was about to be done against {why}"
        return Verdict(outcome=Outcome.STUCK, code=10, why=words, left=("the record stands",), next="restore")

    async def _done(self, action: CloudAction) -> bool:
        answer = await self._shielded(action)
        self._acted_at = anyio.current_time()
        outcome = outcome_of(action, answer, self._at)
        self._outcomes.append(outcome)
        if not outcome.sent:
            return False
        said, why, again = told_as(outcome), said_of(outcome), is_repeated(self._memory, outcome)
        self._say(Acted(group=self._group, at=self._at, action=words_of(action), answer=said, why=why, again=again))
        since = self._acted_at if self._denied_since is None else self._denied_since
        self._denied_since = None if outcome.ok else since
        return outcome.ok is True

    async def _shielded(self, action: CloudAction) -> Answer:
        """An act in flight is not torn: on cancel it gets its last breath, so that its answer may be known."""
        answer: Answer = Unknown(why="cancelled while in flight")
        scope, done = anyio.CancelScope(shield=True), anyio.Event()

        async def in_flight() -> None:
            nonlocal answer
            with scope:
                answer = await self._cloud.act(self._group, action, self._young)
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(in_flight)
            try:
                await done.wait()
            except anyio.get_cancelled_exc_class():
                scope.deadline = anyio.current_time() + LAST_BREATH
                raise
        return answer

    async def _pause(self, decision: Decision) -> None:
        """Until the next look is due; a hook that ends or an order to stop wakes earlier. After a no: not at once."""
        seconds = max(decision.look_again, self._spec.interval) if self._stalled else decision.look_again
        if seconds > 0:
            await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        self._wake = anyio.Event()

    def _ended(self, outcome: HookOutcome) -> None:
        self._outcomes.append(outcome)
        self._woken()

    def _woken(self) -> None:
        self._wake.set()

    def _result(self, verdict: Verdict) -> GroupResult:
        lost = missed(self._memory.scheduled, self._memory.began, self._memory.at)
        result = GroupResult(
            group=self._group,
            verdict=quoted(verdict, self._memory.ended),
            replaced=tuple(self._replaced),
            total=max(self._total, self._replaced_before + len(self._replaced)),
            replaced_before=self._replaced_before,
            missed=lost,
            seconds=anyio.current_time() - self._began,
        )
        self._say(ended(result, self._at))
        return result
