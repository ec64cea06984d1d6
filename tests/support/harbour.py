"""The service behind `support.pier`: a pier where the members of the group `web` moor by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import anyio
from botocore.exceptions import ClientError

from async_rollout.aws.calls import Call
from async_rollout.sandbox.world import World


@dataclass(slots=True)
class Berth:
    instance: str
    open: bool = True
    empty_at: float = inf


@dataclass
class Harbour:
    """moors: seconds from in service to a berth, which nobody asks for. leave: seconds until the ships have left.

    noes: what is said to the next closings, in place of doing them. locked: instances whose berth is never closed;
    stuck: whose ships never leave. anchored: ships that speak against a rollout. lost: since when there is no such pier
    any more. listed: so often the pier is listed, then nothing is. gap: when closed berths are left out of all answers,
    from and to, in seconds after the first was closed. busy: seconds for which a crane takes the place of a berth that
    was closed. cranes: others, each with when it comes to rest and when, if ever, it begins once more.
    """

    world: World
    moors: float = 50.0
    leave: float = 200.0
    noes: list[str] = field(default_factory=list)
    locked: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    anchored: tuple[str, ...] = ()
    lost: float = inf
    listed: float = inf
    gap: tuple[float, float] = (inf, inf)
    busy: float = 0.0
    cranes: dict[str, tuple[float, float]] = field(default_factory=dict)
    closed_at: float = inf
    closings: list[tuple[float, str]] = field(default_factory=list)
    berths: dict[str, Berth] = field(default_factory=dict)
    sent: list[tuple[float, Call]] = field(default_factory=list)

    def is_open(self, instance: str) -> bool:
        return any(one.instance == instance and one.open for one in self.berths.values())

    def send(self, call: Call) -> Mapping[str, Any]:
        now = anyio.current_time()
        there = {one.instance for one in self.berths.values()}
        for one in self.world.members("web"):
            if (
                one.id not in there
                and one.in_service_at is not None
                and self.world.now - one.in_service_at >= self.moors
            ):
                self.berths[f"berth-{len(self.berths) + 70}"] = Berth(one.id)
        if now >= self.lost and call.operation not in ("ListPiers", "ListAnchored"):
            raise ClientError({"Error": {"Code": "NoSuchPierException", "Message": "no such pier"}}, call.operation)
        match call.operation, call.params:
            case "ListPiers", {"Instances": ids}:
                self.listed -= 1
                return {"Piers": ["pier-9"] if ids and self.listed >= 0 else []}
            case "ListAnchored", _:
                return {"Ships": self.anchored}
            case "DescribePier", _:
                return {"Pier": "pier-9", "Name": "the long pier", "Usual": 60.0}
            case "ListBerths", {"Pier": "pier-9", **more}:
                gap = self.gap[0] <= now - self.closed_at < self.gap[1]
                start, all = (
                    int(more.get("NextToken", 0)),
                    [id for id, one in self.berths.items() if one.open or not gap],
                )
                return {"Berths": all[start : start + 3], "NextToken": str(start + 3) if start + 3 < len(all) else None}
            case "DescribeBerths", {"Berths": names}:
                rows = [self._row(name, self.berths[name], now) for name in names]
                return {"Berths": rows, "Cranes": self._cranes(now)}
            case "CloseBerths" | "OpenBerths" as verb, {"Berths": names}:
                return {"Failures": [one for name in names for one in self._move(name, verb == "OpenBerths", now)]}
        raise AssertionError(call)

    def _row(self, name: str, berth: Berth, now: float) -> Mapping[str, Any]:
        return {"Berth": name, "Instance": berth.instance, "Open": berth.open, "Ships": 3 * (berth.empty_at > now)}

    def busy_at(self, now: float) -> bool:
        """Whether what was moved from berths that were closed is on its way still."""
        return any(now < at + self.busy for at, _ in self.closings)

    def _cranes(self, now: float) -> Mapping[str, str]:
        others = [name for name, (rests, again) in self.cranes.items() if not rests <= now < again]
        return dict.fromkeys((*others, *(("crane-1",) if self.busy_at(now) else ())), "it lifts")

    def _move(self, name: str, open: bool, now: float) -> Sequence[Mapping[str, str]]:
        berth = self.berths[name]
        if not open and (self.noes or berth.instance in self.locked):
            return ({"Berth": name, "Reason": self.noes.pop(0) if self.noes else "LOCKED"},)
        if not open:
            self.closed_at = min(self.closed_at, now)
        if berth.open and not open:
            self.closings.append((now, berth.instance))
        if open or berth.open:
            berth.open, berth.empty_at = open, inf if open or berth.instance in self.stuck else now + self.leave
        return ()
