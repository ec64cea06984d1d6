"""A group whose record stands, in words: what is under way or was left in the middle, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from async_rollout.cli.columns import columns
from async_rollout.core.plan import Plan
from async_rollout.core.spec import HookPoint
from async_rollout.core.standing import Standing, onward
from async_rollout.core.withheld import FLAGS
from async_rollout.core.wording import told_of
from async_rollout.render.safe import safe
from async_rollout.render.words import advice, lasting

NAMED = 2
"""So many new ones are named, on a line of 80 columns."""


def recorded_lines(plan: Plan, record: Standing) -> Iterator[str]:
    """One group, from its record. Nothing of it is foreseen."""
    how = "was left in the middle" if record.alive is False else "is under way"
    yield f"{safe(plan.group)}: {how}, by run {safe(record.run)}"
    yield from (f"  {line}" for line in columns(list(_facts(plan, record))))
    if rows := list(_rows(plan, record)):
        yield "  left to replace:"
        yield from (f"    {line}" for line in columns([("#", "instance", "zone", "launched from", ""), *rows]))
    yield from (f"  note: {safe(note)}" for note in plan.notes)
    yield f"  run would {onward(record)}"
    yield from (f"  next: {line}" for line in ways_on(plan.group, alive=record.alive, commands=record.commands))


def ways_on(group: str, *, alive: bool | None, commands: Sequence[str]) -> Iterator[str]:
    """What to type. A run that lives is to be let go on: only its own end is offered, and called so.

    commands: the points for which the run was given one; what they were no record holds.
    """
    if alive is False:
        yield advice("run or restore", group)
        if flags := ", ".join(FLAGS[HookPoint(point)] for point in commands):
            yield f"with the {flags} that the run was given (or --without-commands)"
        return
    yield "let it go on; how far it is:  " + advice("status", group)
    yield "to stop it and put the group back:  Ctrl-C where it runs, or  " + advice("restore", group)


def life(holder: str, at: float, until: int, *, alive: bool | None) -> str:
    """Who holds it, and whether he still does, as far as that can be told from here."""
    left = until - at
    if alive is False:
        return f"{safe(holder)}, which is dead" if left > 0 else f"{safe(holder)}, not renewed for {lasting(-left)}"
    return f"{safe(holder)}, for another {lasting(left)} unless renewed"


def progress(*, old: int, replaced: int) -> str:
    """How many are through, of how many if the record knows."""
    return f"{replaced} of {old}" if old else f"{replaced}, of how many is not recorded"


def _facts(plan: Plan, record: Standing) -> Iterator[tuple[str, str]]:
    yield "held by", life(record.holder, record.at, record.until, alive=record.alive)
    if record.began:
        since = datetime.fromtimestamp(record.began, UTC).strftime("%H:%M:%S UTC")
        yield "since", f"{since}, {lasting(record.at - record.began)} ago"
    yield "heads for", safe(record.goal) + (f", because {safe(record.cause)}" if record.cause else "")
    if record.toward:
        yield "rolls back to", safe(told_of(record.toward))
    if record.began:
        yield "replaced", progress(old=record.old, replaced=record.replaced)
    else:
        yield "replaced", "none, it has not begun to"
    for number, leaving in enumerate(out for out in record.out if out.id not in plan.old):
        extra = ", a new one too many" if leaving.surplus else ""
        yield "" if number else "on its way out", f"{safe(leaving.id)} {leaving.step}{extra}"
    if record.new:
        more = f" and {len(record.new) - NAMED} more" if len(record.new) > NAMED else ""
        yield "new", f"{len(record.new)}: {', '.join(map(safe, record.new[:NAMED]))}{more}"
    for number, line in enumerate(record.changed):
        yield "" if number else "changed", safe(line)
    yield "available", f"{plan.floor} at least (floor), of {plan.base}"


def _rows(plan: Plan, record: Standing) -> Iterator[tuple[str, ...]]:
    steps = {out.id: out.step for out in record.out}
    for number, instance in enumerate(plan.going, 1):
        odd = [steps[id] for id in (instance.id,) if id in steps] + [instance.health] * (instance.health != "Healthy")
        yield str(number), safe(instance.id), safe(instance.zone), safe(instance.launched_from), safe(", ".join(odd))
