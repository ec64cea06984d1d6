"""Two conductors on one group: begun together, one asleep, one dead. Who acted is asked of the world's own record."""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass, field

import anyio
import pytest

from async_rollout.core.actions import CloudAction, Needs, Outcome, Verdict
from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.engine import identity
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.halt import Halt
from async_rollout.engine.identity import identify
from async_rollout.engine.ports import Answer, Urgency
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from support.simulation import InstantHooks, ours
from support.storms.conductors import Ported
from support.storms.witness import Witness

OLD = Fault(kind=FaultKind.STALE, action="^autoscaling:Describe", probability=0.3, seconds=10.0)
HALF_AN_HOUR = 1800.0
BY_NUMBER, ANSWERED = RolloutSpec(launch=LaunchCall.DESIRED), RolloutSpec(launch=LaunchCall.AUTO)


def a_world(seed: int, size: int = 1) -> Witness:
    world = Witness(seed, loop_clock())
    a_group(world, size=size, minimum=0, maximum=size + 1, classic=0, target_groups=1, delay=10.0, zones=1)
    world.begin()
    return world


class Racer(Ported):
    """A door of its own pace. pause_at: the number of the moment where its whole conductor is stopped, as by SIGSTOP,
    for half an hour: before a look, after it, after an act; or, in_hand, before an act. woke: when it came back."""

    def __init__(
        self, world: Witness, faults: Faults, run: str, seed: object, latency: tuple[float, float] = (0.05, 0.2)
    ) -> None:
        super().__init__(world, faults, run, None)
        self._latency, self._rng = latency, random.Random(f"{seed} {run}")
        self.pause_at, self.pauses, self.woke, self.stopped, self.in_hand = -1, 0, float("inf"), anyio.Event(), False

    async def _maybe_sleep(self, *, in_hand: bool = False) -> None:
        self.pauses += self.in_hand is in_hand
        if self.pauses == self.pause_at and not self.stopped.is_set():
            self.stopped.set()
            await anyio.sleep(HALF_AN_HOUR)
            self.world.advance()
            self.woke = self.world.now

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        await self._maybe_sleep()
        seen = await super().look(group, needs, after, urgency)
        await self._maybe_sleep()
        return seen

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        await self._maybe_sleep(in_hand=True)
        answer = await super().act(group, action, young, urgency)
        await self._maybe_sleep()
        return answer


@dataclass(kw_only=True)
class Race:
    """What a race came to."""

    world: Witness
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    clouds: dict[str, Racer] = field(default_factory=dict)

    def deeds(self, run: str, since: float = 0.0) -> list[float]:
        """When it did something to the group."""
        log = self.world.log
        every = (*log.removals, *log.sized, *log.processes)
        return sorted(one.at for one in every if one.actor == run and one.at >= since)

    def records(self, run: str, since: float = 0.0) -> list[float]:
        """When it wrote a record of its own."""
        return [at for at, name in self.world.log.holders if name == run and at >= since]

    def at_once(self) -> list[str]:
        """Deeds of one while the other was at it, in words. Whose tags are off only looks whether they are."""
        one, two = sorted(self.clouds, key=lambda run: min(self.deeds(run), default=float("inf")))
        late, last = self.deeds(two), max((*self.deeds(one), *self.records(one)), default=0.0)
        return [f"{two} acted before {one} had ended"] if late and late[0] <= last else []


async def go(race: Race, cloud: Racer, run: str, holder: str = "", spec: RolloutSpec = BY_NUMBER) -> None:
    """One conductor to its end."""
    me = Me(run=run, holder=holder or f"host-{run}/boot/1")
    race.clouds[run] = cloud
    conductor = Rollout(cloud, "web", spec, me, hooks=InstantHooks(), tell=lambda event: None, halt=Halt())
    with anyio.fail_after(20_000.0):
        race.verdicts[run] = (await conductor.run()).verdict


def two_at_once(seed: int, *, rules: tuple[Fault, ...] = (OLD,), spec: RolloutSpec = BY_NUMBER) -> Race:
    """Begun at the same moment, or milliseconds or seconds apart, each with a door of its own pace."""
    rng = random.Random(f"race {seed}")
    apart = rng.choice([0.0, rng.uniform(0.0, 0.01), rng.uniform(0.0, 1.0), rng.uniform(0.0, 15.0)])

    async def story() -> Race:
        race = Race(world=a_world(seed))
        faults = Faults(race.world, rules)
        async with anyio.create_task_group() as tasks:
            for run, after in (("one", 0.0), ("two", apart)):
                least = rng.choice([0.005, 0.05, 0.5])
                cloud = Racer(race.world, faults, run, seed, (least, least * rng.choice([1.0, 4.0, 10.0])))
                await anyio.sleep(after)
                tasks.start_soon(go, race, cloud, run, "", spec)
        return race

    return run_virtual(story)


BLOCKS = (*range(10), *(pytest.param(block, marks=pytest.mark.long) for block in range(10, 30)))


@pytest.mark.parametrize("block", BLOCKS)
def test_of_two_at_most_one_acts_at_a_time_and_the_loser_says_who_where_and_since_when(block: int) -> None:
    """100 races, 300 in the long profile. One that is slow may come when the other has just ended: it lost nothing."""
    assert lost_in(block, BY_NUMBER) >= 6


@pytest.mark.parametrize("block", [*range(3), *(pytest.param(n, marks=pytest.mark.long) for n in range(3, 10))])
def test_of_two_whose_launches_are_answered_one_launches(block: int) -> None:
    assert lost_in(block, ANSWERED) >= 6


def lost_in(block: int, spec: RolloutSpec) -> int:
    """How many of those two of ten races lost; every one is asked."""
    lost = 0
    for seed in range(10 * block, 10 * block + 10):
        race = two_at_once(seed, spec=spec)
        assert race.at_once() == [], seed
        codes = {run: verdict.code for run, verdict in race.verdicts.items()}
        assert sorted(codes.values()) in ([0, 5], [0, 0]), (seed, race.verdicts)
        for run in (run for run, code in codes.items() if code == 5):
            lost += 1
            assert race.deeds(run) == [], seed
            other = "two" if run == "one" else "one"
            assert re.match(LOST.format(run=other), race.verdicts[run].why), race.verdicts[run]
        assert nothing_left(race), seed
        launched = [one.token for one in race.world.log.launched if one.came]
        assert len(launched) == len(set(launched)), seed
        ended = sorted(codes.values()) == [0, 0]
        assert len(launched) == (spec is ANSWERED) * (1 + ended), (seed, launched)
    return lost


LOST = r"run {run} of host-{run}/boot/1 .*: at work since 2026-01-05T08:0\d:\d\dZ, its lease lasts until 2026-01-05T08:"


def nothing_left(race: Race) -> bool:
    group = race.world.state.groups["web"]
    return (group.desired, group.maximum, group.suspended, ours(group)) == (1, 2, (), [])


def asleep(pause_at: int, *, rival_after: float, in_hand: bool = False, spec: RolloutSpec = BY_NUMBER) -> Race:
    """`old` is stopped at one moment; `new` begins so long after that, from another machine."""

    async def story() -> Race:
        race = Race(world=a_world(pause_at))
        old, new = (Racer(race.world, Faults(race.world), run, pause_at) for run in ("old", "new"))
        old.pause_at, old.in_hand = pause_at, in_hand
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(go, race, old, "old", "", spec)
            with anyio.move_on_after(2_000.0):
                await old.stopped.wait()
                await anyio.sleep(rival_after)
                tasks.start_soon(go, race, new, "new", "", spec)
        return race

    return run_virtual(story)


FIRST_RECORD, LAST_MOMENT = 8, 80
"""Of the moments of an undisturbed run: from its first record to its last look before it is over; each second one."""


@pytest.mark.parametrize("rival_after", [1.0, 1500.0, 1700.0], ids=["long over", "just over", "still at work"])
def test_a_holder_that_sleeps_half_an_hour_and_wakes_does_nothing(rival_after: float) -> None:
    for moment in range(FIRST_RECORD, LAST_MOMENT, 2):
        race = asleep(moment, rival_after=rival_after)
        woke = race.clouds["old"].woke
        assert race.records("old")[0] < woke, moment
        assert (race.deeds("old", woke), race.records("old", woke)) == ([], []), moment
        assert (race.verdicts["old"].outcome, race.verdicts["old"].code) == (Outcome.HELD, 5), race.verdicts["old"]
        assert race.verdicts["new"].code == 0, (moment, race.verdicts["new"])
        assert nothing_left(race), moment


@pytest.mark.parametrize("rival_after", [1.0, 1700.0])
@pytest.mark.parametrize("moment", [6, 9, 11, 14, 15], ids=["resize", "deregister", "terminate", "resume", "alarms"])
def test_what_remains_is_the_one_call_in_hand(moment: int, rival_after: float) -> None:
    """Tags have no compare-and-swap: a call that was about to be sent is sent when the sleeper wakes; nothing more."""
    race = asleep(moment, rival_after=rival_after, in_hand=True)
    woke = race.clouds["old"].woke
    assert len(race.deeds("old", woke)) <= 1
    assert race.records("old", woke) == []
    assert race.verdicts["old"].code == 5
    assert race.verdicts["new"].code == 0


def test_a_launch_in_hand_is_not_sent_when_its_look_has_become_old() -> None:
    """The moments from the first record to the end of the first launches; the rival has replaced all meanwhile."""
    for moment in range(5, 15):
        race = asleep(moment, rival_after=1.0, in_hand=True, spec=ANSWERED)
        woke = race.clouds["old"].woke
        assert [one for one in race.world.log.launched if one.at >= woke] == [], moment
        assert (race.verdicts["old"].code, race.verdicts["new"].code) == (5, 0), moment
        assert nothing_left(race), moment


def dead(holder: str, *, at: float = 60.0) -> tuple[Race, float]:
    """`old` is killed; `new` comes at once; how long after the kill it wrote its first record."""

    async def story() -> tuple[Race, float]:
        race = Race(world=a_world(3))
        old, new = (Racer(race.world, Faults(race.world), run, 3) for run in ("old", "new"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(go, race, old, "old", holder)
            await anyio.sleep(at)
            old.close()  # first the door, so that nothing of a stop reaches the world
            tasks.cancel_scope.cancel()
        race.world.advance()
        killed = race.world.now
        await go(race, new, "new")
        return race, race.records("new")[0] - killed

    return run_virtual(story)


def test_a_dead_holders_lease_is_taken_over_when_it_has_run_out() -> None:
    race, waited = dead("elsewhere/boot/1")
    lease = race.records("old")[-1] + 180.0 - (race.records("new")[0] - waited)
    assert lease - 2.0 <= waited <= lease + 60.0  # the lease is of whole seconds, from the look before
    assert race.verdicts["new"].code == 0
    assert nothing_left(race)


def test_a_holder_of_this_machine_that_is_dead_is_followed_at_once(a_dead_pid: int) -> None:
    here = identify(Goal.REPLACE).holder.rsplit("/", 2)[0]
    race, waited = dead(f"{here}/{a_dead_pid}/77")
    assert waited <= 40.0
    assert race.verdicts["new"].code == 0
    assert nothing_left(race)


def test_a_process_of_this_machine_that_lives_is_not_taken_for_dead() -> None:
    here, parent = identify(Goal.REPLACE).holder.rsplit("/", 2)[0], os.getppid()
    race, waited = dead(f"{here}/{parent}/{identity._started(parent)}")
    assert waited > 100.0
    assert race.verdicts["new"].code == 0


def test_of_this_very_process_it_is_known_that_the_run_is_over() -> None:
    race, waited = dead(identify(Goal.REPLACE).holder)
    assert waited <= 40.0
    assert race.verdicts["new"].code == 0
    assert nothing_left(race)
