"""The view for GitHub Actions: plain lines, then a fold a group with all of its lines; annotations; a step summary.

Groups run at once and a log can fold one of them at a time: so the folds come at the end, each with its own story.
Only this module writes runner commands; whatever else is said begins with a time of day, which is none.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from async_rollout.core.events import Event, GoalChanged, RolloutEnded, Warned
from async_rollout.core.wording import told_of
from async_rollout.render import Appendix, Behind, Write
from async_rollout.render.board import Board, GroupBoard, Key, key_of
from async_rollout.render.ending import Ending, ending
from async_rollout.render.plain import Plain, Stamp
from async_rollout.render.safe import no_order, safe
from async_rollout.render.words import lasting

ANNOTATIONS_MAX = 10
"""So many of each level are shown a step; GitHub leaves out what is more."""
KEPT = 2_000
"""Lines kept a group for its fold."""


def view(write: Write, *, verbose: bool = False, behind: Behind) -> Github:
    """The view for `--output github`."""
    return Github(write, verbose=verbose)


class Github:
    """Plain lines with GitHub's own signs beside them. verbose: as for plain."""

    in_place = False

    def __init__(self, write: Write, *, verbose: bool = False, stamp: Stamp | None = None) -> None:
        self._write = write
        self._group: Key = ("", "", "")
        self._kept: defaultdict[Key, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._annotated = {"error": 0, "warning": 0}
        self._plain = Plain(self._line, verbose=verbose, stamp=stamp)

    @property
    def board(self) -> Board:
        """All that was told."""
        return self._plain.board

    def tell(self, event: Event) -> None:
        """Write the lines of one event, and its annotation."""
        self._group = key_of(event)
        self._plain.tell(event)
        match event:
            case Warned(text=text):
                self._annotate("warning", event.group, text)
            case GoalChanged(cause=cause, toward=toward):
                then = f", then rolled back to {told_of(toward)}" if toward else ""
                self._annotate("warning", event.group, f"everything is put back{then}: {cause}")
            case RolloutEnded(verdict=verdict) if verdict.code:
                self._annotate("error", event.group, _in_full(self.board.of(event)))

    def say(self, line: str) -> None:
        """Write a line as it is, unless the runner would take it for a command."""
        self._write(no_order(line))

    def end(self, code: int, error: str = "") -> None:
        """The folds, one a group, and the last line."""
        self._plain.end(code, error)
        for key, lines in self._kept.items():
            if key in self.board.groups and len(self._kept) > 1:
                group = self.board.groups[key]
                self._write(f"::group::{_message(f'{group.name}: {_came_to(group)}')}")
                for line in lines:
                    self._write(line)
                self._write("::endgroup::")
        if error:
            self._annotate("error", "", error)

    def appendix(self, environment: Mapping[str, str]) -> Appendix | None:
        """GitHub shows what is appended to that file on the page of the run."""
        file = environment.get("GITHUB_STEP_SUMMARY")
        if not file or not self.board.groups:
            return None
        return Appendix(what="the step summary", file=file, text=summary(self.board))

    def _line(self, line: str) -> None:
        self._kept[self._group].append(line)
        self._write(line)

    def _annotate(self, level: str, group: str, text: str) -> None:
        self._annotated[level] += 1
        if self._annotated[level] <= ANNOTATIONS_MAX:
            title = f"async-rollout {group}".strip()
            self._write(f"::{level} title={_property(title)}::{_message(text)}")


def summary(board: Board) -> str:
    """What `$GITHUB_STEP_SUMMARY` takes: a table in Markdown."""
    head = ["### async-rollout", "", "| group | outcome | replaced | time | next |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, board.groups.values()), ""])


def _row(group: GroupBoard) -> str:
    next = ending(group.verdict, group.name).next if group.verdict else ""
    cells = (
        _cell(group.name),
        _cell(_came_to(group)),
        f"{group.done} of {group.total}",
        lasting(group.took),
        _cell(next),
    )
    return f"| {' | '.join(cells)} |"


def _came_to(group: GroupBoard) -> str:
    if group.verdict is None:
        return "not at its end"
    why = ending(group.verdict, group.name, group.cause).why
    return f"{group.verdict.outcome}: {why}" if why else str(group.verdict.outcome)


def _in_full(group: GroupBoard) -> str:
    """With the state that it is in, and what to type."""
    end = ending(group.verdict, group.name, group.cause) if group.verdict else Ending(why="")
    return "; ".join([_came_to(group), *end.state, *([f"next: {end.next}"] if end.next else [])])


def _message(text: str) -> str:
    return safe(text).replace("%", "%25")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Neither Markdown nor HTML is left in it."""
    marked = "".join(f"&#{ord(letter)};" if letter in "\\`*_{}[]()<>#+!|&~$@" else letter for letter in safe(text))
    return marked or " "
