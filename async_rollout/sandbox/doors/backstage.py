"""Behind the scenes of the http door: the ground truth as JSON, other people's deeds, faults. Not of AWS.

GET  /_sandbox/record, /_sandbox/history, /_sandbox/calls     what happened, the numbers, calls counted
GET  /_sandbox/app/<instance>                                 200 if its application answers, 503 if not
POST /_sandbox/human  {"group": "web", "desired": 5}          also minimum, maximum; or {"kill": id}, {"break": id},
                                                              {"release": launch template's name}
POST /_sandbox/faults {"kind": "throttle", "count": 3}        a rule more: see sandbox.faults.Fault
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aiohttp import web

from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World


def routes(world: World, faults: Faults) -> Sequence[web.AbstractRouteDef]:
    stage = _Backstage(world, faults)
    return (
        web.get("/_sandbox/record", stage.record),
        web.get("/_sandbox/history", stage.history),
        web.get("/_sandbox/calls", stage.calls),
        web.get("/_sandbox/app/{instance}", stage.app),
        web.post("/_sandbox/human", stage.human),
        web.post("/_sandbox/faults", stage.add_fault),
    )


class _Backstage:
    """The handlers; each first lets the world come up to now."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    async def record(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response([asdict(one) for one in self._world.record])

    async def history(self, _: web.Request) -> web.Response:
        self._world.advance()
        return web.json_response([asdict(one) for one in self._world.history])

    async def calls(self, _: web.Request) -> web.Response:
        return web.json_response(dict(self._world.calls))

    async def app(self, request: web.Request) -> web.Response:
        up = self._world.app_up(request.match_info["instance"])
        return web.Response(status=200 if up else 503, text="up\n" if up else "down\n")

    async def human(self, request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            self._do(asked)
        except (AwsError, LookupError, StopIteration, TypeError) as refused:
            return web.json_response({"error": str(refused)}, status=400)
        return web.json_response({})

    def _do(self, asked: Any) -> None:
        match asked:
            case {"group": str(name)}:
                self._world.human_sets(name, **{key: value for key, value in asked.items() if key != "group"})
            case {"kill": str(id)}:
                self._world.kill(id)
            case {"break": str(id)}:
                self._world.break_app(id)
            case {"release": str(template)}:
                self._world.human_releases(template)
            case _:
                raise TypeError("expected group, kill, break or release")

    async def add_fault(self, request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            self._faults.add(Fault(**asked | {"kind": FaultKind(asked["kind"])}))
        except (LookupError, TypeError, ValueError) as refused:
            return web.json_response({"error": str(refused)}, status=400)
        return web.json_response({})
