"""Draws an observation in one line, so that a table row stays a row.

`"S S S | P"` are three serving old ones and a pending new one. Letters: S serving, U unhealthy old, M marked
unhealthy old, N new and healthy, W new and warming, P pending, T terminating, B standby, D draining (a departure).
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.belief import Belief, Me
from async_rollout.core.journal import SUSPENDED_BY_US, Departure, Found, Journal, digest, template_mark
from async_rollout.core.observation import Group, Instance, Observation, Source, Survey, Target, TargetState
from async_rollout.core.recall import recall
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec

AT = 1_767_600_000.0
CUTOFF = AT - 1000.0
ARN = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/web"
SOURCES = tuple(
    Source(id=name, kind="target group", name=name, drain_delay=60.0, default_port=80, seen_at=AT)
    for name in ("tg1", "tg2")
)
OLD, NEW = "SUMDB", "NWPT"


def ident(number: int) -> str:
    return f"i-{number:017x}"


def member(letter: str, number: int) -> Instance:
    """One drawn instance; zones alternate a b c."""
    lifecycle = {"P": "Pending", "T": "Terminating", "B": "Standby"}.get(letter, "InService")
    state = {"U": TargetState.UNHEALTHY, "W": TargetState.INITIAL, "D": TargetState.DRAINING}.get(
        letter, TargetState.HEALTHY
    )
    targets = tuple(Target(source=one.id, port=80, state=state) for one in SOURCES) if lifecycle == "InService" else ()
    return Instance(
        id=ident(number),
        lifecycle=lifecycle,
        health="Unhealthy" if letter == "M" else "Healthy",
        zone="abc"[number % 3],
        launched_at=CUTOFF - 100 + number if letter in OLD else CUTOFF + 10 + number,
        outdated=False,
        private_ip=f"10.0.0.{number + 1}",
        targets=targets,
    )


def observation(
    drawing: str, *, desired: int | None = None, maximum: int = 10, minimum: int = 1, at: float = AT
) -> Observation:
    """The observation that a drawing means; desired defaults to the members that count."""
    letters = [letter for letter in drawing if letter.isalpha()]
    members = tuple(member(letter, number) for number, letter in enumerate(letters))
    counted = sum(not one.leaving and not one.standby for one in members)
    group = Group(
        name="web",
        arn=ARN,
        minimum=minimum,
        desired=counted if desired is None else desired,
        maximum=maximum,
        template="lt-1:2",
        suspended=frozenset(SUSPENDED_BY_US),
    )
    departures = tuple(Departure(id=ident(n), at=int(at)) for n, letter in enumerate(letters) if letter == "D")
    return Observation(
        at=at, group=group, instances=members, sources=SOURCES, journal=journal(group, departures), survey=Survey(at=at)
    )


def journal(
    group: Group, departures: tuple[Departure, ...] = (), *, base: int = 3, asked: int | None = None
) -> Journal:
    return Journal(
        group=digest(ARN, 16),
        run="run0",
        serial=7,
        holder="host/boot/1",
        until=int(AT) + 10_000,
        found=Found(minimum=1, desired=base, maximum=10),
        base=base,
        asked=group.desired if asked is None else asked,
        cutoff=CUTOFF,
        canary=True,
        template=template_mark(group.template),
        suspended=SUSPENDED_BY_US,
        began=int(AT) - 60,
        departures=departures,
    )


def recorded(seen: Observation, **fields: object) -> Observation:
    """The observation with fields of its record changed."""
    assert isinstance(seen.journal, Journal)
    return replace(seen, journal=replace(seen.journal, **fields))  # type: ignore[arg-type]


def looked(spec: RolloutSpec, seen: Observation, *, looks: int = 4, every: float = 10.0) -> Snapshot:
    """The same observation, looked at several times: what the last of these looks knows."""
    belief = Belief(me=Me(run="run0", holder="host/boot/1"))
    for number in range(looks):
        at = seen.at + number * every
        sources = tuple(replace(one, seen_at=at) for one in seen.sources)
        now = replace(seen, at=at, sources=sources)
        belief = recall(spec, belief, now)
    return Snapshot(observation=now, belief=belief)
