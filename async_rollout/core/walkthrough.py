"""The whole rollout as a person would tell it, in order; the page `start` prints it."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.core.life import NEWCOMER, WAY_OUT
from async_rollout.core.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of it; stage: the stage in which an instance waits there, if any."""

    phase: str
    text: str
    stage: Stage | None = None


ASIDE = (Stage.AILING, Stage.SERVING)
"""Steps in which nothing is done to an instance."""
BEFORE = (
    "The group exists, and nothing else is at work on it",
    "No process that a rollout needs is suspended (unless `--force`)",
    "The group settles: every instance InService, as many as desired",
    "Every instance is healthy at every load balancer and target group (unless `--force`)",
    "What is found is written into the group's tags; from here a killed run can be resumed",
    "AZRebalance, AlarmNotification, ScheduledActions and ReplaceUnhealthy are suspended",
    "The maximum is raised as far as the surge and the draining need",
)
AFTER = (
    "Surplus instances of ours are drained and terminated; the group settles",
    "The maximum is put back, the processes that we suspended are resumed, our tags taken off",
)
WALKTHROUGH = (
    *(Line(phase="before", text=text) for text in BEFORE),
    *(
        Line(phase="loop", text=step.text, stage=step.stage)
        for step in (*NEWCOMER, *WAY_OUT)
        if step.stage not in ASIDE
    ),
    Line(phase="loop", text="And so on until no old instance is left"),
    *(Line(phase="after", text=text) for text in AFTER),
)
