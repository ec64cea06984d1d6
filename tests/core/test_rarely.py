"""What is seldom reached: a bound, an unknown launch time, a protection that comes too late, what is said then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.journal import Cause, Departure, Goal, Mark, Removal
from async_rollout.core.moves import move
from async_rollout.core.observation import Instance
from async_rollout.core.policy import PROTECTED
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.core.standing import Standing, onward, way_out
from async_rollout.core.trouble import trouble
from support.drafts import NOW, draft_of
from support.drawn import AT, ident

OUT = Departure(id=ident(0), at=int(AT), before=Mark.BEGUN)
PARKED = replace(OUT, before=Mark.FAILED, removal=Removal.PARKED)


def test_the_bound_of_launches_is_a_cause_where_one_more_is_needed() -> None:
    found = trouble(draft_of("SSS", record={"launches": 99}))
    assert found == Cause(code=1, text="99 launches were asked for, more than this group may need")
    assert trouble(draft_of("NNN", record={"launches": 99})) is None, "nothing is left to launch for"


def test_who_was_launched_nobody_knows_when_is_named_when_the_limit_is_over() -> None:
    def at(seconds: float) -> Cause | None:
        draft = draft_of("SSS", record={"cutoff": None}, began=NOW - seconds)
        first, *rest = draft.observation.instances
        observation = replace(draft.observation, instances=(replace(first, launched_at=None), *rest))
        return trouble(replace(draft, observation=observation))

    late = at(601.0)
    assert late is not None and late.text == f"EC2 does not tell when {ident(0)} was launched"
    assert at(600.0) is None


@pytest.mark.parametrize(("ago", "late"), [(PROTECTED + 1, True), (PROTECTED - 1, False)])
def test_one_that_got_protected_after_its_command_had_begun_is_waited_for_and_then_a_cause(
    ago: float, late: bool
) -> None:
    found = trouble(
        draft_of("DSSN", record={"departures": (OUT,)}, histories={ident(0): {"protected_since": NOW - ago}})
    )
    assert (found is not None and "after its before-command had begun" in found.text) is late


def test_a_restore_leaves_it_out_and_says_so() -> None:
    drawn = draft_of(
        "DSSN",
        RolloutSpec(limits=Limits(launch=600.0)),
        record={
            "departures": (replace(OUT, before=Mark.ENDED),),
            "goal": Goal.RESTORE,
            "cause": Cause(code=1, text="x"),
        },
        histories={ident(0): {"protected_since": NOW - PROTECTED - 1, "unlisted": 9}},
    )
    (first, *rest) = drawn.observation.instances
    observation = replace(drawn.observation, instances=(replace(first, protected=True, targets=()), *rest))
    draft = replace(drawn, observation=observation)
    done = move(draft, ident(0))
    assert done.stuck == (
        f"{ident(0)} is out of its load balancers, and protected from scale-in: it is not terminated",
    )
    assert not done.acts


@pytest.mark.parametrize(
    ("departure", "one", "words"),
    [
        (OUT, None, "gone"),
        (replace(OUT, after=Mark.BEGUN), None, "gone, its after-terminate command is not over"),
        (OUT, Instance(id=OUT.id, lifecycle="Terminating"), "shutting down"),
        (replace(OUT, removal=Removal.SHRINK), Instance(id=OUT.id), "to be terminated"),
        (PARKED, Instance(id=OUT.id), "to be put into Standby: its before-command failed"),
        (PARKED, Instance(id=OUT.id, lifecycle="Standby"), "in Standby: its before-command failed"),
        (OUT, Instance(id=OUT.id), "drained, its before-terminate command has begun"),
        (replace(OUT, before=Mark.NOT), Instance(id=OUT.id), "out of its load balancers"),
        (replace(OUT, draining=Mark.BEGUN), Instance(id=OUT.id), "serving, its before-draining command has begun"),
    ],
)
def test_how_far_one_on_its_way_out_is(departure: Departure, one: Instance | None, words: str) -> None:
    assert way_out(departure, one) == words


STANDING = Standing(run="a", holder="h/b/1/2/3", at=NOW, until=int(NOW) - 1, alive=False, goal="replace")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"alive": None}, "wait for its holder"),
        ({"anew": "the template is another one"}, "begin anew, since the template is another one"),
        ({"goal": "restore"}, "replace what is left, rather than put it back"),
        ({}, "go on with what is left"),
    ],
)
def test_what_run_would_do_with_a_record(fields: dict[str, object], words: str) -> None:
    assert words in onward(replace(STANDING, **fields))
