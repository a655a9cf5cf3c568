"""Translate other formats into Markdown, so that one Markdown reader serves all notes.

Each format has one function that takes the lines of a file. They share what is here: the value
that they return, the margins of lists in org and rst, and the writer of lines for HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Each level is two to the Markdown parser, list and item, and it gives up below twenty.
_MAX_LIST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Translated:
    """A note in Markdown, line for line; its head stands in `fields`, not in the lines."""

    lines: list[str]  # as shown
    markup: list[str]  # the same lines as Markdown, as many
    numbers: Sequence[int]  # the file's line of each of `lines`, counted from 1, never falling
    fields: Mapping[str, object] = field(default_factory=dict)  # keys in lower case
    link_ids: Sequence[str] = ()  # by which other files link to this one, or to a place in it


class LineTranslator:
    """The state that org and reStructuredText share: `markup` grows by a line for each line read.

    They indent as their writers like; Markdown takes four columns for code, and wants what
    belongs to an item exactly below its text.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.markup: list[str | None] = []  # None for a line of the head
        self._items: list[tuple[int, int]] = []  # those open: columns of bullet, and of text
        self.link_ids: list[str] = []

    def result(self, fields: Mapping[str, object]) -> Translated:
        """Return the lines that are not of the head."""
        kept = [(number, line) for number, line in enumerate(self.markup) if line is not None]
        return Translated(
            [self.lines[number] for number, _ in kept],
            [line for _, line in kept],
            [number + 1 for number, _ in kept],
            fields,
            self.link_ids,
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
        if len(self._items) < _MAX_LIST_LEVELS:
            self._items.append((indent, len(margin) + len(bullet) + 1))
        return margin


@dataclass
class _Container:
    """A quote, list or item that is open."""

    name: str
    first: str  # the margin of its first line, bullets included
    rest: str  # the margin of the others
    fresh: bool = True  # has it no line yet?
    items: int | None = None  # of a numbered list, so far


class LineWriter:
    """The lines written so far, each with its line in the page, and the open containers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.numbers: list[int] = []
        self._open: list[_Container] = []
        self._counts: Counter[str] = Counter()  # of the open ones, by name

    def write(self, text: str, number: int) -> None:
        """Write one line inside the open containers."""
        margin = ""
        if self._open:
            margin = self._open[-1].first if self._open[-1].fresh else self._open[-1].rest
        self._append(f"{margin}{text}".rstrip(), number)
        for container in reversed(self._open):  # the fresh ones are the innermost
            if not container.fresh:
                break
            container.fresh = False

    def blank(self) -> None:
        """Write a blank line, unless there is one or nothing stands above."""
        if not self._ends_blank():
            margin = next((c.rest for c in reversed(self._open) if not c.fresh), "")
            self._append(margin.rstrip(), self.numbers[-1])

    def open(self, name: str, first: str, rest: str = "", items: int | None = None) -> None:
        """Open a container; past the deepest level it stands beside those there."""
        outer_first = outer_rest = ""
        if len(self._open) > _MAX_LIST_LEVELS * 2:
            outer_first = outer_rest = self._open[_MAX_LIST_LEVELS * 2].rest
            rest = ""
        elif self._open:
            above = self._open[-1]
            outer_rest = above.rest
            outer_first = above.first if above.fresh else above.rest
        self._open.append(_Container(name, outer_first + first, outer_rest + rest, items=items))
        self._counts[name] += 1

    def open_item(self) -> None:
        """Open an item of the innermost list, closing the one before it."""
        if self._open and self._open[-1].name == "li":
            self.close("li")
        bullet = "- "
        if self._open and self._open[-1].items is not None:
            self._open[-1].items += 1
            bullet = f"{self._open[-1].items}. "
        self.open("li", bullet, " " * len(bullet))

    def close(self, name: str) -> None:
        """Close the innermost container of a name with all in it; none may be open."""
        if not self._counts[name]:
            return
        while self._open:
            container = self._open.pop()
            self._counts[container.name] -= 1
            if container.name == name:
                break
        if name == "blockquote" and self.lines and self._ends_blank():
            self.lines[-1] = ""  # so that the next quote is one of its own

    def in_item(self) -> bool:
        """Check whether an item is open."""
        return self._counts["li"] > 0

    def is_fresh(self) -> bool:
        """Check whether a container is open that has no line yet."""
        return bool(self._open) and self._open[-1].fresh

    def trim(self) -> None:
        """Drop blank lines at the end."""
        while self.lines and self._ends_blank():
            self.lines.pop()
            self.numbers.pop()

    def _ends_blank(self) -> bool:
        return not self.lines or not self.lines[-1].strip("> ")

    def _append(self, line: str, number: int) -> None:
        self.lines.append(line)
        self.numbers.append(max(number, self.numbers[-1]) if self.numbers else number)


def indent_of(line: str) -> int:
    """Count the columns of white space that a line opens with; a tab goes to the next eighth."""
    white = line[: len(line) - len(line.lstrip())]
    return len(white.expandtabs(8)) if "\t" in white else len(white)


def fence_around(text: str) -> str:
    """Return a fence of backticks that no run inside the text can end."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
