"""Many groups: all looked at before any is touched, so many at once, and what one's failure does to the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import anyio

from async_rollout.core.actions import Needs
from async_rollout.core.events import Enrolled, Event, FleetEnded, GroupEnd
from async_rollout.core.journal import Cause, Goal, Journal
from async_rollout.core.observation import Observation
from async_rollout.core.orders import ordered, untouched
from async_rollout.core.origin import Origin, Place, place_of, shared, stamped
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec, Scope
from async_rollout.engine.given import check
from async_rollout.engine.halt import Halt
from async_rollout.engine.hooks import ShellHooks
from async_rollout.engine.identity import identify
from async_rollout.engine.ports import GroupRef, HookRunner, Tell
from async_rollout.engine.result import GroupResult, Summary, ended
from async_rollout.engine.rollout import Rollout
from async_rollout.engine.turns import Turns
from async_rollout.errors import RolloutError, UnknownGroupError, UsageError

LOG = logging.getLogger("async_rollout")


async def roll_out(
    groups: Sequence[GroupRef],
    spec: RolloutSpec | None = None,
    *,
    tell: Tell | None = None,
    max_groups: int | None = None,
    fail_fast: bool = False,
    halt: Halt | None = None,
    hooks: HookRunner | None = None,
) -> Summary:
    """Replace every old instance of these groups; resumes by itself what a killed run began.

    groups: of one cloud or of several, as `cloud.groups` gives them.
    spec: the order; None: the default one.
    tell: called with each event, in order, on this loop; None: nobody is told.
    max_groups: so many are under way at once, at least 1; None: as many as AWS's request rates carry.
    fail_fast: whether one group's failure stops the others, safely; False.
    halt: orders a stop from elsewhere on this loop; None: only a cancel does.
    hooks: runs the spec's hooks; None: as shell commands and callables.

    Raises UsageError, UnknownGroupError (one unknown name refuses all, nothing is touched), CredentialsError,
    UnseenError before the first change; afterwards how each group ended stands in the summary. Cancelled, it stops as
    at `Stop.NOW`: alarms and schedules run again, what only drained serves again, all of it told, within the spec's
    `stop_grace`; then the cancel goes on.
    """
    fleet = _Fleet(spec or RolloutSpec(), tell, halt, hooks, max_groups=max_groups, fail_fast=fail_fast)
    return await fleet.run(groups, Goal.REPLACE)


async def restore(
    groups: Sequence[GroupRef],
    spec: RolloutSpec | None = None,
    *,
    tell: Tell | None = None,
    halt: Halt | None = None,
    hooks: HookRunner | None = None,
) -> Summary:
    """Put back what a run changed and did not finish; a live run, also one elsewhere, is told to stop first.

    groups: as for `roll_out`; one without a record ends as NOTHING.
    spec: the limits and hooks that hold; the hooks of the run have to be given again.
    tell, halt, hooks: as for `roll_out`.

    Raises as `roll_out` does.
    """
    return await _Fleet(spec or RolloutSpec(), tell, halt, hooks).run(groups, Goal.RESTORE)


async def rollback(
    groups: Sequence[GroupRef],
    spec: RolloutSpec | None = None,
    *,
    tell: Tell | None = None,
    halt: Halt | None = None,
    hooks: HookRunner | None = None,
) -> Summary:
    """Put back what a run changed, then replace what is new by what was there before; a live run is told to do so.

    groups: as for `roll_out`; one without a record ends as NOTHING, one with nothing to roll back to is refused.
    spec: the limits and hooks that hold, and `rollback_version`; the hooks of the run have to be given again.
    tell, halt, hooks: as for `roll_out`.

    Raises as `roll_out` does.
    """
    return await _Fleet(spec or RolloutSpec(), tell, halt, hooks, rollback=True).run(groups, Goal.RESTORE)


class _Fleet:
    def __init__(
        self,
        spec: RolloutSpec,
        tell: Tell | None,
        halt: Halt | None,
        hooks: HookRunner | None,
        *,
        max_groups: int | None = None,
        fail_fast: bool = False,
        rollback: bool = False,
    ) -> None:
        if max_groups is not None and max_groups < 1:
            raise UsageError("--max-groups is a number of groups, at least 1")
        self._spec, self._halt, self._hooks = spec, halt or Halt(), ShellHooks() if hooks is None else hooks
        self._listener, self._rollback = tell, rollback
        self._tell, self._fail_fast, self._most = _Told(tell), fail_fast, max_groups
        self._results: dict[GroupRef, GroupResult] = {}
        self._enrolled: dict[GroupRef, Enrolled] = {}
        self._places: dict[GroupRef, Place] = {}
        self._fresh: set[GroupRef] = set()

    async def run(self, groups: Sequence[GroupRef], goal: Goal) -> Summary:
        check(groups, self._listener, self._hooks)
        once = list(dict.fromkeys(groups))
        for group, observation in (await all_seen(once)).items():
            self._places[group] = place_of(observation.group.arn)
            enrolled = Enrolled(group=group.name, at=observation.at, old=self._old(observation, goal))
            self._enrolled[group] = stamped(enrolled, self._places[group])
            self._tell(self._enrolled[group])
            if goal is Goal.REPLACE and observation.journal is None:
                self._fresh.add(group)
        places = anyio.CapacityLimiter(self._most or len(once))
        try:
            async with anyio.create_task_group() as tasks:
                clouds = dict.fromkeys(one.cloud for one in once)
                turns = {cloud: Turns(cloud, tasks, self._halt) for cloud in clouds}
                for group in once:
                    tasks.start_soon(self._one, group, goal, places, turns[group.cloud])
        except anyio.get_cancelled_exc_class():
            self._ended(once)
            raise
        return self._ended(once)

    def _ended(self, groups: Sequence[GroupRef]) -> Summary:
        """How each ended; at a cancel some had not begun."""
        for group in groups:
            if group not in self._results:
                order = ordered(Stop.NOW, self._halt.cause or "cancelled", self._halt.code)
                self._results[group] = self._untouched(group, order)
        summary = Summary(results=tuple(self._results[group] for group in groups))
        ends = tuple(_end_of(result) for result in summary.results)
        fleet = FleetEnded(at=0.0, code=summary.code, ends=ends)
        self._tell(stamped(fleet, shared(self._places.values())))
        return summary

    def _old(self, observation: Observation, goal: Goal) -> int:
        """How many there are to replace as far as a glance tells: it does not know what each was launched from."""
        if isinstance(observation.journal, Journal) and observation.journal.old:
            return observation.journal.old
        every = self._spec.scope is Scope.ALL and not self._spec.sets_template
        return observation.rows if goal is Goal.REPLACE and every else 0

    async def _one(self, group: GroupRef, goal: Goal, places: anyio.CapacityLimiter, turns: Turns) -> None:
        """What a killed run left in the middle waits for no room: nothing else lets that group live."""
        fresh, waits = group in self._fresh, partial(self._waits, group)
        async with places, turns.taken(waits, waits=fresh) as cloud:
            halt = self._halt
            if fresh and halt.stop is not None:
                result = self._untouched(group, ordered(halt.stop, halt.cause, halt.code))
            else:
                me = identify(goal, rollback=self._rollback)
                whose = stamped(Origin(run=me.run), self._places[group])
                tell = _stamping(self._tell, whose)
                rollout = Rollout(cloud, group.name, self._spec, me, hooks=self._hooks, tell=tell, halt=halt)
                try:
                    result = stamped(await _kept_apart(rollout), whose)
                finally:  # at a cancel too
                    self._results |= {group: stamped(rollout.result, whose)} if rollout.result is not None else {}
        self._results[group] = result
        if self._fail_fast and result.verdict.code:
            self._halt.request(Stop.FINISH, f"--fail-fast: {group.name} failed", code=result.verdict.code)

    def _waits(self, group: GroupRef, under_way: int) -> None:
        are = "groups" if under_way > 1 else "group"
        why = f"{under_way} {are} under way use{'s' * (under_way == 1)} the calls this account allows"
        self._tell(replace(self._enrolled[group], why=why))

    def _untouched(self, group: GroupRef, order: Cause) -> GroupResult:
        """Stopped while it waited for its turn: it is not even looked at."""
        result = stamped(GroupResult(group=group.name, verdict=untouched(order)), self._places[group])
        self._tell(stamped(ended(result, 0.0), result))
        return result


def _stamping(tell: Tell, whose: Origin) -> Tell:
    """Tells on, with whose it is."""
    return lambda event: tell(stamped(event, whose))


def _end_of(result: GroupResult) -> GroupEnd:
    return stamped(GroupEnd(group=result.group, code=result.verdict.code), result)


async def _kept_apart(rollout: Rollout) -> GroupResult:
    """A fault of ours in one group ends that one only (law 13); its record stands."""
    try:
        return await rollout.run()
    except Exception as fault:  # whatever it is, the other groups must go on
        LOG.debug("a fault in one group", exc_info=fault)
        return await rollout.broken(_flat(fault))


def _flat(fault: BaseException) -> BaseException:
    while isinstance(fault, BaseExceptionGroup) and len(fault.exceptions) == 1:
        fault = fault.exceptions[0]
    return fault


async def all_seen(groups: Sequence[GroupRef], needs: Needs | None = None) -> dict[GroupRef, Observation]:
    """Every group before any is touched, at a glance where nothing more is needed: no group waits for all the others.

    Raises one error; it names all that are unknown.
    """
    observations: dict[GroupRef, Observation] = {}
    unknown: list[str] = []
    other: list[RolloutError] = []

    async def ask(group: GroupRef) -> None:
        try:
            observations[group] = await _seen(group, needs)
        except UnknownGroupError:
            unknown.append(group.name)
        except RolloutError as error:
            other.append(error)

    async with anyio.create_task_group() as tasks:
        for group in groups:
            tasks.start_soon(ask, group)
    if unknown:
        raise UnknownGroupError(f"no such group: {', '.join(sorted(unknown))}; nothing was touched, in no group")
    if other:
        raise other[0]
    return observations


async def _seen(group: GroupRef, needs: Needs | None) -> Observation:
    if needs is None:
        return await group.cloud.glance(group.name)
    return await group.cloud.look(group.name, needs, anyio.current_time())


class _Told:
    """Someone who is told; one that raises is named once and dropped."""

    def __init__(self, tell: Tell | None) -> None:
        self._tell = tell

    def __call__(self, event: Event) -> None:
        if self._tell is None:
            return
        try:
            self._tell(event)
        except Exception as fault:  # noqa: BLE001 - a view must never change the rollout
            deaf, self._tell = self._tell, None
            LOG.warning("%r raised %r at %s and is told no more", deaf, fault, type(event).__name__)
