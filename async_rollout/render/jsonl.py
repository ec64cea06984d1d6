"""The view for programs: one JSON object a line, `type`, `schema` and `seq` in each; the last one is the summary.

Keys are only ever added within a schema. Everything is ASCII, so that no encoding of a terminal or a log can hurt it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from async_rollout.core.events import Event
from async_rollout.core.origin import Place, shared
from async_rollout.render import Behind, Write
from async_rollout.render.board import Board, GroupBoard, fold

SCHEMA = 2
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def view(write: Write, *, verbose: bool = False, behind: Behind) -> Jsonl:
    """The view for `--output json` and `--events`; it always tells everything."""
    return Jsonl(write)


class Jsonl:
    """Writes `{"type": "stage_changed", "schema": 2, "seq": 4, "group": …}`."""

    in_place = False

    def __init__(self, write: Write) -> None:
        self._write = write
        self._seq = 0
        self._board = Board()
        self._places: set[Place] = set()

    def tell(self, event: Event) -> None:
        """Write one event: its class in small letters is the type, its fields are the keys."""
        self._board = fold(self._board, event)
        self.record(name_of(type(event)), asdict(event))

    def record(self, type: str, body: Mapping[str, object]) -> None:
        """Write one line of any type."""
        self._seq += 1
        if body.get("group"):
            self._places.add(Place(account=str(body["account"]), region=str(body["region"])))
        self._write(encode({"type": type, "schema": SCHEMA, "seq": self._seq, **body}))

    def say(self, line: str) -> None:
        """For people; left out."""

    def end(self, code: int, error: str = "") -> None:
        """Write the summary: exit_code, what each group came to, and the error if there was one.

        account, region: what all groups of these lines have in common.
        """
        groups = self._board.groups.values()
        said = {"error": error} if error else {}
        self.record(
            "summary", {**asdict(shared(self._places)), "exit_code": code, **said, "groups": [*map(_group, groups)]}
        )


def name_of(kind: type) -> str:
    """`StageChanged` is `stage_changed`."""
    return _HUMP.sub("_", kind.__name__).lower()


def encode(body: Mapping[str, object]) -> str:
    """One line of ASCII. No `##` stands in it: a CI runner may take that for an order, wherever it is."""
    return json.dumps(body, ensure_ascii=True, default=_plain).replace("##", "#\\u0023")


def _plain(value: object) -> Any:
    """Sets and mapping views; enums of words are strings already."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _group(group: GroupBoard) -> dict[str, object]:
    verdict = group.verdict
    return {
        "account": group.account,
        "region": group.region,
        "run": group.run,
        "group": group.name,
        "outcome": str(verdict.outcome) if verdict else "unknown",
        "exit_code": verdict.code if verdict else None,
        "why": verdict.why if verdict else group.cause,
        "left": list(verdict.left) if verdict else [],
        "next": verdict.next if verdict else "",
        "replaced": list(group.replaced),
        "total": group.total,
        "missed": list(group.missed),
        "seconds": round(group.seconds, 3),
        "replaced_before": group.before,
        "failed": list(group.failed),
        "parked": list(group.parked),
    }
