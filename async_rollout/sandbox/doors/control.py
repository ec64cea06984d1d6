"""Behind the scenes of the http door: the ground truth as JSON, other people's deeds, faults. Not of AWS.

GET  /_sandbox/record, /_sandbox/history, /_sandbox/calls     what happened, the numbers, calls counted
GET  /_sandbox/app/<instance>                                 200 if its application answers, 503 if not
POST /_sandbox/human  {"group": "web", "desired": 5}          also minimum, maximum; or {"kill": id}, {"break": id},
                                                              {"release": launch template's name}; one taken away:
                                                              {"release": name, "deleted": version's number},
                                                              {"delete": target group's ARN or load balancer's name},
                                                              {"shift": target group's ARN, "zone": name}; its end:
                                                              "active": false beside
                                                              of ECS: see control_ecs
GET  /_sandbox/services                                       of ECS: the numbers of each service after each change
POST /_sandbox/load   {"group": "web", "units": 400}          what comes in from now on, for its scaling policies
                                                              (PutScalingPolicy) to answer to: by those that serve, or
                                                              "per": "group"; "alarms" of step policies beside:
                                                              {policy's name: {"threshold": 70, "above": false}}
GET  /_sandbox/load                                           units and the last metric of each such group
POST /_sandbox/faults {"kind": "throttle", "count": 3}        a rule more: see sandbox.faults.Fault
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from math import inf
from typing import Any

from aiohttp import web

from async_rollout.sandbox.doors import control_ecs
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.scalers import Alarm, Load, Per
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World


def routes(world: World, faults: Faults) -> Sequence[web.AbstractRouteDef]:
    stage = _Backstage(world, faults)
    return (
        web.get("/_sandbox/record", stage.record),
        web.get("/_sandbox/history", stage.history),
        web.get("/_sandbox/services", stage.services),
        web.get("/_sandbox/calls", stage.calls),
        web.get("/_sandbox/app/{instance}", stage.app),
        web.post("/_sandbox/human", stage.human),
        web.get("/_sandbox/load", stage.loads),
        web.post("/_sandbox/load", stage.load),
        web.post("/_sandbox/faults", stage.add_fault),
    )


LARGEST = 1e12
"""Of what comes in, and of a threshold."""


class _Backstage:
    """The handlers; each first lets the world come up to now."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._loads: dict[str, _Steady] = {}

    async def record(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response([asdict(one) for one in self._world.record])

    async def history(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response([asdict(one) for one in self._world.history])

    async def services(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response([asdict(one) for one in self._world.ecs.history])

    async def calls(self, _: web.Request) -> web.Response:
        return web.json_response(dict(self._world.calls))

    async def app(self, request: web.Request) -> web.Response:
        up = self._world.app_up(request.match_info["instance"])
        return web.Response(status=200 if up else 503, text="up\n" if up else "down\n")

    async def human(self, request: web.Request) -> web.Response:
        try:
            self._do(await _object(request))
        except (AwsError, LookupError, StopIteration, TypeError, ValueError) as refused:
            return _wrong(refused)
        return web.json_response({})

    def _do(self, asked: Any) -> None:
        match asked:
            case {"group": str(name)}:
                self._world.human_sets(name, **_sizes(asked))
            case {"kill": str(id)}:
                self._world.kill(id)
            case {"break": str(id)}:
                self._world.break_app(id)
            case {"release": str(template), "deleted": int(number)}:
                self._world.human_deletes_version(template, number)
            case {"release": str(template)}:
                self._world.human_releases(template)
            case {"delete": str(source)}:
                self._world.delete_source(source)
            case {"shift": str(source), "zone": str(zone)}:
                self._world.shift_zone(source, zone, active=asked.get("active") is not False)
            case _ if control_ecs.do(self._world, asked):
                pass
            case _:
                raise TypeError("expected group, kill, break, release, delete, shift, drain, agent, service or protect")

    async def loads(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response({name: steady.told for name, steady in self._loads.items()})

    async def load(self, request: web.Request) -> web.Response:
        """A second one for a group takes the place of its first: the metrics taken so far stay."""
        try:
            name, load = _load(await _object(request))
            if name in self._loads:
                self._world.advance()
                self._loads[name].moved(load)
            else:
                self._world.load(name, load)
                self._loads[name] = _Steady(load)
        except (AwsError, LookupError, TypeError, ValueError) as refused:
            return _wrong(refused)
        return web.json_response({})

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(_rule(await _object(request)))
        except (LookupError, TypeError, ValueError) as refused:
            return _wrong(refused)
        return web.json_response({})


class _Steady:
    """A load that stays as it is until somebody moves it."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def moved(self, load: Load) -> None:
        self._load.units, self._load.per, self._load.alarms = load.units, load.per, load.alarms

    @property
    def told(self) -> dict[str, object]:
        """metric None: none is taken yet, or nobody serves."""
        metric = self._load.metrics[-1] if self._load.metrics else inf
        return {"units": self._load.units(0.0), "per": self._load.per, "metric": metric if metric < inf else None}


def _load(asked: dict[str, Any]) -> tuple[str, Load]:
    """The group's name and what comes in. Raises LookupError, TypeError or ValueError for what is none."""
    match {"alarms": {}, **asked}:
        case {"group": str(name), "units": units, "alarms": dict(alarms)} if (number := _number(units)) >= 0:
            calls = {policy: _alarm(one) for policy, one in alarms.items()}
            return name, Load(units=lambda _: number, per=Per(asked.get("per", Per.TARGET)), alarms=calls)
        case _:
            raise TypeError("expected group, units (not below 0) and, if there are any, alarms by policy")


def _alarm(asked: Any) -> Alarm:
    match asked:
        case {"threshold": threshold}:
            return Alarm(threshold=_number(threshold), above=asked.get("above") is not False)
        case _:
            raise TypeError("an alarm has a threshold, a number")


def _number(asked: Any) -> float:
    if type(asked) not in (int, float) or not -LARGEST <= asked <= LARGEST:
        raise TypeError(f"expected a number, not {str(asked)[:40]}")
    return float(asked)


def _sizes(asked: dict[str, Any]) -> dict[str, Any]:
    sizes = {key: value for key, value in asked.items() if key != "group"}
    if not all(type(one) is int for one in sizes.values()):
        raise TypeError("sizes are whole numbers")
    return sizes


async def _object(request: web.Request) -> dict[str, Any]:
    """The body. Raises ValueError or TypeError if it is no JSON object."""
    try:
        asked = await request.json()
    except RecursionError as deep:
        raise ValueError("nested too deeply") from deep
    if not isinstance(asked, dict):
        raise TypeError("expected a JSON object")
    return asked


def _wrong(refused: Exception) -> web.Response:
    return web.json_response({"error": f"{type(refused).__name__}: {refused}"}, status=400)


def _rule(asked: dict[str, Any]) -> Fault:
    """Raises LookupError, TypeError or ValueError for one that could not be gone by."""
    match asked.get("window"):
        case None:
            window = None
        case [int() | float() as begin, int() | float() as end]:
            window = (float(begin), float(end))
        case other:
            raise TypeError(f"a window is two numbers, not {other!r}")
    rule = Fault(**asked | {"kind": FaultKind(asked["kind"]), "window": window})
    if type(rule.count) not in (int, type(None)) or not isinstance(rule.action, str):
        raise TypeError("count is a whole number or null, action a regular expression")
    if not all(isinstance(one, int | float) for one in (rule.probability, rule.seconds, rule.silent)):
        raise TypeError("probability, seconds and silent are numbers")
    try:
        re.compile(rule.action)
    except re.error as wrong:
        raise ValueError(f"action is no regular expression: {wrong}") from wrong
    return rule
