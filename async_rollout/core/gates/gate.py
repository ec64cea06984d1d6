"""A gate: what stands before each new removal and each launch. What is under way ends, whatever a gate says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from async_rollout.core.actions import Wait
from async_rollout.core.journal import Cause, Journal
from async_rollout.core.pace import Look
from async_rollout.core.situation import Situation
from async_rollout.core.spec import RolloutSpec


@dataclass(frozen=True, slots=True)
class Open:
    """Go on. most: so many at once and no more, None: as many as may. passed: for good, it need not be asked again."""

    most: int | None = None
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Not now. wait: why, since when and until when at the latest, and the option that sets it.

    look: the one that may tell that it has opened; None: any that others need. launches: new ones may come meanwhile,
    it is for the old ones not to go.
    """

    wait: Wait
    look: Look | None = None
    launches: bool = False


@dataclass(frozen=True, slots=True)
class Shut:
    """Not any more: the run turns back for this cause."""

    cause: Cause


Answer = Open | Closed | Shut


class Gate(Protocol):
    """One reason not to go on as yet; a file of its own, and a line in `GATES`."""

    def needs(self, spec: RolloutSpec, record: Journal) -> bool:
        """Whether it stands in this run, and was not passed for good."""

    def ask(self, situation: Situation) -> Answer:
        """What it says to one more removal or launch, by this look."""

    def passed(self, record: Journal) -> Journal:
        """The record that says that it was passed for good."""
