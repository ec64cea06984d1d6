"""One group: look, recall, decide, act, tell, until there is a verdict.

The story is `Rollout.run`; everything that is known lives in the snapshot, everything that is decided in the core.
Hooks run beside the loop as its `HookTasks` and wake it when they end.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

import anyio

from async_rollout.core.actions import APART, ROWS, WHOLE, Action, CloudAction, Decision, Record, RunHook, Verdict
from async_rollout.core.belief import Belief, Me
from async_rollout.core.carried import carried
from async_rollout.core.catch_up import unfired
from async_rollout.core.decide import decide
from async_rollout.core.events import Acted, Warned
from async_rollout.core.journal import Journal
from async_rollout.core.laws import objection
from async_rollout.core.lease import LOOK_NOW
from async_rollout.core.left import after_acts, by_now
from async_rollout.core.narrate import narrate
from async_rollout.core.observation import Observation
from async_rollout.core.orders import ordered, untouched
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.core.recall import recall, started
from async_rollout.core.refusals import is_repeated, key_of
from async_rollout.core.snapshot import Snapshot, Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.wording import words_of
from async_rollout.core.zonal_shift import as_allowed
from async_rollout.engine.answers import last_sent, outcome_of, said_of, told_as, unsent
from async_rollout.engine.clocks import Clocks, of_this_host
from async_rollout.engine.grace import Grace
from async_rollout.engine.halt import Halt
from async_rollout.engine.hook_tasks import HookTasks
from async_rollout.engine.identity import is_here, is_over, of_another, under_way
from async_rollout.engine.lookout import AGAIN, Lookout
from async_rollout.engine.parting import BLIND_FOR, InVain, LastWord, blind_end, broken_end, cut_off
from async_rollout.engine.ports import GroupCloud, HookRunner, Tell, Urgency
from async_rollout.engine.result import GroupResult, ended
from async_rollout.engine.sending import Sending
from async_rollout.engine.telling import OBJECTED, Told


class Rollout:
    """One group's rollout. Made for one run; `run` may be called once."""

    def __init__(
        self, cloud: GroupCloud, group: str, spec: RolloutSpec, me: Me, *,
        hooks: HookRunner, tell: Tell, halt: Halt, clocks: Clocks = of_this_host,
    ) -> None:  # fmt: skip
        self._cloud, self._group, self._spec = cloud, group, spec
        self._hooks, self._halt, self._told = hooks, halt, Told(group, tell)
        self._belief = Belief(me=me)
        self._before: Snapshot | None = None
        self._outcomes: list[ActOutcome | HookOutcome] = []
        self._needs = LOOK_NOW
        self._acted_at = self._began = anyio.current_time()
        self._lookout = Lookout(cloud, group, spec, clocks, say=self._told.say, pause=self._sleep, note=self._note)
        self._in_vain = InVain()
        self._last_word = LastWord()
        self._stalled = False
        self._wake = anyio.Event()
        self._done_since: list[Action] = []
        self._objections: set[tuple[str, str]] = set()
        self._cancelled = False
        self._grace, self._sending = Grace(spec.stop_grace), Sending(cloud, group)
        self.result: GroupResult | None = None

    async def run(self) -> GroupResult:
        """Roll the group to its end.

        Cancelled, it stops as at `Stop.NOW`, within the spec's `stop_grace`; then the cancel goes on. `result` holds
        how it ended, then too.
        """
        self._halt.listen(self._woken)
        with under_way(self._belief.me):
            await self._grace.hold(self._conducted, self._cancel, self._late)
        return cast("GroupResult", self.result)  # whatever ends the work ends it with one

    async def _conducted(self) -> None:
        async with anyio.create_task_group() as children:
            verdict = await self._to_the_end(HookTasks(children, self._spec, self._hooks, self._told.say, self._ended))
            self._end(verdict)
            children.cancel_scope.cancel()

    def _cancel(self) -> None:
        self._cancelled = True
        self._woken()

    @property
    def _stop(self) -> Stop | None:
        return Stop.NOW if self._cancelled else self._halt.stop

    @property
    def _why_stopped(self) -> str:
        return self._halt.cause or ("cancelled" if self._cancelled else "")

    def _late(self) -> None:
        """The grace is over in the middle of something: what is left stands in the record, if there is one."""
        if self.result is not None:
            return  # only its commands still had to end
        order = ordered(Stop.NOW, self._why_stopped, self._halt.code)
        touched = self._belief.journal is not None or bool(self._done_since)
        if (last := self._seen()) is None or not touched:
            self._end(untouched(order))
        else:
            self._end(self._true(cut_off(order, self._spec.stop_grace, last)))

    async def broken(self, fault: BaseException) -> GroupResult:
        """Its end when `run` raised: a fault of ours, told like any other end. The group is let live, if that goes."""
        last = self._before.observation if self._before is not None and self._belief.journal is not None else None
        if last is not None:
            with suppress(Exception), anyio.move_on_after(self._spec.stop_grace):  # it is broken: anything may follow
                last = await self._lookout.let_live(self._belief.me.run) or last
        return self._end(broken_end(f"a fault of async-rollout: {fault!r}", last, "run or restore"))

    async def _to_the_end(self, hook_tasks: HookTasks) -> Verdict:
        while True:
            if (verdict := await self._tick(hook_tasks)) is not None:
                return verdict

    async def _tick(self, hook_tasks: HookTasks) -> Verdict | None:
        observation = await self._lookout.look(self._needs, self._acted_at, self._last())
        if isinstance(observation, Verdict):
            return observation
        snapshot = self._recall(observation)
        decision = decide(self._spec, snapshot)
        self._narrate(snapshot, decision)
        verdict = await self._act(snapshot, decision, hook_tasks)
        if verdict is None:
            await self._pause(decision)
        return verdict

    def _last(self) -> Snapshot | None:
        """The last look, with what was done since or may have been: who ends without another one names that too."""
        if self._before is None:
            return None
        acts = (one for one in self._outcomes if isinstance(one, ActOutcome) and one.sent and one.ok is not False)
        return replace(self._before, observation=after_acts(self._before.observation, (one.action for one in acts)))

    def _still_meant(self) -> bool:
        """What waits for its turn when the order to stop comes gives way to what the stop needs."""
        return self._lookout.young() and self._stop is not Stop.NOW

    @property
    def _at(self) -> float:
        return self._before.observation.at if self._before else 0.0

    def _recall(self, observation: Observation) -> Snapshot:
        outcomes, observation = (*self._outcomes,), as_allowed(self._spec, observation)
        observation = (
            carried(observation, self._before.observation, self._belief, outcomes) if self._before else observation
        )
        self._outcomes.clear()
        self._belief = recall(self._spec, self._belief, observation, outcomes)
        record = of_another(observation.journal, self._belief.me)
        return Snapshot(
            observation=observation,
            belief=self._belief,
            stop=self._stop,
            stop_cause=self._why_stopped,
            stop_code=self._halt.code,
            holder_dead=is_over(record),
            holder_here=is_here(record),
        )

    def _narrate(self, snapshot: Snapshot, decision: Decision) -> None:
        for event in narrate(self._spec, self._before, snapshot, decision):
            self._told.say(event)
        self._before = snapshot
        self._told.waits(snapshot.observation.at, decision.waits)

    async def _act(self, snapshot: Snapshot, decision: Decision, hook_tasks: HookTasks) -> Verdict | None:
        """Do the actions in their order; the first that is not answered Done ends the tick, if more rests on it."""
        self._done_since = []
        self._needs, self._stalled = decision.needs, False
        for number, action in enumerate(decision.actions):
            if not self._lookout.young():
                self._unsent(decision.actions[number:])
                break
            if why := objection(self._spec, snapshot, (*self._done_since,), action):
                return await self._objected(decision.actions[number:], why)
            if isinstance(action, RunHook):
                self._belief = started(self._belief, action.point, action.instance)
                hook_tasks.start(self._group, action, self._at)
            elif not await self._done(action):
                self._stalled = True
                if isinstance(action, APART):
                    continue  # nothing rests on it: the record is written and instances serve again all the same
                self._unsent(decision.actions[number + 1 :])
                break
            self._done_since.append(action)
        self._needs |= WHOLE if self._stalled else ROWS
        if decision.verdict is None:
            return await self._unheard()
        tries_on = self._stalled and (self._stop is Stop.NOW or not self._last_word.is_due(self._outcomes))
        return None if tries_on else self._true(decision.verdict)

    def _true(self, verdict: Verdict) -> Verdict:
        """The verdict with what is left by now."""
        if (last := self._seen()) is None or not isinstance(last.journal, Journal):
            return verdict
        return by_now(verdict, last, last.journal, self._done_since)

    def _seen(self) -> Observation | None:
        """The last look, with the record as it was written since: it may name one more that is out."""
        if self._before is None:
            return None
        written = [act.journal for act in self._done_since if isinstance(act, Record)]
        return replace(self._before.observation, journal=written[-1]) if written else self._before.observation

    def _unsent(self, actions: Sequence[Action]) -> None:
        """The tick is over; what was still to be done stands in the record, perhaps, and was surely not done."""
        self._stalled = True
        self._outcomes += [unsent(one, self._at) for one in actions]

    async def _unheard(self) -> Verdict | None:
        """AWS is seen but takes nothing from us, not even the record that all is to be put back."""
        last, silent, row = last_sent(self._outcomes), self._in_vain.seconds, None
        if last is None or self._belief.journal is None:
            return None
        if silent > BLIND_FOR:
            row = await self._lookout.let_live(self._belief.me.run)
        if silent <= self._spec.limits.credentials:
            return None
        return blind_end(f"AWS takes none of our acts: {said_of(last)}", 4 if last.denied else 1, row)

    async def _objected(self, actions: Sequence[Action], why: str) -> Verdict | None:
        """A guard's first no may be for what the look lacked: it costs a whole one. The same again is a fault."""
        what = key_of(actions[0]), why.partition(":")[0]
        words = f"{words_of(actions[0])} was about to be done against {why}"
        if what in self._objections:
            row = await self._lookout.let_live(self._belief.me.run)
            last = self._before.observation if self._before else None
            return broken_end(f"a fault of async-rollout: {words}", row or last, "restore")
        self._objections.add(what)
        self._unsent(actions)
        self._needs |= WHOLE
        self._told.say(Warned(group=self._group, at=self._at, text=f"{OBJECTED}{words}; looking again"))
        return None

    async def _done(self, action: CloudAction) -> bool:
        stopping = self._stop is Stop.NOW
        good = self._lookout.young if stopping else self._still_meant
        urgency = Urgency.STOP if stopping else Urgency.USUAL
        answer = await self._sending.act(action, good, urgency)
        self._acted_at = anyio.current_time()
        outcome = outcome_of(action, answer, self._at)
        self._outcomes.append(outcome)
        if not outcome.sent:
            return False
        said, why, again = told_as(outcome), said_of(outcome), is_repeated(self._belief, outcome)
        self._told.say(
            Acted(group=self._group, at=self._at, action=words_of(action), answer=said, why=why, again=again)
        )
        self._in_vain.tried(well=bool(outcome.ok))
        return outcome.ok is True

    async def _pause(self, decision: Decision) -> None:
        """Until the next look is due; a hook that ends or an order to stop wakes earlier. After a no: not at once."""
        seconds = max(decision.look_again, self._spec.interval) if self._stalled else decision.look_again
        if self._stop is Stop.NOW:
            seconds = min(seconds, AGAIN)
        if seconds > 0:
            await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        self._wake = anyio.Event()

    def _note(self, outcome: ActOutcome | HookOutcome) -> None:
        self._outcomes.append(outcome)

    def _ended(self, outcome: HookOutcome) -> None:
        self._told.command(outcome)
        self._note(outcome)
        self._woken()

    def _woken(self) -> None:
        self._wake.set()
        if self._stop is Stop.NOW:
            self._grace.begins()
            self._lookout.stop()
            self._sending.stop()

    def _end(self, verdict: Verdict) -> GroupResult:
        result = self._told.result(verdict, missed=unfired(self._belief), seconds=anyio.current_time() - self._began)
        self.result = result
        self._told.say(ended(result, self._at))
        return result
