"""What ECS's answers have in common: which cluster is meant, what a page is, who failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from async_rollout.sandbox.doors.answers.asked import LONGEST_OFFSET, Asked, Params
from async_rollout.sandbox.ecs import deeds
from async_rollout.sandbox.ecs.records import Cluster
from async_rollout.sandbox.ecs.words import wrong

T = TypeVar("T")


def cluster(asked: Asked) -> Cluster:
    """Raises AwsError if there is none."""
    return deeds.cluster(asked.state, asked.params.get("cluster"))


def paged(asked: Asked, key: str, arns: Sequence[str], *, size: int = 100, most: int = 100) -> Params:
    """A page of ARNs; without a next one AWS sends no token."""
    wanted = asked.params.get("maxResults", size)
    if not 1 <= wanted <= most:
        raise wrong(f"maxResults must be between 1 and {most}.")
    token = asked.params.get("nextToken")
    number = "0" if token is None else token.removeprefix("page-")
    if number == token or not number.isdecimal() or len(number) > LONGEST_OFFSET:
        raise wrong("Invalid token.")
    end = int(number) + wanted
    shown = {key: list(arns[int(number) : end])}
    return shown | {"nextToken": f"page-{end}"} if end < len(arns) else shown


def at_most(asked: Asked, key: str, most: int, what: str) -> list[str]:
    """Raises AwsError for none and for too many."""
    names: list[str] = asked.params.get(key) or []
    if not names:
        raise wrong(f"{what} can not be empty.")
    if len(names) > most:
        raise wrong(f"{what} can have at most {most} items.")
    return names


def failures(several: Iterable[tuple[str, str]]) -> list[Params]:
    return [{"arn": arn, "reason": reason} for arn, reason in several]


def described(
    asked: Asked, key: str, names: Sequence[str], find: Callable[[str], T | None], kind: str, row: Callable[[T], Params]
) -> Params:
    """A row of each that is there; the others are failures, MISSING. kind: of an ARN, where only an id was given."""
    found = {name: find(name) for name in names}
    missing = [name for name, one in found.items() if one is None]
    rows = [row(one) for one in found.values() if one is not None]
    return {key: rows, "failures": failures((_arn(asked, kind, name), "MISSING") for name in missing)}


def _arn(asked: Asked, kind: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    within = "" if kind in ("cluster", "capacity-provider") else f"{cluster(asked).name}/"
    return asked.world.ecs.arn(f"{kind}/{within}{name}")
