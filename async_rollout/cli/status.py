"""`async-rollout status`: what is under way, from the groups' tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.naming import groups_of
from async_rollout.cli.options import Account, Anywhere, Viewing, option
from async_rollout.cli.recorded import life, progress, ways_on
from async_rollout.core.wording import told_of
from async_rollout.engine.preview import Status
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

UNDER_WAY, LEFT = 20, 21
"""Exit codes of `--exit-code`; what cannot be read is left too: somebody has to look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How the answer is told."""

    exit_code: Annotated[
        bool,
        option("--exit-code", help="Exit 20 if one is under way, 21 if one was left whose lease is over, else 0."),
    ] = False


def status(where: Anywhere, telling: Telling, account: Account, viewing: Viewing) -> int:
    """Show what is under way, from the groups' tags.

    Who conducts it, where it heads, what it has changed. Changes nothing.
    """

    async def story(console: Console) -> int:
        from async_rollout.aws.session import connect
        from async_rollout.engine.preview import status as seen

        async with connect(**asdict(account), tell=console.tell, readonly=True) as cloud:
            if where.autoscaler:
                async with groups_of(cloud, console, where.autoscaler) as names:
                    found = await seen(cloud.groups(*names))
            else:
                there = await cloud.under_way()
                found = await seen(cloud.groups(*there)) if there else ()
        if console.json:
            console.records("status", [asdict(state) | {"run": state.run or ""} for state in found])
        else:
            console.result(*([line for state in found for line in status_lines(state)] or ["nothing is under way"]))
        return max(map(code_of, found), default=0) if telling.exit_code else 0

    return run_command("status", viewing, story, groups=where.autoscaler or ())


def code_of(state: Status) -> int:
    """0 nothing, 20 under way, 21 left: of several groups the one that needs somebody counts."""
    if state.unreadable:
        return LEFT
    if state.run is None:
        return 0
    return LEFT if state.alive is False else UNDER_WAY


def status_lines(state: Status) -> Iterator[str]:
    """One group's state, in words."""
    if state.unreadable:
        yield f"{safe(state.group)}: there is a record that cannot be read: {safe(state.unreadable)}"
        yield "  next: look at its tags async-rollout:*, put right by hand what they name, remove them"
        return
    if state.run is None:
        yield f"{safe(state.group)}: nothing is under way"
        return
    holder = life(state.holder, state.at, state.until, alive=state.alive)
    yield f"{safe(state.group)}: run {safe(state.run)} by {holder}"
    yield f"  heads for: {safe(state.goal)}" + (f", because {safe(state.cause)}" if state.cause else "")
    if state.toward:
        yield f"  rolls back to: {safe(told_of(state.toward))}"
    if state.began:
        count = progress(old=state.old, replaced=state.replaced)
        yield f"  replaced: {count}, since {lasting(state.at - state.began)}"
    if state.going:
        yield f"  on their way out: {', '.join(safe(id) for id in state.going)}"
    yield from (f"  changed: {safe(line)}" for line in state.changed)
    yield from (f"  next: {line}" for line in ways_on(state.group, alive=state.alive, commands=state.commands))
