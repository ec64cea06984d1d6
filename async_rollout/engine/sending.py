"""One act after the other to a group's cloud; a launch under way is given up for an order to stop at once."""

from __future__ import annotations

import anyio

from async_rollout.core.actions import CloudAction, Launch
from async_rollout.engine.clocks import Young
from async_rollout.engine.ports import Answer, GroupCloud, Unknown, Urgency


class Sending:
    """The acts of one rollout."""

    def __init__(self, cloud: GroupCloud, group: str) -> None:
        self._cloud, self._group, self._launch = cloud, group, anyio.CancelScope()

    async def act(self, action: CloudAction, young: Young, urgency: Urgency) -> Answer:
        """Do one thing, as `GroupCloud.act`.

        AWS may take half a minute for a launch, all that a stop has; it stands in the record, and whoever goes on asks
        what came of it. All else is waited for.
        """
        if not isinstance(action, Launch):
            return await self._cloud.act(self._group, action, young, urgency)
        with anyio.CancelScope() as self._launch:
            return await self._cloud.act(self._group, action, young, urgency)
        return Unknown(why="given up for the order to stop")

    def stop(self) -> None:
        """Give up what may be given up."""
        self._launch.cancel()
