"""Worlds in which the host of a conductor sleeps: its loop's clock stands still meanwhile."""

from __future__ import annotations

from async_rollout.core.actions import CloudAction, SetCapacity
from async_rollout.core.journal import Goal
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Urgency
from support.laws.playing import Door, Part, play
from support.laws.stories import SPEC


class Lid(Door):
    """The first one's host sleeps for minutes when the act that asks for a new instance is next."""

    slept = False

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        if self.part.run == "one" and isinstance(action, SetCapacity) and action.desired and not self.slept:
            self.slept = True
            await self.host.sleep(1000.0)
        return await super().act(group, action, young, urgency)


def asleep() -> list[str]:
    """Another one took over while the first one's host slept: what was about to be sent is not sent on waking."""
    played = play(SPEC, Part(), Part(run="two", at=200.0, goal=Goal.RESTORE), door=Lid)
    sized = [deed for deed in played.deeds if deed.actor == "one" and isinstance(deed.action, SetCapacity)]
    return [f"law 11: one sent {deed.action} on a look of {deed.at - deed.looked:.0f} s" for deed in sized]
