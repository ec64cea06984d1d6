"""The canary: one launch and one removal at a time, until the first new instance has stayed ready for long enough."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.actions import Wait
from async_rollout.core.gates.gate import Answer, Closed, Open
from async_rollout.core.journal import Journal
from async_rollout.core.situation import Situation
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import YOUNG, Stage, is_new

CLIMBING = (*YOUNG, Stage.READY, Stage.AILING)


class Canary:
    """See the module's docstring. `life` makes the first one wait; this one lets nobody go beside it."""

    def needs(self, spec: RolloutSpec, record: Journal) -> bool:
        return spec.canary_wait > 0 and not record.canary

    def ask(self, situation: Situation) -> Answer:
        """Passed with the first that is available; until then one is on its way, in or out, and no more."""
        stages, record = situation.belief.stages, situation.journal
        news = [one for one in situation.observation.instances if is_new(record, one) and not record.departure(one.id)]
        if any(stages.get(one.id) is Stage.AVAILABLE for one in news):
            return Open(passed=True)
        failed = {id for id, history in situation.belief.histories.items() if history.failed}
        climbing = [one.id for one in news if stages.get(one.id) in CLIMBING and one.id not in failed]
        going = [departure.id for departure in record.departures if not departure.surplus]
        if not (climbing or going or situation.tally.booting):
            return Open(most=1)
        since = min((situation.belief.stage_since(id) for id in climbing), default=situation.at)
        why = "the first new instance is to stay well before more of them come"
        return Closed(Wait(on="the canary", why=why, since=since, option="--canary-wait"))

    def passed(self, record: Journal) -> Journal:
        return replace(record, canary=True)


CANARY = Canary()
