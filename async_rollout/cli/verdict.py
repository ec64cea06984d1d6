"""What a rollout in the sandbox came to, computed from the world's own record and history of ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from async_rollout.core.budget import bounds
from async_rollout.core.origin import Place
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.words import lasting

if TYPE_CHECKING:
    from async_rollout.core.budget import Bounds
    from async_rollout.sandbox.history import Census
    from async_rollout.sandbox.records import Group
    from async_rollout.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The groups and their members as they were at the start."""

    groups: Mapping[str, Group]
    members: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group. least, most: serving at the least; serving and booting at the most. seconds: as they were told.

    Without a load balancer there is nothing to take an instance out of: it serves until it is terminated, and only
    what exists can be bounded.
    """

    group: str
    old: int
    replaced: int
    floor: int
    least: int
    ceiling: int
    most: int
    existed: int
    may_exist: int
    as_found: bool
    seconds: float
    behind_nothing: bool = False

    @property
    def floor_held(self) -> bool:
        return self.least >= self.floor

    @property
    def ceiling_held(self) -> bool:
        return self.most <= self.ceiling and self.existed <= self.may_exist

    @property
    def held(self) -> bool:
        return self.replaced == self.old and self.floor_held and self.ceiling_held and self.as_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof(Place):
    """All groups; calls: requests that AWS got; wall: real seconds."""

    rows: tuple[Row, ...]
    calls: int
    wall: float

    @property
    def held(self) -> bool:
        return all(row.held for row in self.rows)

    def data(self) -> dict[str, object]:
        """For `--output json`."""
        return {**asdict(self), "held": self.held}

    def lines(self) -> list[str]:
        """A table."""
        head = ("group", "replaced", "floor held", "ceiling held", "as found", "time")
        cells = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(row[number]) for row in cells) for number in range(len(head))]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        each = self.calls / max(1, sum(row.replaced for row in self.rows))
        return [
            "",
            *table,
            "",
            f"AWS calls: {self.calls}, {each:.0f} for each replaced instance",
            f"time: {lasting(max(row.seconds for row in self.rows))} in the world, {lasting(self.wall)} here",
            "all of it held" if self.held else "NOT all of it held",
        ]


def before(world: World) -> Before:
    """Look at the world before anything is done."""
    groups = dict(world.state.groups)
    return Before(groups=groups, members={name: _ids(world, name) for name in groups})


def proof(world: World, found: Before, spec: RolloutSpec, took: Mapping[str, float], *, wall: float) -> Proof:
    """What the world says of everything since then. took: seconds of each group, the same as every view has them."""
    history = world.history
    rows = tuple(
        _row(
            world,
            found,
            name,
            bounds(spec, group.desired),
            [census for census in history if census.group == name],
            took.get(name, 0.0),
        )
        for name, group in found.groups.items()
    )
    return Proof(account=world.account, region=world.region, rows=rows, calls=world.calls.total(), wall=wall)


def _row(world: World, found: Before, name: str, limits: Bounds, history: Sequence[Census], seconds: float) -> Row:
    old, sources = found.members[name], found.groups[name].source_ids
    return Row(
        group=name,
        old=len(old),
        replaced=len(old - _ids(world, name)),
        floor=limits.floor,
        least=min(census.serving for census in history),
        ceiling=limits.ceiling if sources else limits.exist,
        most=max(census.serving + census.booting for census in history),
        existed=max(census.exist for census in history),
        may_exist=limits.exist,
        as_found=_is_as_found(world, found, name),
        seconds=seconds,
        behind_nothing=not sources,
    )


def _is_as_found(world: World, found: Before, name: str) -> bool:
    """The group's own record, tags and processes included, and every member registered everywhere."""
    state, now = world.state, world.state.groups[name]
    members = state.members(name)
    everywhere = all(state.registered(source.id, member.id) for member in members for source in state.sources_of(name))
    return now == found.groups[name] and everywhere


def _ids(world: World, name: str) -> frozenset[str]:
    return frozenset(member.id for member in world.state.members(name))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.group,
        f"{row.replaced} of {row.old}",
        f"{_mark(held=row.floor_held)} (least {row.least} of {row.floor})",
        f"{_mark(held=row.ceiling_held)} ({_most(row)})",
        _mark(held=row.as_found),
        lasting(row.seconds),
    )


def _most(row: Row) -> str:
    """Behind no load balancer it is all that exists, those on their way out too: another count, so it is called so."""
    return f"exist {row.most} of {row.ceiling}" if row.behind_nothing else f"most {row.most} of {row.ceiling}"


def _mark(*, held: bool) -> str:
    return "yes" if held else "NO"
