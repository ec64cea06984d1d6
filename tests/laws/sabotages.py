"""Ways to break the code on purpose, each with the law that must catch it and the story where it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from async_rollout.core import (
    actions,
    advance,
    begin,
    budget,
    decide,
    draft,
    finish,
    lanes,
    laws,
    memory,
    recall,
    stages,
    trouble,
)
from async_rollout.core.draft import Draft
from async_rollout.core.journal import SUSPENDED_BY_US, Journal, Lane, Mark, Removal
from async_rollout.core.sight import Instance, Sight
from async_rollout.core.spec import RolloutSpec
from stories import (
    at_max,
    autoscaler,
    bad_before_command,
    creeping,
    in_place,
    owners_suspensions,
    plain,
    registered_nowhere,
    sick_version,
    two_conductors,
    with_gap,
)


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """name: what is broken; law: how the sentence that catches it begins; spoil: breaks it; story: where it shows."""

    name: str
    law: str
    spoil: Callable[[pytest.MonkeyPatch], None]
    story: Callable[[], list[str]]


def off_by_one(field: str, by: int) -> Callable[[pytest.MonkeyPatch], None]:
    def spoil(patch: pytest.MonkeyPatch) -> None:
        real = budget.bounds
        patch.setattr(
            budget,
            "bounds",
            lambda spec, base: replace(real(spec, base), **{field: getattr(real(spec, base), field) + by}),
        )

    return spoil


def swap(module: object, name: str, new: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(module, name, new)


def resume_everything(draft: Draft) -> Draft:
    names = tuple(sorted(draft.sight.group.suspended))
    return draft.act(actions.Resume(processes=names)) if names else draft.act(actions.Erase())


def unrecorded(draft: Draft, instance: Instance, *, surplus: bool = False) -> Draft:
    return draft.act(actions.Deregister(registrations=tuple(lanes.registrations(instance))))


def never_shrinks(draft: Draft, lane: Lane) -> Draft:
    return draft.lane(replace(lane, removal=Removal.KEEP)).act(actions.Terminate(instance=lane.id, shrink=False))


def always_shrinks(draft: Draft, lane: Lane) -> Draft:
    return draft.lane(replace(lane, removal=Removal.SHRINK)).act(actions.Terminate(instance=lane.id, shrink=True))


def base_follows_the_field(journal: Journal, sight: Sight, seen: object) -> budget.Reckoned:
    return budget.Reckoned(
        journal=replace(journal, base=sight.group.desired, asked=sight.group.desired), explained=True
    )


def base_never_follows(journal: Journal, sight: Sight, seen: object) -> budget.Reckoned:
    return budget.Reckoned(journal=replace(journal, asked=sight.group.desired), explained=True)


def only_rows_boot(spec: RolloutSpec, sight: Sight, known: memory.Memory, journal: Journal) -> budget.Tally:
    found = REAL_TALLY(spec, sight, known, journal)
    rows = sum(one.booting for one in sight.instances)
    return replace(found, booting=rows, exist=len(sight.instances))


REAL_TALLY = budget.tally


def spoil_tally(patch: pytest.MonkeyPatch) -> None:
    for module in (draft, laws):
        patch.setattr(module, "tally", only_rows_boot)


def spoil_ready(patch: pytest.MonkeyPatch) -> None:
    """`all([])`: what is not listed as unhealthy is healthy."""

    def ready(spec: RolloutSpec, sight: Sight, one: Instance) -> bool:
        return one.in_service and all(target.state == "healthy" for target in one.targets)

    patch.setattr(recall, "is_ready", ready)


def spoil_in_service(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recall, "is_ready", lambda spec, sight, one: one.in_service)


def spoil_drained(patch: pytest.MonkeyPatch) -> None:
    """A draining target is taken for gone."""
    for module in (stages, lanes):
        patch.setattr(module, "is_registered", lambda target: target.state != "draining")


def spoil_suspended(patch: pytest.MonkeyPatch) -> None:
    """All four are noted as ours, the owner's too."""
    real = begin._first
    patch.setattr(begin, "_first", lambda spec, snapshot: replace(real(spec, snapshot), suspended=SUSPENDED_BY_US))


def spoil_failed_hook(patch: pytest.MonkeyPatch) -> None:
    """A failed before-command is taken for a good one."""
    patch.setattr(trouble, "_hooks", lambda draft: iter(()))
    patch.setattr(trouble, "_failed_mark", lambda lane, code: Mark.ENDED)


def spoil_lease(patch: pytest.MonkeyPatch) -> None:
    """Another's record is taken over whoever holds it."""
    patch.setattr(begin, "LEASE", 10_000)
    real = begin.of_another

    def grab(spec: RolloutSpec, snapshot: object, record: Journal) -> object:
        return real(spec, replace(snapshot, holder_dead=True), record)  # type: ignore[type-var]

    patch.setattr(decide, "of_another", grab)


def spoil_maximum(patch: pytest.MonkeyPatch) -> None:
    """The maximum is not put back."""
    real = finish.finish

    def forgets(draft: Draft) -> Draft:
        return real(draft.write(replace(draft.journal, raised=0)))

    patch.setattr(advance, "finish", forgets)


def spoil_proof(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(advance, "_is_proven", lambda draft, tally: True)


def spoil_law_five(patch: pytest.MonkeyPatch) -> None:
    """Neither the decision nor the guard asks for a proven one first."""
    spoil_proof(patch)
    patch.setattr(laws, "LAWS", tuple(law for law in laws.LAWS if law is not laws.a_new_one_is_proven_first))


SABOTAGES = (
    Sabotage(name="floor off by one", law="law 1", spoil=off_by_one("floor", -1), story=plain),
    Sabotage(name="ceiling off by one", law="law 2", spoil=off_by_one("ceiling", 1), story=plain),
    Sabotage(name="booting counted from rows", law="law 2", spoil=spoil_tally, story=plain),
    Sabotage(name="an empty list is all healthy", law="law ", spoil=spoil_ready, story=registered_nowhere),
    Sabotage(name="InService is healthy", law="law ", spoil=spoil_in_service, story=sick_version),
    Sabotage(name="no proof before the first", law="law 5", spoil=spoil_law_five, story=with_gap),
    Sabotage(
        name="resume everything",
        law="law 8",
        spoil=swap(finish, "put_processes_back", resume_everything),
        story=owners_suspensions,
    ),
    Sabotage(name="the owner's suspensions noted as ours", law="law ", spoil=spoil_suspended, story=owners_suspensions),
    Sabotage(name="deregister without record", law="law 3", spoil=swap(advance, "open_lane", unrecorded), story=plain),
    Sabotage(name="never shrink", law="law ", spoil=swap(lanes, "_terminated", never_shrinks), story=plain),
    Sabotage(name="always shrink", law="law ", spoil=swap(lanes, "_terminated", always_shrinks), story=in_place),
    Sabotage(name="a draining target is gone", law="walkthrough", spoil=spoil_drained, story=plain),
    Sabotage(
        name="base follows the field", law="law ", spoil=swap(decide, "reckon", base_follows_the_field), story=creeping
    ),
    Sabotage(
        name="base never follows", law="law 7", spoil=swap(decide, "reckon", base_never_follows), story=autoscaler
    ),
    Sabotage(name="the maximum stays raised", law="law 7", spoil=spoil_maximum, story=at_max),
    Sabotage(name="a failed command is good", law="walkthrough", spoil=spoil_failed_hook, story=bad_before_command),
    Sabotage(name="the lease is not respected", law="law 11", spoil=spoil_lease, story=two_conductors),
)
