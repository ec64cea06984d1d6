"""What `run` would do: the same `decide`, folded over the expected effects until it gives its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from async_rollout.core.actions import (
    Action,
    Decision,
    Deregister,
    Launch,
    Probe,
    Record,
    RunHook,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.belief import Belief, Me
from async_rollout.core.budget import bounds
from async_rollout.core.decide import decide
from async_rollout.core.effect import NEW, Expected, effect, elapse
from async_rollout.core.journal import Journal, Unreadable
from async_rollout.core.life import WAY_OUT, limit_of, longest
from async_rollout.core.min_ready import min_ready, to_stay
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.origin import Place
from async_rollout.core.outcomes import ActOutcome, HookOutcome, Outcomes
from async_rollout.core.plan_notes import Played, notes
from async_rollout.core.recall import recall, started
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import Hook, HookPoint, Protected, RolloutSpec
from async_rollout.core.standing import Standing, standing
from async_rollout.core.survey import warnings
from async_rollout.core.switching import launched_from, sets
from async_rollout.core.zonal_shift import as_allowed

TICKS_MAX = 100_000
"""A plan that does not end by then is a fault; it is told as a note, never a hang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One act; at: expected seconds after the start."""

    at: float
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """One that is to be replaced. launched_from: its launch template version or launch configuration, if known."""

    id: str
    zone: str = ""
    launched_from: str = ""
    protected: bool = False
    health: str = "Healthy"
    standby: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Place):
    """What `run` would do with one group. Times are seconds.

    account: the 12 digits of its AWS account; region: as `eu-west-1`; each "" where it is not known.
    group: its name.
    base: its desired capacity.
    floor: the fewest that serve.
    ceiling: the most that boot and serve.
    exist_at_most: the most there are, those on their way out included.
    old: ids of those to be replaced, in the order in which they go.
    going: the same, with what is known of each.
    members: how many it has now.
    template: what new ones are launched from.
    sets: what it would set that to, as AWS spells it; empty where it would not.
    skipped: ids of all others.
    suspends: the processes that it would suspend.
    maximum: what it would raise the maximum to; None if it would not.
    hooks: each point that has one, with its command or the callable's name.
    expected_seconds: how long it takes if nothing fails.
    worst_seconds: how long with each wait at its limit.
    notes: what the owner ought to know before, a line each.
    objections: why it would be refused, a sentence each; empty if it would not.
    steps: every act, in its order.
    record: what is under way, or was left in the middle, else None. With it old are those left, and neither times nor
        steps are foreseen.
    """

    group: str
    base: int
    floor: int
    ceiling: int
    exist_at_most: int
    old: tuple[str, ...] = ()
    going: tuple[Going, ...] = ()
    members: int = 0
    template: str = ""
    sets: str = ""
    skipped: tuple[str, ...] = ()
    suspends: tuple[str, ...] = ()
    maximum: int | None = None
    hooks: tuple[tuple[str, str], ...] = ()
    expected_seconds: float = 0.0
    worst_seconds: float = 0.0
    notes: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    record: Standing | None = None

    @property
    def work(self) -> bool:
        """Whether there is anything to replace."""
        return bool(self.old)


def plan_of(spec: RolloutSpec, observation: Observation, *, holder_dead: bool = False) -> Plan:
    """The plan from one complete observation, targets and survey asked. holder_dead: that of the record, if any."""
    observation = as_allowed(spec, observation)
    match observation.journal:
        case Journal() as record:
            found = standing(spec, observation, record, holder_dead=holder_dead)
            return replace(
                _framed(spec, observation, record.base, found.left), record=found, notes=warnings(spec, observation)
            )
        case Unreadable(why=why):
            return replace(_framed(spec, observation, observation.group.desired, ()), objections=(why,))
        case None:
            return _fresh(spec, observation)
        case _:
            assert_never(observation.journal)


def _framed(spec: RolloutSpec, observation: Observation, base: int, old: tuple[str, ...]) -> Plan:
    """What holds of the group whatever is done with it."""
    limits = bounds(spec, base)
    return Plan(
        group=observation.group.name,
        base=base,
        floor=limits.floor,
        ceiling=limits.ceiling,
        exist_at_most=limits.exist,
        old=old,
        going=tuple(_going(one) for id in old if (one := observation.instance(id)) is not None),
        members=len(observation.instances),
        template=launched_from(spec, observation),
        sets=sets(spec, observation.group),
        skipped=tuple(one.id for one in observation.instances if one.id not in old),
        hooks=tuple(_words(spec)),
    )


def _fresh(spec: RolloutSpec, observation: Observation) -> Plan:
    """Of a group without a record: the rollout played to its end."""
    story = _told(spec, observation)
    acts = [step.action for step in story.steps]
    out = dict.fromkeys(id for act in acts for id in _taken_out(act))
    old = tuple(id for id in out if observation.instance(id) is not None)  # not what comes and goes for even zones
    suspends = tuple(name for act in acts if isinstance(act, Suspend) for name in act.processes)
    slowest = worst(spec, observation, len(old) + story.evened)
    played = Played(
        seconds=story.seconds, worst=slowest, ended=story.ended, evened=story.evened, suspends=bool(suspends)
    )
    return replace(
        _framed(spec, observation, observation.group.desired, old),
        suspends=suspends,
        maximum=next((act.maximum for act in acts if isinstance(act, SetCapacity) and act.maximum), None),
        expected_seconds=story.seconds,
        worst_seconds=slowest,
        notes=(*warnings(spec, observation, observation.survey), *notes(spec, observation, played)),
        objections=story.objections,
        steps=story.steps,
    )


def _going(instance: Instance) -> Going:
    return Going(
        id=instance.id,
        zone=instance.zone,
        launched_from=instance.launched_from or "",
        protected=instance.protected,
        health=instance.health,
        standby=instance.standby,
    )


def _taken_out(act: Action) -> Iterator[str]:
    """Who begins to go with it, or, behind no load balancer, goes."""
    match act:
        case Deregister(registrations=several):
            yield from (one.instance for one in several)
        case Terminate(instance=id):
            yield id
        case _:
            pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    steps: tuple[PlannedStep, ...]
    seconds: float
    objections: tuple[str, ...]
    ended: bool
    evened: int = 0


def _told(spec: RolloutSpec, observation: Observation) -> _Story:
    """Played as if who is protected and waited for lost his protection in time: when, nobody knows."""
    if spec.protected is Protected.WAIT:
        spec = replace(spec, protected=Protected.REPLACE)
    state, belief = Expected(observation=observation), Belief(me=Me(run="plan", holder="plan"))
    steps: list[PlannedStep] = []
    outcomes: Outcomes = ()
    evened = 0
    for _ in range(TICKS_MAX):
        belief = recall(spec, belief, state.observation, outcomes)
        decision = decide(spec, Snapshot(observation=state.observation, belief=belief))
        steps += [PlannedStep(at=state.observation.at - observation.at, action=act) for act in _visible(decision)]
        evened = max(evened, decision.meant.evened if decision.meant else 0)
        state, belief, outcomes = _acted(state, belief, decision)
        if decision.verdict is not None:
            refused = (decision.verdict.why,) if decision.verdict.code else ()
            seconds = state.observation.at - observation.at
            return _Story(steps=tuple(steps), seconds=seconds, objections=refused, ended=True, evened=evened)
        state = elapse(state, _next(spec, state, decision))
    return _Story(steps=tuple(steps), seconds=state.observation.at - observation.at, objections=(), ended=False)


def _visible(decision: Decision) -> tuple[Action, ...]:
    return tuple(act for act in decision.actions if not isinstance(act, Record | Probe))


def _acted(state: Expected, belief: Belief, decision: Decision) -> tuple[Expected, Belief, Outcomes]:
    """Every act is taken to succeed, every hook to end well at once."""
    outcomes: list[ActOutcome | HookOutcome] = []
    for act in decision.actions:
        before, state = state.born, effect(state, act)
        if isinstance(act, RunHook):
            belief = started(belief, act.point, act.instance)
            outcomes.append(HookOutcome(point=act.point, instance=act.instance, ok=True))
        else:
            came = (
                tuple(f"{NEW}{number + 1}" for number in range(before, state.born)) if isinstance(act, Launch) else ()
            )
            outcomes.append(ActOutcome(action=act, at=state.observation.at, ok=True, launched=came))
    return state, belief, tuple(outcomes)


def _next(spec: RolloutSpec, state: Expected, decision: Decision) -> float:
    """The next moment worth a look: a second after an act, else at the pace, or when time brings something."""
    at = state.observation.at
    return at + (1.0 if decision.actions else max(1.0, decision.look_again))


def _words(spec: RolloutSpec) -> list[tuple[str, str]]:
    said = [(point.value, spec.hooks.at(point)) for point in HookPoint]
    return [(point, _word(hook)) for point, hook in said if hook is not None]


def _word(hook: Hook) -> str:
    return hook if isinstance(hook, str) else getattr(hook, "__qualname__", repr(hook))


def worst(spec: RolloutSpec, observation: Observation, old: int) -> float:
    """Every wait at its limit, one instance after the other, seconds; `--max-timeout` ends it earlier."""
    limits, survey = spec.limits, observation.survey
    commanded = (step for step in WAY_OUT if step.hook in spec.hooks.points)
    commands = sum(limit_of(step.stage, spec, observation, survey) for step in commanded)
    first = to_stay(spec, observation) - min_ready(spec, observation)
    each = longest(replace(spec, canary_wait=0.0), observation, survey)
    whole = limits.launch + first + old * (each + commands)
    return whole if limits.total is None else min(whole, limits.total)
