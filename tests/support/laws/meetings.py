"""Worlds in which broken code shows: conductors that die, come after each other, or meet; calls that go wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import anyio

from async_rollout.core.actions import CloudAction, Needs, Record
from async_rollout.core.journal import Found, Goal, Journal, digest
from async_rollout.core.observation import Observation
from async_rollout.core.spec import HookCall, Hooks
from async_rollout.core.tags import to_tags
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Urgency
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.world import World
from support.laws.meddling import removes
from support.laws.ought import Ought
from support.laws.playing import Door, Part, Play, play, small
from support.laws.promises import wrong
from support.laws.stories import RESTORED, SPEC
from support.storms.owners import GROUP
from support.storms.witness import Witness

GROUPS = "^autoscaling:DescribeAutoScalingGroups"
TAGS = "CreateOrUpdateTags"


def _ends(code: dict[str, int], played) -> list[str]:  # type: ignore[no-untyped-def]
    codes = {run: result.verdict.code for run, result in played.results.items()}
    return [] if codes == code else [f"law 11: the conductors ended with {codes}, {code} is right"]


def two_conductors() -> list[str]:
    """The second comes while the first is at work: it gives way."""
    played = play(SPEC, Part(), Part(run="two", at=40.0))
    return _ends({"one": 0, "two": 5}, played) + [line for line in wrong(played, Ought(code=0)) if "law 12" not in line]


def at_the_same_moment() -> list[str]:
    """Two begin at once, and the record of the second comes through three seconds late: at most one acts."""
    late = Fault(kind=FaultKind.DELAY, action=TAGS, seconds=3.0, count=1, window=(5.62, 20.0))
    played = play(SPEC, Part(), Part(run="two", at=0.02, faults=(late,)))
    codes = sorted(result.verdict.code for result in played.results.values())
    lines = [] if codes in ([0, 5], [5, 5]) else [f"law 11: the conductors ended with {codes}"]
    return lines + _but_for_the_other(wrong(played, Ought()))


def _but_for_the_other(lines: list[str]) -> list[str]:
    """What is said of the last that ended does not hold for one that gave way."""
    return [line for line in lines if not line.startswith(("law 12: nothing", "law 16: it"))]


class Blind(Door):
    """The second one's looks do not show the newest tags for a minute."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        observation = await super().look(group, needs, after, urgency)
        if self.part.run == "one" or self.world.now - self.world.log.wanted[0].at > 90.0:
            return observation
        return replace(observation, journal=None, probes={}, order=None)


def hidden_record() -> list[str]:
    """The second reads answers that do not show the record of the first yet: what is suspended gives it away."""
    played = play(SPEC, Part(), Part(run="two", at=0.3), door=Blind)
    return _ends({"one": 0, "two": 3}, played) + _but_for_the_other(wrong(played, Ought()))


class Sleeper(Door):
    """The first one is put to sleep once for minutes, between what it records and what it does."""

    slept = False

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        answer = await super().act(group, action, young, urgency)
        if self.part.run == "one" and isinstance(action, Record) and action.journal.departures and not self.slept:
            self.slept = True
            await anyio.sleep(420.0)
        return answer


def awoken() -> list[str]:
    """Another one took over while the first slept: it does not do what it was about to do."""
    played = play(SPEC, Part(), Part(run="two", at=125.0), build=partial(small, size=3), door=Sleeper)
    lines = _but_for_the_other(wrong(played, Ought(floor=3, ceiling=4, exist=5)))
    return _ends({"one": 5, "two": 0}, played) + [line for line in lines if "lease of one ran out" not in line]


def killed(lives: int, goal: Goal = Goal.REPLACE, **shape: Any) -> Play:
    """Killed before its n-th act; the next one comes, waits for the lease to run out, and goes on."""
    hooks = Hooks(before_terminate=_slow, after_terminate=_fine)
    parts = Part(lives=lives), Part(run="two", at=200.0, goal=goal)
    return play(replace(SPEC, hooks=hooks), *parts, build=partial(small, maximum=2, **shape))


async def _fine(call: HookCall) -> int:
    return 0


async def _slow(call: HookCall) -> int:
    await anyio.sleep(60.0)
    return 0


def killed_and_resumed() -> list[str]:
    """Killed at each of some acts: draining, in its before-command, before its terminate."""
    lines = []
    for lives in (9, 10, 11, 12, 13):
        lines += [line for line in wrong(killed(lives), Ought()) if "nothing was said" not in line]
    return lines


def killed_and_restored() -> list[str]:
    """Killed when the maximum is raised and the first newcomer boots; then `restore`."""
    played = killed(8, Goal.RESTORE)
    went = [deed for deed in played.deeds if deed.actor == "two" and removes(deed.action, played)]
    lines = [f"law 7: restore did {went[0].action} at {went[0].at:.1f}"] if went else []
    lines += wrong(played, replace(RESTORED, code=0))
    return [line for line in lines if "nothing was said" not in line]


def killed_long_ago() -> list[str]:
    """Killed half way; the next one comes eight hours later: all that is there now is old."""
    return _much_later(8 * 3600.0, release=False)


def killed_before_release() -> list[str]:
    """Killed half way; a new version is released, and one of it is there when the next one comes, an hour later."""
    return [line for line in _much_later(3600.0, release=True) if line.startswith("law 16: [")]


def _much_later(seconds: float, *, release: bool) -> list[str]:
    there: set[str] = set()

    async def friday(world: Witness) -> None:
        await anyio.sleep(seconds - 120.0)
        if release:
            world.human_releases("web-template")
            world.terminate(world.members(GROUP)[0].id, decrement=False, who=HUMAN)
        await anyio.sleep(110.0)
        world.advance()
        there.update(one.id for one in world.members(GROUP) if one.in_service)

    parts = Part(lives=14), Part(run="two", at=seconds)
    played = play(SPEC, *parts, limit=seconds + 1500.0, others=friday)
    left = there & played.run.members
    lines = [f"law 16: {sorted(left)} were there when it began, and still are"] if left else []
    lines += [line for line in wrong(played, Ought()) if "law 12: nothing" not in line]
    return [line for line in lines if not line.startswith(("law 3", "law 6"))]  # it replaces new ones, rightly


class Behind(Door):
    """Each third look shows desired as it was half a minute before, beside the newest record."""

    seen: tuple[tuple[float, int], ...] = ()

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        observation = await super().look(group, needs, after, urgency)
        self.seen = (*self.seen, (observation.at, observation.group.desired))
        was = [desired for at, desired in self.seen if at <= observation.at - 30.0]
        if self._left % 3 or not was:
            return observation
        return replace(observation, group=replace(observation.group, desired=was[-1]))


def desired_lags() -> list[str]:
    return wrong(play(SPEC, door=Behind), Ought())


ENDS = (What.TERMINATE, What.STANDBY)


class Dim(Door):
    """Rows lag behind: who terminates or stands by still reads InService for most of a minute; activities are fresh."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        observation = await super().look(group, needs, after, urgency)
        went = {one.instance: one.at for one in self.world.record if one.what in ENDS and one.who == "owner"}
        lag = tuple(
            replace(one, lifecycle="InService")
            if (one.leaving or one.standby) and self.world.now - went.get(one.id, 0.0) < 45.0
            else one
            for one in observation.instances
        )
        return replace(observation, instances=lag)


def lagging_rows() -> list[str]:
    build = partial(small, edit=lambda group: replace(group, physics=replace(group.physics, terminate=60.0)))
    return wrong(play(SPEC, build=build, door=Dim), Ought())


def stale() -> list[str]:
    """Half of the answers are a moment old: they show the record, and not the act after it."""
    old = tuple(Fault(kind=FaultKind.STALE, action=GROUPS, seconds=s, probability=0.5) for s in (0.2, 0.3))
    return wrong(play(SPEC, Part(faults=old), build=partial(small, size=5)), Ought(floor=5, ceiling=6, exist=7))


def very_stale() -> list[str]:
    """Many answers are some seconds old, the record in them too."""
    old = Fault(kind=FaultKind.STALE, seconds=12.0, probability=0.5)
    return wrong(play(SPEC, Part(faults=(old,))), Ought())


class Gappy(Door):
    """Each third answer lacks whoever is on the way out."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        observation, record = await super().look(group, needs, after, urgency), self.world.record_of()
        going = {departure.id for departure in record.departures} if record and self._left % 3 == 0 else set()
        return replace(observation, instances=tuple(one for one in observation.instances if one.id not in going))


def gappy() -> list[str]:
    spec = replace(SPEC, hooks=Hooks(after_terminate=_fine))
    return wrong(play(spec, door=Gappy), Ought())


class Unlisting(Door):
    """Two of three answers of every source lack whoever is on the way out."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        observation, record = await super().look(group, needs, after, urgency), self.world.record_of()
        going = {departure.id for departure in record.departures} if record and self._left % 3 else set()
        return replace(
            observation,
            instances=tuple(replace(one, targets=()) if one.id in going else one for one in observation.instances),
        )


def unlisted() -> list[str]:
    """Who is listed nowhere is not drained, as long as the delay is not over."""
    return wrong(play(SPEC, door=Unlisting, build=partial(small, delay=60.0)), Ought())


def empty_pages() -> list[str]:
    """An answer or two lack the group: it is not deleted."""
    empty = Fault(kind=FaultKind.EMPTY, action=GROUPS, count=2, window=(80.0, 1e9))
    return wrong(play(SPEC, Part(faults=(empty,))), Ought())


def slow_looks() -> list[str]:
    """Some answers take longer than a look may be acted upon."""
    slow = Fault(kind=FaultKind.DELAY, action="^elbv2:Describe", seconds=45.0, probability=0.3)
    lines = wrong(play(SPEC, Part(faults=(slow,))), Ought())
    return [line for line in lines if "law 12: nothing" not in line]


def lost_records() -> list[str]:
    """Some calls that write tags do not get through: what was not written down is not done."""
    lost = Fault(kind=FaultKind.RESET, action="CreateOrUpdateTags", probability=0.3)
    return wrong(play(SPEC, Part(faults=(lost,))), Ought())


def foreign_record() -> list[str]:
    """The tags were copied from another group, record and all: it is refused, nothing touched."""

    def build(world: World) -> None:
        small(world)
        other = Journal(
            group=digest("arn:another", 16), run="gone", serial=7, holder="host/boot/1", until=1, base=1, asked=1,
            found=Found(minimum=0, desired=1, maximum=1), goal=Goal.REPLACE, cutoff=1.0, template="x@1",
        )  # fmt: skip
        world.put_tags(GROUP, [Tag(key=key, value=value) for key, value in to_tags(other).items()], who=HUMAN)

    played = play(SPEC, build=build)
    lines = [f"law 11: it acted on the record of another group at {deed.at:.1f}" for deed in played.deeds[:1]]
    return lines + wrong(played, Ought(code=3, replaced=False, as_found=False))


def forged() -> list[str]:
    """A record that cannot be read stands in the tags: nobody may write over it."""

    def build(world: World) -> None:
        small(world)
        world.put_tags(GROUP, [Tag(key="async-rollout:head", value="n=5 v=9 g=x")], who=HUMAN)
        world.put_tags(
            GROUP, [Tag(key=f"async-rollout:{key}", value="n=5 a=1") for key in ("found", "holder")], who=HUMAN
        )

    played = play(SPEC, build=build)
    lines = [f"law 11: it wrote over what it cannot read at {deed.at:.1f}" for deed in played.deeds[:1]]
    return lines + wrong(played, Ought(code=3, replaced=False, as_found=False))
