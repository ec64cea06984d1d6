"""Ways to break what the core counts, removes and launches. Each has the law that must catch it and a story.

`endings` holds the further ones: how it begins, who conducts it, how it is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from async_rollout.core import (
    advance,
    attribution,
    budget,
    decide,
    departures,
    draft,
    drain,
    fold,
    history,
    journal,
    laws,
    let_go,
    life,
    lives,
    moves,
    recall,
    serving,
    situation,
    trouble,
)
from async_rollout.core.actions import Deregister, SetCapacity, Terminate
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure, Journal, Mark, Removal
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.policy import GONE, SIZE
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import Stage
from async_rollout.engine import rollout
from support.laws import losses, meddling, meetings, refused, stories
from support.laws.breaking import Sabotage, Spoil, around, both, no, nothing, of_result, swap, yes

NEVER = replace(SIZE, looks=10**6)
"""What is never believed."""


def rows_only(real: Any, spec: Any, observation: Observation, *args: Any) -> budget.Tally:
    """Booting is counted from rows, not from the field."""
    rows = sum(one.booting for one in observation.instances)
    return replace(real(spec, observation, *args), booting=rows, exist=len(observation.instances))


def new_ones_too(real: Any, *args: Any) -> budget.Tally:
    """A new one that serves is in the way as an old one is."""
    found, observation = real(*args), args[1]
    fresh = tuple(one for one in observation.instances if one.id in found.available and one not in found.victims)
    return replace(found, victims=(*fresh, *found.victims) if found.proven_new else found.victims)


def healthy_anywhere(one: Instance, source: str) -> bool:
    return any(target.state == "healthy" for target in one.targets)


def base_is_field(
    journal: Journal, observation: Observation, seen: object, *, absolute: bool
) -> attribution.Attribution:
    field = observation.group.desired
    return attribution.Attribution(journal=replace(journal, base=field, asked=field), explained=True)


def lift_is_field(
    journal: Journal, observation: Observation, seen: object, *, absolute: bool
) -> attribution.Attribution:
    return attribution.Attribution(journal=replace(journal, asked=observation.group.desired), explained=True)


def minimum_first(
    real: Any, journal: Journal, observation: Observation, seen: object, *, absolute: bool
) -> attribution.Attribution:
    """What the minimum asks for is base before it is reckoned what it did to desired."""
    return real(replace(journal, base=max(journal.base, observation.group.minimum)), observation, seen)


def base_first(
    journal: Journal, counted: Journal, drop: int, expected: int, observation: Observation
) -> attribution.Attribution:
    """What somebody takes away is taken from the base, not from our lift."""
    return attribution.Attribution(
        journal=replace(counted, base=max(1, journal.base - drop)), explained=True, lowered=True
    )


def any_target_listed(spec: Any, observation: Observation, one: Instance) -> bool:
    """`all([])`: what is not listed as unhealthy is healthy."""
    return one.in_service and all(target.state == "healthy" for target in one.targets)


def never_reset(real: Any, self: Any, was: history.History, *args: Any) -> history.Streak:
    """A bad look does not end a streak of good ones."""
    found, good = real(self, was, *args), was.streak.good
    return replace(found, good=max(found.good, good + (found.good > 0 and good > 0 and found.good == 1)))


def row(stage: Stage, done: Callable[[lives.Life], bool]) -> Spoil:
    """A step of a life that is over at other times."""
    changed = {
        name: tuple(replace(step, done=done) if step.stage is stage else step for step in getattr(life, name))
        for name in ("NEWCOMER", "WAY_OUT")
    }
    return both(*(swap(life, name, course) for name, course in changed.items()))


def one_look(one: lives.Life) -> bool:
    return one.history.streak.good > 0 and (one.history.passed or one.spec.hooks.up_check is None)


def never(*_: Any) -> None:
    """Since no time at all."""


def on_row(target: Any) -> bool:
    """A draining target is taken for gone."""
    return target.state != "draining" and TargetState.UNUSED is not target.state


def unrecorded(draft: Draft, instance: Instance, *, surplus: bool = False) -> Draft:
    return draft.act(Deregister(registrations=tuple(drain.registrations(instance))))


def keeps(draft: Draft, departure: Departure) -> Draft:
    return draft.departure(replace(departure, removal=Removal.KEEP)).act(Terminate(instance=departure.id, shrink=False))


def shrinks(draft: Draft, departure: Departure) -> Draft:
    return draft.departure(replace(departure, removal=Removal.SHRINK)).act(
        Terminate(instance=departure.id, shrink=True)
    )


def again(draft: Draft, departure: Departure) -> Draft:
    """What still shows is terminated once more, at once."""
    return draft.act(Terminate(instance=departure.id, shrink=departure.removal is Removal.SHRINK))


def resent(draft: Draft, departure: Departure) -> Draft:
    """After half a minute it is sent again, whatever the activities say."""
    since = draft.belief.history(departure.id).removal
    return again(draft, departure) if since is not None and draft.at - since.at >= 30 else draft


def unasked(real: Any, one: Draft, *most: int | None) -> Draft:
    """Desired is set and the record does not say so."""
    done = real(one, *most)
    return replace(done, journal=replace(done.journal, asked=one.journal.asked)) if done.acts != one.acts else done


def unraised(self: Draft, to: int) -> Draft:
    return self.act(SetCapacity(maximum=to))


def max_at_once(real: Any, one: Draft, *limit: int | None) -> Draft:
    """The maximum is put back while the lift still needs it."""
    done, most = real(one, *limit), one.journal.found.maximum
    return done.act(SetCapacity(maximum=most)) if one.observation.group.desired > most else done


def skipped(self: Draft, departure: Departure, point: HookPoint) -> Draft:
    return self.departure(departure.marked(point, Mark.ENDED))


def ended(real: Any, self: Draft, departure: Departure, point: HookPoint) -> Draft:
    """A command counts as ended when it has begun."""
    done = real(self, departure, point)
    return done.departure(departure.marked(point, Mark.ENDED)) if done.acts != self.acts else done


BOUNDS = budget.bounds

COUNTING = (
    Sabotage(name="floor off by one", law="law 1:", guard="law 1:", story=stories.three,
             spoil=of_result(budget, "bounds", floor=lambda one: one.floor - 1)),
    Sabotage(name="ceiling off by one", law="law 2:", guard="law 2:", story=stories.plain,
             spoil=of_result(budget, "bounds", ceiling=lambda one: one.ceiling + 1)),
    Sabotage(name="no bound of what exists", law="law 2:", guard="law 2:", story=stories.strictly,
             spoil=of_result(budget, "bounds", exist=99)),
    Sabotage(name="max draining ignored", law="law 2:", story=stories.wide,
             spoil=swap(advance, "_free_departure", yes)),
    Sabotage(name="booting counted from rows", law="law 2:", guard="law 2:", story=stories.plain,
             spoil=around(situation, "tally", rows_only)),
    Sabotage(name="the floor is not asked", law="law 1:", guard="law 1:", story=stories.three,
             spoil=swap(budget.Tally, "may_go", yes)),
    Sabotage(name="the ill one's place is not asked", law="law 1:", story=meddling.outage_in_place,
             spoil=around(budget.Tally, "may_go", lambda real, self, who: who in self.ill or real(self, who))),
    Sabotage(name="room without bound", law="law 2:", guard="law 2:", story=stories.plain,
             spoil=swap(budget.Tally, "room", 3)),
    Sabotage(name="a proven new one is a victim", law="law 6:", guard="law 3:", story=stories.plain,
             spoil=around(situation, "tally", new_ones_too)),
    Sabotage(name="everybody is old for ever", law="law 16:", story=stories.plain,
             spoil=both(swap(budget, "is_old", yes), swap(laws, "is_old", yes))),
    Sabotage(name="dead ones do not go first", law="law 4:", story=meddling.dead_one,
             spoil=swap(budget, "_rank", lambda one, ill: budget.WELL)),
    Sabotage(name="nobody is ever ill", law="law 12:", story=meddling.sick_newcomer,
             spoil=swap(budget, "_is_ill", no)),
    Sabotage(name="a proven one that sickens is no victim", law="law 12:", story=meddling.sick_newcomer,
             spoil=swap(budget, "_was_well", no)),
    Sabotage(name="base follows the field", law="law 2:", story=stories.brief,
             spoil=swap(attribution, "attribute_desired", base_is_field)),
    Sabotage(name="a raise is taken for our lift", law="law 7:", story=meddling.raised,
             spoil=swap(attribution, "attribute_desired", lift_is_field)),
    Sabotage(name="a cut is taken from the base", law="law 7:", story=meddling.lowered,
             spoil=swap(attribution, "_cut", base_first)),
    Sabotage(name="an unexplained field is acted upon", law="law 7:", story=meetings.desired_lags,
             spoil=swap(attribution, "_is_steady", yes)),
    Sabotage(name="any maximum is ours", law="law 7:", story=meddling.own_maximum,
             spoil=swap(journal.Journal, "knows_maximum", yes)),
    Sabotage(name="a new minimum counts twice", law="law 2:", story=meddling.minimum_beyond,
             spoil=around(attribution, "attribute_desired", minimum_first)),
    Sabotage(name="what AWS refused is a launch", law="law 18:", story=refused.raise_refused,
             spoil=swap(decide, "unlaunched", lambda journal, belief: journal)),
    Sabotage(name="what was never sent is a launch", law="law 18:", story=refused.raise_never_sent,
             spoil=swap(rollout, "unsent", lambda action, at: HookOutcome(
                 point=HookPoint.UP_CHECK, instance="", ok=True))),
    Sabotage(name="the owner's new sizes are not noted", law="law 12:", story=meddling.higher_minimum,
             spoil=swap(decide, "SIZE", NEVER)),
)  # fmt: skip

PROVING = (
    Sabotage(name="an empty list is all healthy", law="law 1:", story=meddling.registered_nowhere,
             spoil=swap(fold, "is_ready", any_target_listed)),
    Sabotage(name="InService is healthy", law="law 5:", story=stories.sick_version,
             spoil=swap(fold, "is_ready", lambda spec, observation, one: one.in_service)),
    Sabotage(name="one source's health is enough", law="law 5:", story=stories.slow_source,
             spoil=swap(serving, "healthy_at", healthy_anywhere)),
    Sabotage(name="no proof before the first", law="law 5:", guard="law 5:", story=stories.with_gap,
             spoil=swap(situation.Situation, "is_proven_without", yes)),
    Sabotage(name="a bad look does not end a streak", law="law 5:", story=meddling.flapping,
             spoil=around(fold.Fold, "_streak", never_reset)),
    Sabotage(name="one good look is enough", law="law 1:", guard="law 1:", story=stories.plain,
             spoil=both(row(Stage.CHECKING, one_look), swap(lives.Life, "is_seasoned", property(yes)))),
    Sabotage(name="an up-check that failed is good", law="law 5:", story=stories.late_up_check,
             spoil=swap(history.History, "passed", property(yes))),
    Sabotage(name="newcomers that vanish are not counted", law="law 6:", story=stories.dying,
             spoil=swap(fold.Fold, "_lost_since", never)),
    Sabotage(name="newcomers that fail are not counted", law="law 6:", story=stories.sick_in_place,
             spoil=swap(recall, "judged", lambda spec, observation, before, after, since: after)),
    Sabotage(name="two that vanished do not stop it", law="law 6:", story=stories.dying,
             spoil=swap(trouble, "failures_most", lambda spec, journal: 10**6)),
    Sabotage(name="a launch error for good is waited for", law="law 6:", story=stories.no_image,
             spoil=swap(trouble, "hopeless", nothing)),
    Sabotage(name="limits are not asked", law="law 12:", story=stories.sick_version,
             spoil=both(swap(trouble, "_limits", nothing), swap(trouble, "_newcomers", nothing))),
)  # fmt: skip

REMOVING = (
    Sabotage(name="deregister without record", law="law 9:", guard="law 3:", story=stories.plain,
             spoil=swap(advance, "open_departure", unrecorded)),
    Sabotage(name="never shrink", law="law 2:", story=stories.plain, spoil=swap(departures, "_terminated", keeps)),
    Sabotage(name="always shrink", law="law 7:", story=stories.in_place,
             spoil=swap(departures, "_terminated", shrinks)),
    Sabotage(name="shrinks under way are not counted", law="law 7:", story=meddling.two_out,
             spoil=swap(departures, "shrinks_under_way", lambda journal, observation: 0)),
    Sabotage(name="a place is kept whatever exists", law="law 2:", story=stories.strictly_with_gap,
             spoil=swap(departures, "crowded", lambda tally, observation, journal: 0)),
    Sabotage(name="a draining target is gone", law="walkthrough", story=stories.plain,
             spoil=both(*(swap(each, "is_registered", on_row) for each in (let_go, drain, serving)))),
    Sabotage(name="listed nowhere is drained", law="walkthrough", story=meetings.unlisted,
             spoil=row(Stage.DRAINING, lambda one: one.is_sent or not let_go.is_listed(one.instance))),
    Sabotage(name="a terminate is sent again at once", law="law 4:", story=meetings.lagging_rows,
             spoil=swap(moves, "spent", again)),
    Sabotage(name="a terminate is sent again unasked", law="law 4:", story=meetings.lagging_rows,
             spoil=swap(departures, "_under_way", no)),
    Sabotage(name="it is taken out while it is being told", law="law 10:", guard="law 10:", story=stories.told_first,
             spoil=row(Stage.PREPARING, yes)),
    Sabotage(name="the floor is not asked again when it was told", law="law 1:", guard="law 1:",
             story=losses.sickens_while_one_is_told,
             spoil=both(swap(departures, "_has_to_stay", no), swap(drain, "is_needed", no))),
    Sabotage(name="who is being told counts as gone", law="law 2:", guard="law 2:", story=stories.told_first,
             spoil=around(situation, "tally", lambda real, *args: replace(real(*args), held=0))),
    Sabotage(name="the before-command is skipped", law="law 10:", story=stories.commands,
             spoil=swap(moves, "commanded", skipped)),
    Sabotage(name="a begun command is an ended one", law="law 10:", story=stories.commands,
             spoil=around(moves, "commanded", ended)),
    Sabotage(name="the after-command is skipped", law="law 10:", story=stories.commands,
             spoil=swap(departures, "commanded", lambda one, departure, point: one.drop(departure.id))),
    Sabotage(name="the wait is skipped", law="law 10:", story=stories.commands,
             spoil=swap(departures, "_resting_since", lambda one, departure: 0.0)),
    Sabotage(name="a failed command is good", law="law 10:", story=stories.bad_before_command,
             spoil=both(swap(trouble, "_hooks", nothing),
                        swap(trouble, "_failed_mark", lambda code, goes: Mark.ENDED))),
    Sabotage(name="a departure is dropped after one look without it", law="law 9:", story=meetings.gappy,
             spoil=swap(history, "GONE", replace(GONE, looks=1))),
    Sabotage(name="desired is set unrecorded", law="law 9:", guard="law 9:", story=stories.plain,
             spoil=around(advance, "ask_for_more", unasked)),
    Sabotage(name="the maximum is raised unrecorded", law="law 9:", guard="law 9:", story=stories.at_max,
             spoil=swap(draft.Draft, "set_maximum", unraised)),
    Sabotage(name="the maximum is lowered too early", law="law 8:", guard="law 8:", story=stories.at_max,
             spoil=around(advance, "take_out", max_at_once)),
)  # fmt: skip
