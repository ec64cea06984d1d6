"""A record of instances that were drained of work by a source which is not seen any more (RULES §4).

Whoever goes on with it would take those that still hold work for ready to go, and leave those that he puts back idle.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.journal import Journal
from async_rollout.core.observation import Observation
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec

UNDRAINED = "undrained"
"""The name by which its owner allows that nobody is drained any more."""


def moves_work(observation: Observation) -> bool:
    """Whether the group has a source that moves work off whom it lets go, found or lost."""
    return any(source.moves_work for source in observation.sources)


def undrained(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> Verdict | None:
    """The refusal to take the record over; None where there is such a source, never was one, or it is allowed."""
    if not record.moves_work or moves_work(snapshot.observation) or UNDRAINED in spec.allow:
        return None
    told = snapshot.belief.survey.told if snapshot.belief.survey else ()
    why = "the run that left this group drained its instances of work, and nothing is seen now that does so"
    way = f"give the same command again as that run had it, or --allow {UNDRAINED} if the instances hold no work now"
    return Verdict(outcome=Outcome.REFUSED, code=3, why="; ".join((why, *told, "its record stands")), next=way)


def noted(record: Journal, observation: Observation) -> Journal:
    """The record, which never forgets such a source."""
    return replace(record, moves_work=record.moves_work or moves_work(observation))
