"""One look, judged: what is seen, remembered and recorded, what is counted of it, and the limits that hold for it.

`trouble` and its like read it; a draft is one, with what is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from async_rollout.core.actions import Wait
from async_rollout.core.amounts import amount
from async_rollout.core.belief import Belief
from async_rollout.core.budget import Tally, tally
from async_rollout.core.journal import Departure, Journal
from async_rollout.core.life import STEPS, limit_of, longest, stage_of
from async_rollout.core.lives import Life
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.policy import PROTECTED
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.core.withheld import BEFORE_ITS_END


@dataclass(frozen=True, kw_only=True)  # no slots: what is counted is kept
class Situation:
    """See the module's docstring. held: so many serve on though they have a departure, as the floor needs them."""

    spec: RolloutSpec
    observation: Observation
    belief: Belief
    journal: Journal
    held: int = 0

    @property
    def at(self) -> float:
        """AWS's time of the look."""
        return self.observation.at

    @cached_property
    def tally(self) -> Tally:
        """What is counted of it, once."""
        counted = tally(self.spec, self.observation, self.belief, self.journal)
        return replace(counted, held=counted.held + self.held)

    def over(self, since: float, limit: float) -> bool:
        """Whether a limit counted from then is passed: only time in which somebody looked counts."""
        return self.at - since - self.belief.lost(since) > limit

    @property
    def knows_maximum(self) -> bool:
        """The maximum that was seen is explained."""
        return self.journal.knows_maximum(self.observation.group.maximum)

    @property
    def is_under_way(self) -> bool:
        """Something is still to be taken out, so the four processes have to stay suspended."""
        return bool(self.journal.departures or self.tally.victims or self.tally.idle)

    @property
    def is_replaced(self) -> bool:
        """All old ones are gone and as many new ones serve as the owner wants: more can only be for even zones."""
        old = self.tally.victims or any(not departure.surplus for departure in self.journal.departures)
        return self.journal.cutoff is not None and not old and len(self.tally.ready) >= self.tally.base

    def is_proven_without(self, id: str, counted: Tally | None = None) -> bool:
        """A new one is proven before the first old one goes; without surge that cannot be, the floor alone holds.

        Where as many as the owner wants are available without this one nobody has to take its place: a killed run left
        a lift, of what now counts as old itself, or it is a new one that failed. counted: None: as it is.
        """
        counted = counted or self.tally
        spare = len(counted.available - {id}) >= counted.base
        return counted.proven_new >= 1 or spare or not amount(self.spec.max_surge).up(counted.base)

    def life(self, id: str) -> Life:
        """One instance, by the record as it is about to be."""
        return Life(
            spec=self.spec,
            observation=self.observation,
            journal=self.journal,
            instance=self.observation.instance(id),
            departure=self.journal.departure(id),
            history=self.belief.history(id),
            doubted=bool(self.belief.doubted(self.observation)),
        )

    def stage(self, id: str) -> Stage:
        """Where one stands."""
        return stage_of(self.life(id))

    def waiting(self, stage: Stage, on: str, why: str, since: float) -> Wait:
        """What one who stands in a step waits for, with the step's limit and the option that sets it."""
        return Wait(on=on, why=why, since=since, until=since + self.limit(stage), option=STEPS[stage].option)

    def member(self, id: str) -> Instance:
        """One that the look shows."""
        return next(one for one in self.observation.instances if one.id == id)

    def out(self, id: str) -> Departure:
        """The way out of one that has one."""
        return next(one for one in self.journal.departures if one.id == id)

    def limit(self, stage: Stage) -> float:
        """Seconds that an instance may stand in a step: the owner's limit, and what AWS adds."""
        return limit_of(stage, self.spec, self.observation, self.belief.survey)

    @property
    def patience(self) -> float:
        """Seconds that nothing at all may come forward: every single wait's limit, one after the other."""
        commands = sum(self.spec.hooks.at(point) is not None for point in BEFORE_ITS_END)
        hook = self.spec.limits.hook * max(commands, self.spec.one_by_one)
        protected = any(history.protected_since is not None for history in self.belief.histories.values())
        single = longest(self.spec, self.observation, self.belief.survey)
        return single + hook + (PROTECTED if protected else 0.0)
