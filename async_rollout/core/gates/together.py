"""Together: of work that is moved, the old ones of a batch go at the same time, once all the new ones of it serve.

Gone one by one each would leave its work to the next that goes. The first goes alone: `at_rest` sees to that.
"""

from __future__ import annotations

from async_rollout.core.actions import Wait
from async_rollout.core.gates.gate import Answer, Closed, Open
from async_rollout.core.journal import Journal
from async_rollout.core.observation import Instance
from async_rollout.core.situation import Situation
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage, is_new
from async_rollout.core.traffic import called


class Together:
    """See the module's docstring. New ones come meanwhile, as many as there is room for."""

    def needs(self, spec: RolloutSpec, record: Journal) -> bool:
        return record.replaced > 0

    def ask(self, situation: Situation) -> Answer:
        sources = [source for source in situation.observation.sources if source.together and not source.gone]
        climbing, tally = [one for one in situation.observation.instances if _climbs(situation, one)], situation.tally
        coming = len(climbing) + max(0, tally.booting - sum(one.booting for one in climbing)) + tally.room
        if not sources or not tally.victims or not coming:
            return Open()
        since = min((situation.belief.stage_since(one.id) for one in climbing), default=situation.at)
        serve = f"{len(tally.proving)} of {len(tally.proving) + coming} new ones serve"
        why = f"{serve}: the old ones go together once all do, so that work is not moved onto one that goes next"
        return Closed(Wait(on=", ".join(map(called, sources)), why=why, since=since), launches=True)

    def passed(self, record: Journal) -> Journal:
        return record


def _climbs(situation: Situation, instance: Instance) -> bool:
    """A new one that is to serve and does not as yet. One that failed nobody waits for."""
    ours = is_new(situation.journal, instance) or instance.booting
    out = situation.journal.departure(instance.id) or situation.belief.history(instance.id).failed
    return ours and instance.takes_part and not out and situation.belief.stage(instance.id) is not Stage.AVAILABLE


TOGETHER = Together()
