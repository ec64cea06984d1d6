"""Bad releases and ill worlds, and the ways to break what stops the one and waits for the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio

from async_rollout.core import failures, recall, traffic, trouble
from async_rollout.core.events import Warned
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, both, no, nothing, swap, yes
from support.releases import ill, law_17, release, taken_out
from support.simulation import BY_NUMBER, Run, simulate


def _told(run: Run, most: int = 2) -> list[str]:
    noes = (one.text for one in run.events if isinstance(one, Warned) and one.text.startswith(OBJECTED))
    guards = ["guard law " + text.partition("against law ")[2] for text in noes]
    return [*law_17(run, most), *guards]


def relapsing() -> list[str]:
    """Half of the newcomers fail half a minute after they got healthy."""
    return _told(simulate(partial(release, size=8, fails=30.0, share=0.5), BY_NUMBER))


def struck(at: float = 150.0, seconds: float = 300.0, size: int = 4) -> list[str]:
    """A database is down for five minutes while the third one is being replaced, or for as long as told."""
    run = simulate(partial(a_group, size=size, maximum=2 * size, delay=20.0), BY_NUMBER, others=ill(at, seconds))
    since, found = run.world.record[0].at + at, []
    if run.result.verdict.code:
        found.append(f"law 17: what hit all was taken for the release: {run.result.verdict.why}")
    if any(since + 30.0 < one < since + seconds for one in taken_out(run)):
        found.append("law 17: an old one was taken out while all were ill")
    return found


def taken() -> list[str]:
    """A person ends the first three newcomers while they boot."""

    async def others(world: World) -> None:
        ended: set[str] = set()
        while len(ended) < 3:
            await anyio.sleep(5.0)
            for one in [one for one in world.members("web") if one.booting and one.id not in ended]:
                world.terminate(one.id, decrement=False, who=HUMAN)
                ended.add(one.id)

    run = simulate(partial(a_group, size=3, maximum=8, delay=20.0), BY_NUMBER, others=others)
    code, why = run.result.verdict.code, run.result.verdict.why
    return [f"law 17: what a person ended was taken for the release: {why}"] if code else []


def dying() -> list[str]:
    """All newcomers shut themselves down while they boot."""

    def build(world: World) -> None:
        a_group(world, size=3, maximum=8, delay=20.0)
        world.troubles["web"].dying_launches = 10**6

    run = simulate(build, BY_NUMBER)
    launched = sum(one.what is What.LAUNCH for one in run.world.record)
    return [f"law 17: {launched} were launched of a release that does not live"] if launched > 5 else []


def blown() -> list[str]:
    """EC2 ends every third one, old and new, again and again while instances are replaced."""

    async def others(world: World) -> None:
        found = {one.id for one in world.members("web")}
        for _ in range(3):
            await anyio.sleep(200.0)
            serving = [one for one in world.members("web") if one.in_service]
            olds, news = ([one for one in serving if (one.id in found) is old] for old in (True, False))
            for one in (*olds[:1], *news[:2]):
                world.kill(one.id, reason="Server.InternalError")

    run = simulate(partial(a_group, size=8, maximum=16, delay=20.0), replace(BY_NUMBER, max_surge=2), others=others)
    code, why = run.result.verdict.code, run.result.verdict.why
    return [f"law 17: what EC2 did to old and new was taken for the release: {why}"] if code else []


def halting() -> list[str]:
    """Newcomers shut themselves down a minute and a half after they came into service, while old ones serve on."""

    async def others(world: World) -> None:
        began = world.now
        while True:
            await anyio.sleep(5.0)
            for one in world.members("web"):
                if one.in_service and one.attached_at > began and world.now - one.attached_at > 130.0:
                    world.kill(one.id, reason="Client.InstanceInitiatedShutdown")

    run = simulate(partial(a_group, size=8, maximum=16, delay=20.0), replace(BY_NUMBER, max_surge=2), others=others)
    launched = sum(one.what is What.LAUNCH for one in run.world.record)
    return [f"law 17: {launched} were launched of a release that ends itself"] if launched > 12 else []


RELEASES = (
    Sabotage(name="what a person ends is the release's", law="law 17:", story=taken,
             spoil=swap(failures, "is_no_fault", no)),
    Sabotage(name="whoever left was taken by somebody", law="law 17:", story=dying,
             spoil=swap(failures, "is_no_fault", yes)),
    Sabotage(name="what fails is not counted", law="law 17:", story=relapsing,
             spoil=swap(recall, "judged", lambda spec, observation, before, after, since: after)),
    Sabotage(name="what was healthy once is trusted", law="law 17:", story=relapsing,
             spoil=swap(failures, "ails", lambda observation, instance: "")),
    Sabotage(name="however many fail it goes on", law="law 17:", guard="law 17:", story=relapsing,
             spoil=swap(trouble, "_failed", nothing)),
    Sabotage(name="what hits all is the release's", law="law 17:", story=struck,
             spoil=both(swap(failures, "worlds_doing", no), swap(traffic, "worlds_doing", no))),
    Sabotage(name="what EC2 does to all is the release's", law="law 17:", story=blown,
             spoil=swap(failures, "_is_a_blow", no)),
    Sabotage(name="what ends new ones ends all", law="law 17:", story=halting,
             spoil=swap(failures, "_is_a_blow", yes)),
    Sabotage(name="a moment is taken for an age", law="law 17:", story=partial(struck, at=220.0, size=3),
             spoil=swap(failures, "_is_of_a_moment", no)),
)  # fmt: skip
