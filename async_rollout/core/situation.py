"""One look, judged: what is seen, remembered and recorded, what is counted of it, and the limits that hold for it.

`trouble` and its like read it; a draft is one, with what is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from async_rollout.core.belief import Belief
from async_rollout.core.budget import Tally, tally
from async_rollout.core.journal import Departure, Journal
from async_rollout.core.observation import Observation
from async_rollout.core.policy import PROTECTED
from async_rollout.core.spec import RolloutSpec


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
        return replace(tally(self.spec, self.observation, self.belief, self.journal), held=self.held)

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
        return self.journal.cutoff is not None and not old and len(self.tally.available) >= self.tally.base

    def draining_since(self, departure: Departure) -> float:
        """Since when this process saw it drain: a resumed run begins the limit anew."""
        return self.belief.stage_since(departure.id)

    @property
    def launch_limit(self) -> float:
        """Seconds that a new instance may boot: the owner's limit, and what its lifecycle hooks may take."""
        survey = self.belief.survey
        return self.spec.limits.launch + (survey.launch_heartbeat if survey else 0.0)

    @property
    def drain_limit(self) -> float:
        """Seconds that an old one may drain: the owner's limit, and the longest deregistration delay."""
        return self.spec.limits.drain + self.observation.longest_drain

    @property
    def terminate_limit(self) -> float:
        """Seconds from the terminate call until it must be gone: AWS drains once more, and runs lifecycle hooks."""
        survey = self.belief.survey
        return (
            self.spec.limits.terminate
            + self.observation.longest_drain
            + (survey.terminate_heartbeat if survey else 0.0)
        )

    @property
    def patience(self) -> float:
        """Seconds that nothing at all may come forward: every single wait's limit, one after the other."""
        limits = self.spec.limits
        hook = limits.hook if self.spec.one_by_one else 0.0
        single = self.launch_limit + limits.healthy + self.drain_limit + self.terminate_limit
        protected = any(history.protected_since is not None for history in self.belief.histories.values())
        return single + hook + self.spec.wait_before_terminate + (PROTECTED if protected else 0.0)
