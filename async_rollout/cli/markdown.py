"""A page of Markdown as lines of a terminal."""

from __future__ import annotations

import io
from typing import ClassVar

from rich.console import Console, JustifyMethod
from rich.markdown import Markdown, MarkdownElement, TableDataElement
from rich.text import Text
from rich.theme import Theme

PLAIN_CODE = Theme({"markdown.code": "bold cyan"})
"""Without rich's black ground, which is a row of bars on a light terminal."""


class WholeCell(TableDataElement):
    """A cell whose long words go on in the next line: rich would cut the name of an option."""

    def __init__(self, justify: JustifyMethod) -> None:
        super().__init__(justify)
        self.content = Text("", justify=justify, overflow="fold")


class Page(Markdown):
    """Markdown of which nothing is cut."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "td_open": WholeCell,
        "th_open": WholeCell,
    }


def drawn(text: str, width: int) -> list[str]:
    """The lines of a page, with the colours that this terminal has (`NO_COLOR` is rich's to heed).

    width: columns that a line may take.
    """
    canvas = Console(file=io.StringIO(), force_terminal=True, width=width, theme=PLAIN_CODE)
    with canvas.capture() as captured:
        canvas.print(Page(text, code_theme="ansi_dark", hyperlinks=False))
    return captured.get().splitlines()
