"""What the world stands on: the clock, the timed events, the tables, the record of what happened.

Before each access due events run in time order, at their own times, so the outcome never depends on who looks when.
The modules that hold AWS's behaviour (launching, leaving, balancers, ...) take a Simulation; `World` is one with all
that can be done to it.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from async_rollout.sandbox.buckets import Buckets
from async_rollout.sandbox.census import Counting
from async_rollout.sandbox.history import Census, Happening, What
from async_rollout.sandbox.launch_tokens import LaunchTokens
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.records import Activity, Group, Instance, Registration, Source, Template
from async_rollout.sandbox.state import State
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import no_group

EPOCH = 1_767_600_000.0
"""AWS's time when a world's clock shows 0 (2026-01-05T08:00:00Z)."""
PICTURES = 400
"""How many past moments are kept for stale reads, once somebody wants any."""
OWNER, AWS, HUMAN = "owner", "aws", "human"

Clock = Callable[[], float]
Errand = Callable[["Simulation", str], None]
"""Something AWS does for a group from time to time: "reconcile" and "health"."""


class Simulation:
    """Clock, events, tables, record. clock: seconds since any start, never going back.

    state: the tables as they were at the last access. calls: how often
    each AWS action was called through a door ("autoscaling:TerminateInstanceInAutoScalingGroup"). troubles: what
    shall go wrong, by group. second_terminate: what AWS does
    when asked to terminate what is Terminating already ("accept", "decrement" or "refuse"; its documents are silent).
    readings: what AWS does with LaunchInstances where its documents are silent; tolerated: by group, how many
    it launched beside DesiredCapacity that nobody is ended for; tokens: of its calls.
    hook_waits: by instance and hook, the lifecycle actions under way (of `hooks`). instance_changed: told of each
    change of an instance, before and after; targets_changed: told of each change at a source, its id and who.
    """

    def __init__(self, seed: int = 0, clock: Clock | None = None, *, region: str = "eu-west-1") -> None:
        self.seed = seed
        self.region = region
        self.account = "123456789012"
        self.rng = random.Random(seed)
        self.state = State()
        self._record: list[Happening] = []
        self._history: list[Census] = []
        self.calls: Counter[str] = Counter()
        self.buckets = Buckets()
        self.troubles: dict[str, Troubles] = {}
        self.version = 0
        self.second_terminate = "accept"
        self.readings = Readings()
        self.tolerated: Counter[str] = Counter()
        self.tokens = LaunchTokens()
        self._pictures: deque[State] | None = None
        self._counting = Counting()
        self._watchers: list[Callable[[], None]] = []
        self.instance_changed: list[Callable[[Instance | None, Instance], None]] = []
        self.targets_changed: list[Callable[[str, str], None]] = []
        self.errands: dict[str, Errand] = {}
        self.hook_waits: dict[str, dict[str, Any]] = {}
        self._errands_due: dict[tuple[str, str], float] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = 0
        self._busy = False
        self._clock: Clock = clock or (lambda: 0.0)
        self._clock_zero = self._clock()
        self._clock_base = EPOCH
        self.now = EPOCH

    # --- time

    def follow(self, clock: Clock) -> None:
        """Go on with another clock; time neither jumps nor goes back."""
        self.advance()
        self._clock, self._clock_zero, self._clock_base = clock, clock(), self.now

    def advance(self) -> None:
        """Run every event that is due, each at its own time."""
        if self._busy:
            return
        self._busy = True
        try:
            until = self._clock_base + self._clock() - self._clock_zero
            while self._events and self._events[0][0] <= until:
                at, _, happen = heapq.heappop(self._events)
                self.now = max(self.now, at)
                happen()
                self._count()
            self.now = max(self.now, until)
            self.state.at = self.now
        finally:
            self._busy = False

    @property
    def next_event_at(self) -> float | None:
        """When something happens next by itself (epoch seconds), None: never."""
        return self._events[0][0] if self._events else None

    def after(self, seconds: float, happen: Callable[[], None]) -> float:
        """Have something happen in so many seconds; returns when."""
        at = self.now + max(0.0, seconds)
        self._sequence += 1
        heapq.heappush(self._events, (at, self._sequence, happen))
        return at

    def soon(self, errand: str, group: str, seconds: float) -> None:
        """Have AWS come round to an errand for a group; one that comes earlier anyway is enough."""
        due, at = self._errands_due.get((errand, group)), self.now + seconds
        if due is None or at < due:
            self._errands_due[errand, group] = self.after(seconds, lambda: self._run_errand(errand, group))

    def _run_errand(self, errand: str, group: str) -> None:
        if self._errands_due.get((errand, group), self.now + 1) <= self.now:
            del self._errands_due[errand, group]
        if group in self.state.groups:
            self.errands[errand](self, group)

    def unsettled(self, group: str) -> None:
        """Sizes, members or processes changed: the group's control loop comes round after its react delay."""
        self.soon("reconcile", group, self.state.groups[group].physics.react)

    def disturbed(self, group: str) -> None:
        """Somebody's health may have changed: the group's health check finds out after a while."""
        if group in self.state.groups:
            self.soon("health", group, self.state.groups[group].physics.look)

    # --- reading

    @property
    def record(self) -> list[Happening]:
        """What happened until now, in order."""
        self.advance()
        return self._record

    @property
    def history(self) -> list[Census]:
        """The ground truth of every group after each change until now, in order."""
        self.advance()
        return self._history

    def look(self, stale: float = 0.0) -> State:
        """The tables now, or as they were `stale` seconds ago (as far back as `remember` was called)."""
        self.advance()
        if stale <= 0 or not self._pictures:
            return self.state
        then = self.now - stale
        picture = next((one for one in reversed(self._pictures) if one.at <= then), self._pictures[0])
        shown = picture.copy()
        shown.at = max(then, picture.at)
        return shown

    def remember(self) -> None:
        """From now on keep pictures of the past, for stale reads."""
        if self._pictures is None:
            self.advance()
            self.state.at = self.now
            self._pictures = deque([self.state.copy()], maxlen=PICTURES)

    def group(self, name: str) -> Group:
        """Raises AwsError (ValidationError) for an unknown name."""
        self.advance()
        return self.known(name)

    def members(self, name: str) -> tuple[Instance, ...]:
        self.advance()
        return self.state.members(name)

    def instance(self, id: str) -> Instance:
        self.advance()
        return self.state.instances[id]

    def census(self, name: str) -> Census:
        """The group's ground truth now."""
        self.advance()
        return self._counting.count(self.state, name, self.now)

    def healthy(self, name: str) -> int:
        """How many of its instances really serve now."""
        return self.census(name).serving

    def app_up(self, id: str) -> bool:
        """Whether the instance's application answers now: what an up-check finds."""
        self.advance()
        one = self.state.instances.get(id)
        return one is not None and one.app_up(self.now)

    def watch(self, told: Callable[[], None]) -> None:
        """From now on `told` is called after each change of a group, while `now` is its time. It only reads `state`."""
        self._watchers.append(told)

    # --- for the modules beside this one

    def known(self, name: str) -> Group:
        if name not in self.state.groups:
            raise no_group(name)
        return self.state.groups[name]

    def new_id(self, prefix: str, digits: int = 17) -> str:
        """An id as AWS makes them: "i-0" and sixteen more hexadecimal digits."""
        return f"{prefix}-0{self.rng.getrandbits(4 * (digits - 1)):0{digits - 1}x}"

    def around(self, value: float, jitter: float) -> float:
        """A duration drawn within ±jitter of value."""
        return value * self.rng.uniform(1 - jitter, 1 + jitter)

    def happened(self, what: What, who: str, group: str = "", instance: str = "", detail: str = "") -> None:
        self._record.append(Happening(at=self.now, what=what, who=who, group=group, instance=instance, detail=detail))

    def put_group(self, group: Group) -> None:
        self.state.groups[group.name] = group
        if group.configuration:
            self.state.configurations.setdefault(group.configuration, f"ami-{group.configuration}")
        self.state.rosters.setdefault(group.name, ())
        self.troubles.setdefault(group.name, Troubles())
        self.touch(group.name)

    def drop_group(self, name: str) -> None:
        del self.state.groups[name], self.state.rosters[name]
        self.tolerated.pop(name, None)
        self.version += 1

    def put_instance(self, one: Instance) -> None:
        """Write an instance's record; its row in the group follows from its lifecycle."""
        roster = self.state.rosters.get(one.group, ())
        if one.member and one.id not in roster:
            self.state.rosters[one.group] = (*roster, one.id)
        elif not one.member:
            self.state.rosters[one.group] = tuple(id for id in roster if id != one.id)
        was = self.state.instances.get(one.id)
        self.state.instances[one.id] = one
        self.touch(one.group)
        for told in self.instance_changed:
            told(was, one)

    def put_template(self, template: Template) -> None:
        self.state.templates[template.id] = template
        self.version += 1

    def put_configuration(self, name: str) -> None:
        """A launch configuration that no group uses as yet, or any more."""
        self.state.configurations[name] = f"ami-{name}"
        self.version += 1

    def put_source(self, source: Source) -> None:
        self.state.sources[source.id] = source
        self.state.registrations.setdefault(source.id, {})

    def put_registrations(self, source: str, id: str, several: tuple[Registration, ...]) -> None:
        """Replace what one source has of one instance; an empty tuple takes it off the listing."""
        others = {key: value for key, value in self.state.registrations[source].items() if key != id or several}
        self.state.registrations[source] = others | {id: several} if several else others
        if (one := self.state.instances.get(id)) is not None:
            self.touch(one.group)
        for told in self.targets_changed:
            told(source, id)

    def put_activity(self, activity: Activity) -> None:
        others = tuple(one for one in self.state.activities.get(activity.group, ()) if one.id != activity.id)
        self.state.activities[activity.group] = (*others, activity)[-200:]
        self.version += 1

    def touch(self, group: str) -> None:
        self.version += 1
        self._counting.changed[group] = None

    def settle(self) -> None:
        """What was built so far is where everything begins."""
        self._count()

    @contextmanager
    def access(self) -> Iterator[None]:
        self.advance()
        try:
            yield
        finally:
            self._count()

    def _count(self) -> None:
        self.state.at = self.now
        if self._counting.changed:
            self._history.extend(self._counting.census(self.state, self.now))
            if self._pictures is not None:
                self._pictures.append(self.state.copy())
            for told in self._watchers:
                told()
