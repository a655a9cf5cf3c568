"""Translate other formats into Markdown, so that one Markdown reader serves all notes.

Each module has one function that takes the lines of a file; here is what they share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Each level is two to the Markdown parser, list and item, and it gives up below twenty.
MAX_LIST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Translated:
    """A note in Markdown, line for line; its head stands in `fields`, not in the lines."""

    lines: list[str]  # as shown
    markup: list[str]  # the same lines as Markdown, as many
    numbers: Sequence[int]  # the file's line of each of `lines`, counted from 1, never falling
    fields: Mapping[str, object] = field(default_factory=dict)  # keys in lower case


class LineTranslator:
    """The state that org and reStructuredText share: `markup` grows by a line for each line read.

    They indent as their writers like; Markdown takes four columns for code, and wants what
    belongs to an item exactly below its text.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.markup: list[str | None] = []  # None for a line of the head
        self._items: list[tuple[int, int]] = []  # those open: columns of bullet, and of text

    def result(self, fields: Mapping[str, object]) -> Translated:
        """Return the lines that are not of the head."""
        kept = [(number, line) for number, line in enumerate(self.markup) if line is not None]
        return Translated(
            [self.lines[number] for number, _ in kept],
            [line for _, line in kept],
            [number + 1 for number, _ in kept],
            fields,
        )

    def end_lists(self) -> None:
        """Close all items: a heading or a rule ends every list."""
        self._items.clear()

    def margin(self, indent: int) -> str:
        """Return the white space before a line of text; close the items it stands left of."""
        while self._items and self._items[-1][0] >= indent:
            self._items.pop()
        return " " * self._items[-1][1] if self._items else ""

    def item_margin(self, indent: int, bullet: str) -> str:
        """Return the white space before an item, and open it for the lines below."""
        margin = self.margin(indent)
        if len(self._items) < MAX_LIST_LEVELS:
            self._items.append((indent, len(margin) + len(bullet) + 1))
        return margin


def indent_of(line: str) -> int:
    """Count the columns of white space that a line opens with; a tab goes to the next eighth."""
    white = line[: len(line) - len(line.lstrip())]
    return len(white.expandtabs(8)) if "\t" in white else len(white)


def fence_around(text: str) -> str:
    """Return a fence of backticks that no run inside the text can end."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
