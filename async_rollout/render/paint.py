"""Lines in colours, where the terminal has them: `NO_COLOR`, `FORCE_COLOR` and `TERM` are rich's to heed."""

from __future__ import annotations

from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style

from async_rollout.core.events import (
    Acted,
    CanaryPassed,
    Event,
    FleetEnded,
    GoalChanged,
    HookEnded,
    HookSaid,
    HookStarted,
    NewcomerFailed,
    Replaced,
    RolloutEnded,
    Throttled,
    Waiting,
    Warned,
)
from async_rollout.render.lines import UP_CHECK
from async_rollout.render.plain import Paint, bare

STYLES = {
    "bad": "bold red", "stop": "yellow", "back": "yellow", "busy": "cyan", "idle": "dim", "good": "green",
    "quiet": "dim", "plain": "none",
}  # fmt: skip
"""How each kind of group, and each kind of line, looks."""


def painting(console: Console) -> Paint:
    """The colours of that console; `bare` if it has none."""
    if console.color_system is None:
        return bare
    system = COLOR_SYSTEMS[console.color_system]
    styles = {name: Style.parse(text) for name, text in STYLES.items()}
    if console.no_color:
        styles = {name: style.without_color for name, style in styles.items()}
    return lambda line, event: styles[manner(event)].render(line, color_system=system)


def manner(event: Event) -> str:
    """How much an event matters to whoever looks over the lines."""
    match event:
        case RolloutEnded(verdict=verdict):
            return "bad" if verdict.code else "good"
        case FleetEnded(code=code):
            return "bad" if code else "good"
        case HookEnded(ok=False, point=point) if point != UP_CHECK:
            return "bad"
        case Acted(answer=answer) if answer != "done":
            return "back"
        case GoalChanged() | NewcomerFailed() | Warned() | Throttled():
            return "back"
        case Replaced() | CanaryPassed():
            return "good"
        case HookStarted() | HookSaid() | HookEnded() | Waiting() | Acted():
            return "quiet"
        case _:
            return "plain"
