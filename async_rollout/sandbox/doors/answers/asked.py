"""What an answer is made from, and the little that all answers need: pages, times, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError, dry_run, invalid
from async_rollout.sandbox.world import World

Params = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call to be answered. state: what a read sees, perhaps a picture of the past; acts go to the world."""

    world: World
    state: State
    params: Params
    who: str

    def names(self, key: str) -> list[str]:
        """A list parameter of texts; empty if it was not given."""
        return self.params.get(key) or []

    def rows(self, key: str) -> list[Params]:
        """A list parameter of structures; empty if it was not given."""
        return self.params.get(key) or []

    def filters(self) -> list[tuple[str, set[str]]]:
        """The parameter Filters: (name, values) of each."""
        rows = self.rows("Filters")
        if any("Name" not in one for one in rows):
            raise AwsError("InvalidParameterValue", "The filter 'null' is invalid")
        return [(one["Name"], set(one.get("Values", ()))) for one in rows]

    def for_real(self) -> None:
        """What EC2 checks is checked, what changes something comes after this. Raises AwsError in a dry run."""
        if self.params.get("DryRun") is True:
            raise dry_run()


Answer = Callable[[Asked], Params]
"""One operation. Raises AwsError as AWS would."""
Table = Mapping[str, Answer]
"""By operation name."""


def required(asked: Asked, key: str) -> Any:
    """Raises AwsError (ValidationError) if the parameter is missing."""
    if key not in asked.params:
        name = key[0].lower() + key[1:]
        raise invalid(
            f"1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        )
    return asked.params[key]


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def zone_id(zone: str) -> str:
    """An Availability Zone's id, as of an account whose letters go by it: "eu-west-1a" is "euw1-az1"."""
    area, *words, number = zone[:-1].split("-")
    return f"{area}{''.join(word[0] for word in words)}{number}-az{ord(zone[-1]) - ord('a') + 1}"


def page(
    items: Sequence[T], asked: Asked, *, size: int, most: int, limit: str, token: str
) -> tuple[list[T], str | None]:
    """One page of items and the next token. limit, token: names of their parameters; size, most: AWS's numbers."""
    wanted = asked.params.get(limit, size)
    if wanted > most:
        name = limit[0].lower() + limit[1:]
        raise invalid(
            f"1 validation error detected: Value '{wanted}' at '{name}' failed to satisfy constraint:"
            f" Member must have value less than or equal to {most}"
        )
    begin = _offset(asked.params.get(token))
    end = begin + max(1, wanted)
    return list(items[begin:end]), f"page-{end}" if end < len(items) else None


LONGEST_OFFSET = 9
"""Digits: Python reads no number of thousands of them."""


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    number = token.removeprefix("page-")
    if number == token or not number.isdecimal() or len(number) > LONGEST_OFFSET:
        raise AwsError("InvalidNextToken", f"The token '{token}' is invalid.")
    return int(number)


def listing(key: str, rows: list[Params], token: str, following: str | None) -> Params:
    """A page as an answer; without a next page AWS sends no token."""
    return {key: rows} if following is None else {key: rows, token: following}
