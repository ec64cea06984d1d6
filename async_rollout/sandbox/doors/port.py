"""The port door: the world as an `engine.ports.Cloud`, without any wire between. For thousands of simulated rollouts.

Each call takes a little time, so others act in between; each may go wrong by the fault rules. A fault here means that
the retries of a real cloud layer are used up: a look is then UnseenError, an act is Unknown, executed or not.
"""

from __future__ import annotations

import random
from dataclasses import replace

import anyio

from async_rollout.core.actions import CloudAction, EndOf, HealthOf, Need, Needs, VersionOf
from async_rollout.core.observation import Observation, Source
from async_rollout.core.outcomes import LaunchError
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Done, GroupRef, Late, Refused, Unknown, Urgency
from async_rollout.errors import CredentialsError, UnknownGroupError, UnseenError
from async_rollout.sandbox import templates
from async_rollout.sandbox.doors.acts import Step, steps
from async_rollout.sandbox.doors.containers import Containers
from async_rollout.sandbox.doors.observations import (
    Health,
    activities_of,
    ends_of,
    health_of,
    observation_of,
    survey_of,
    with_policies,
)
from async_rollout.sandbox.faults import Fault, FaultKind, Faults, denied, expired
from async_rollout.sandbox.launch_tokens import LaunchAnswer
from async_rollout.sandbox.state import State
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.words import AwsError, not_authorized
from async_rollout.sandbox.world import World

GROUPS_A_CALL = 100
"""DescribeAutoScalingGroups takes so many names with MaxRecords=100."""
PATIENCE = 60.0
"""Seconds for which a real cloud layer waits for the answer to one act, all its attempts together."""
LOST = (FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.RESET, FaultKind.LOST_ANSWER)
LOST_READS = (*LOST, FaultKind.REFUSED, FaultKind.CONTENDED)
PARTIAL = (FaultKind.GAP, FaultKind.EMPTY)


class PortCloud:
    """One cloud. latency: least and most seconds of a call. closed: set True, and every call hangs for ever.

    A simulated kill closes the door first and then cancels, so that nothing the killed one still tries reaches the
    world. Calls are counted in `world.calls` by "service:Operation"; groups that look at the same moment share the
    one DescribeAutoScalingGroups, as in a real sweep.
    """

    def __init__(
        self, world: World, *, faults: Faults | None = None, latency: tuple[float, float] = (0.05, 0.2)
    ) -> None:
        self.world = world
        self.faults = faults or Faults(world)
        self.closed = False
        self._latency = latency
        self._rng = random.Random(f"latency {world.seed}")
        self._sharing: tuple[float, int] = (-1.0, 0)
        self._known: set[str] = set()
        self._containers = Containers(world, self.faults, self._read_each)

    def close(self) -> None:
        self.closed = True

    def groups(self, *names: str) -> tuple[GroupRef, ...]:
        """Groups of this cloud by name, for `roll_out` and its like. Asks nothing."""
        return tuple(GroupRef(self, name) for name in dict.fromkeys(names))

    async def glance(self, group: str) -> Observation:
        """See engine.ports.Cloud."""
        self._count_group()
        state, at = await self._read_group(group)
        return observation_of(state, group, at, others=self._containers.of(group))

    def carries(self, groups: int) -> bool:
        """Any number: no call waits for a turn here."""
        return True

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        """See engine.ports.Cloud. Requests are sent when called, which is never before `after`."""
        self._count_group()
        if Need.SURVEY in needs or Need.TARGETS in needs:
            await self._containers.find(group, anew=Need.SURVEY in needs)
        wanted = None if Need.TARGETS in needs else {one.source for one in needs if isinstance(one, HealthOf)}
        if wanted is not None and not wanted:
            state, at = await self._read_group(group)
            seen = observation_of(state, group, at, others=self._containers.of(group))
        else:
            seen = await self._see_all(group, wanted)
        if Need.SURVEY in needs:
            state = self._with(group, await self._read(*_SURVEY))
            told = survey_of(state.groups[group], self.world.now)
            seen = replace(seen, survey=replace(told, told=self._containers.told(group)))
        if Need.REFRESH in needs:
            state = self._with(group, await self._read("autoscaling:DescribeInstanceRefreshes"))
            status = survey_of(state.groups[group], self.world.now).refresh
            seen = replace(seen, refresh=(status,) if status else ())
        if Need.ACTIVITIES in needs:
            state = await self._read("autoscaling:DescribeScalingActivities")
            seen = replace(seen, activities=activities_of(state, group))
        if left := [one.instance for one in needs if isinstance(one, EndOf)]:
            state = await self._read("ec2:DescribeInstances")
            seen = replace(seen, ends=ends_of(state, left))
        if Need.POLICIES in needs:
            state = self._with(group, await self._read("autoscaling:DescribePolicies"))
            seen = replace(seen, group=with_policies(seen.group, state.groups[group]))
        return await self._with_versions(group, seen, needs)

    async def _with_versions(self, group: str, seen: Observation, needs: Needs) -> Observation:
        found = dict[str, str]()
        for one in (one.what for one in needs if isinstance(one, VersionOf)):
            own = self.world.state.groups[group].template
            configured = one.startswith("lc:") or (not one and own is None)
            call = "autoscaling:DescribeLaunchConfigurations" if configured else "ec2:DescribeLaunchTemplateVersions"
            state = self._with(group, await self._read(call))
            found[one] = templates.versions_of(state, state.groups[group], one)
        return replace(seen, versions=found) if found else seen

    def _count_group(self) -> None:
        """One call for all groups that look at the same moment, up to a call's worth."""
        now, (at, shared) = anyio.current_time(), self._sharing
        if at == now and 0 < shared < GROUPS_A_CALL:
            self._sharing = (at, shared + 1)
        else:
            self._sharing = (now, 1)
            self.world.calls["autoscaling:DescribeAutoScalingGroups"] += 1

    async def _read_group(self, group: str) -> tuple[State, float]:
        state = await self._read("autoscaling:DescribeAutoScalingGroups", counted=True)
        state = self._with(group, state)
        if unknown := [id for id in state.rosters[group] if id not in self._known]:
            self.world.calls["ec2:DescribeInstances"] += 1
            self._known.update(unknown)
        return state, self.world.now

    def _with(self, group: str, state: State) -> State:
        if group not in state.groups:
            raise UnknownGroupError(f"{group}: no such group in {self.world.region}")
        return state

    async def _see_all(self, group: str, wanted: set[str] | None) -> Observation:
        """The group and its sources' health, asked at once: which answer shows the older truth is chance."""
        if self._rng.random() < 0.5:
            state, at = await self._read_group(group)
            state = state.copy()  # as it was then: the world goes on
            health, seen_at, others = await self._see_health(group, wanted)
        else:
            health, seen_at, others = await self._see_health(group, wanted)
            state, at = await self._read_group(group)
        return observation_of(state, group, at, health, seen_at, others)

    async def _see_health(
        self, group: str, wanted: set[str] | None
    ) -> tuple[Health, dict[str, float], tuple[Source, ...]]:
        known = self.world.state.groups.get(group)
        ids = tuple(id for id in known.source_ids if wanted is None or id in wanted) if known else ()
        states = await self._read_each(*(_health_call(id) for id in ids)) if ids else []
        health: Health = {}
        for id, state in zip(ids, states, strict=True):
            for instance, targets in health_of(state, (id,)).items():
                health[instance] = (*health.get(instance, ()), *targets)
        seen_at, others = dict.fromkeys(ids, self.world.now), self._containers.of(group)
        if known and others and (wanted is None or others[0].id in wanted):
            seen = await self._containers.health(group)
            others = (seen.source,)
            for instance, target in seen.targets.items():
                health[instance] = (*health.get(instance, ()), target)
        return health, seen_at, others

    async def _read(self, *names: str, counted: bool = False) -> State:
        return (await self._read_each(*names, counted=counted))[0]

    async def _read_each(self, *names: str, counted: bool = False) -> list[State]:
        """Calls made together: one wait, the world as it is at its end. Raises UnseenError if one is lost."""
        stale, partial = 0.0, list[FaultKind | None]()
        await self._wait(self._rng.uniform(*self._latency))
        for name in names:
            self.world.calls[name] += not counted
            fault = self.faults.verdict(name)
            if fault is not None and fault.kind in LOST_READS:
                await self._wait(fault.silent)
                raise UnseenError(f"{name}: no answer ({fault.kind.value})")
            if fault is not None and fault.kind is FaultKind.EXPIRED:
                raise CredentialsError(f"{name}: {expired()}")
            if fault is not None and fault.kind is FaultKind.DENIED:
                raise CredentialsError(f"{name}: {denied(name)}")
            await self._delay(fault)
            if fault is not None and fault.kind is FaultKind.STALE:
                stale = max(stale, fault.seconds)
            partial.append(fault.kind if fault is not None and fault.kind in PARTIAL else None)
        state = self.world.look(stale)
        return [self.faults.partial(state, kind) if kind else state for kind in partial]

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        """See engine.ports.Cloud. The first call that is not answered well ends the action. Nobody waits for a turn."""
        done = Done()
        for number, step in enumerate(steps(self.world, group, action)):
            if not young():
                return Unknown(why="the rest of it was not sent") if number else Late()
            answer = await self._take(step)
            if isinstance(answer, Done):
                done = answer
            elif not step.spare:
                return answer
        return done

    async def _take(self, step: Step) -> Answer:
        there, back = (self._rng.uniform(*self._latency) / 2 for _ in range(2))
        await self._wait(there)
        self.world.calls[step.name] += 1
        fault = self.faults.verdict(step.name)
        await self._delay(fault)
        if fault is not None and fault.kind is FaultKind.EXPIRED:
            return _forbidden(expired())
        if fault is not None and fault.kind is FaultKind.DENIED:
            return _forbidden(denied(step.name))
        if step.template and self.faults.withholds(PERMITS):
            return _forbidden(not_authorized(step.template))
        if fault is not None and fault.kind is FaultKind.THROTTLE:
            await self._wait(back)
            return Refused(code="Throttling", message="Rate exceeded", passing=True)
        if fault is not None and fault.kind in (FaultKind.REFUSED, FaultKind.CONTENDED):
            return _no(fault.code, fault.words, passing=fault.kind is FaultKind.CONTENDED)
        lost = fault is not None and fault.kind in LOST
        answer: Answer = Done()
        works = 0.0
        if not lost or (fault is not None and fault.kind is FaultKind.LOST_ANSWER):
            answer, works = _done(step, self.world)
        if works > PATIENCE:
            await self._wait(PATIENCE)
            return Unknown(why=f"{step.name}: no answer within {PATIENCE:.0f} s")
        await self._wait(back + works + (fault.silent if fault is not None else 0.0))
        return Unknown(why=f"{step.name}: no answer ({fault.kind.value})") if lost and fault else answer

    async def _delay(self, fault: Fault | None) -> None:
        if fault is not None and fault.kind is FaultKind.DELAY:
            await self._wait(fault.seconds)

    async def _wait(self, seconds: float) -> None:
        if not self.closed:
            await anyio.sleep(seconds)
        if self.closed:
            await anyio.sleep_forever()


_SURVEY = (
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:DescribeInstanceRefreshes",
)


def _health_call(source: str) -> str:
    return "elbv2:DescribeTargetHealth" if source.startswith("arn:") else "elb:DescribeInstanceHealth"


def _forbidden(error: AwsError) -> Answer:
    return Refused(code=error.code, message=error.message, denied=True)


def _no(code: str, words: str, *, passing: bool = False) -> Answer:
    """AWS's no. That the same call is at work still says nothing of what comes of it."""
    if code == "IdempotentCallInProgress":
        return Unknown(why=f"{code}: {words}")
    return Refused(code=code, message=words, passing=passing)


def _done(step: Step, world: World) -> tuple[Answer, float]:
    """The answer, and for how many seconds AWS works on it."""
    try:
        told = step.do()
    except AwsError as no:
        return _no(no.code, no.message), 0.0
    if not isinstance(told, LaunchAnswer):
        return Done(), 0.0
    errors = tuple(LaunchError(code=error.code, message=error.message) for error in told.errors)
    return Done(launched=tuple(new.id for new in told.instances), errors=errors), max(0.0, told.ready_at - world.now)
