"""Whose something is that is told: the AWS account and region of a group, out of its ARN, with the run.

Events and results inherit the fields; who knows them puts them on with `stamped`, the engine and the cloud each in one
place. Nothing is asked of AWS for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """account: its 12 digits; region: as `eu-west-1`. Each is "" where it is not known, or several are meant."""

    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin(Place):
    """run: the id of the run of the group, "" while there is none."""

    run: str = ""


PlaceT = TypeVar("PlaceT", bound=Place)


def place_of(arn: str) -> Place:
    """The account and region that an ARN names; both "" for what is no ARN."""
    parts = arn.split(":")
    return Place(region=parts[3], account=parts[4]) if parts[0] == "arn" and len(parts) > 5 else Place()


def shared(places: Iterable[Place]) -> Place:
    """The account and region that all of these have; "" for what they do not have in common."""
    several = list(places)
    return Place(account=_only({one.account for one in several}), region=_only({one.region for one in several}))


def stamped(told: PlaceT, whose: Place) -> PlaceT:
    """What is told, with the account and region of `whose`, of an Origin with the run too."""
    run = {"run": whose.run} if isinstance(whose, Origin) else {}
    return replace(told, account=whose.account, region=whose.region, **run)


def _only(values: set[str]) -> str:
    return values.pop() if len(values) == 1 else ""
