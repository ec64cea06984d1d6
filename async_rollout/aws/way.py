"""On what terms the calls of one act go to AWS: whose they are, how urgent, and until when they may leave."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.aws.calls import Call
from async_rollout.engine.clocks import Young
from async_rollout.engine.ports import Answer, Late, Urgency


class Way:
    """One act's. begun: something of it was sent, so the rest goes before acts of which nothing was."""

    def __init__(self, group: str, young: Young, urgency: Urgency) -> None:
        self.group, self.young = group, young
        self.begun = False
        self._urgency = urgency

    @property
    def urgency(self) -> Urgency:
        return min(self._urgency, Urgency.FOLLOWING) if self.begun else self._urgency

    def of(self, call: Call) -> Call:
        """The call on these terms."""
        return replace(call, group=self.group, young=self.young, urgency=self.urgency)

    def noted(self, answer: Answer) -> Answer:
        """The answer to one of its calls."""
        self.begun = self.begun or not isinstance(answer, Late)
        return answer
