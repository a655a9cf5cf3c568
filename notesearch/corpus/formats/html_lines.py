"""Blocks in, lines of Markdown out: the margins of quotes and lists, blank lines between."""

from __future__ import annotations

from dataclasses import dataclass

# Each level is two to the Markdown parser, list and item, and it gives up below twenty.
_MAX_LEVELS = 8


@dataclass
class _Container:
    """A quote, list or item that is open."""

    name: str
    first: str  # the margin of its first line, bullets included
    rest: str  # the margin of the others
    fresh: bool  # has it no line yet?
    items: int | None = None  # of a numbered list, so far


class LineWriter:
    """The lines written so far, each with its line in the page, and the open containers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.numbers: list[int] = []
        self._open: list[_Container] = []
        self._counts: dict[str, int] = {}

    def write(self, text: str, number: int) -> None:
        """Write one line inside the open containers."""
        margin = ""
        if self._open:
            margin = self._open[-1].first if self._open[-1].fresh else self._open[-1].rest
        self._append(f"{margin}{text}".rstrip(), number)
        for container in reversed(self._open):  # what is fresh stands on top of what is not
            if not container.fresh:
                break
            container.fresh = False

    def blank(self) -> None:
        """Write a blank line, unless there is one or nothing stands above."""
        if not self.lines or not self.lines[-1].strip("> "):
            return
        margin = next((c.rest for c in reversed(self._open) if not c.fresh), "")
        self._append(margin.rstrip(), self.numbers[-1])

    def open_quote(self) -> None:
        """Open a block quote."""
        self._push("blockquote", "> ", "> ")

    def open_list(self, name: str) -> None:
        """Open a list, `ul` or `ol`."""
        self._push(name, "", "", items=0 if name == "ol" else None)

    def open_item(self) -> None:
        """Open an item of the innermost list, closing the one before it."""
        if self._open and self._open[-1].name == "li":
            self.close("li")
        bullet = "- "
        if self._open and self._open[-1].items is not None:
            self._open[-1].items += 1
            bullet = f"{self._open[-1].items}. "
        self._push("li", bullet, " " * len(bullet))

    def close(self, name: str) -> None:
        """Close the innermost container of a name with all in it; none may be open."""
        if not self._counts.get(name):
            return
        while self._open:
            container = self._open.pop()
            self._counts[container.name] -= 1
            if container.name == name:
                break
        if name == "blockquote" and self.lines and not self.lines[-1].strip("> "):
            self.lines[-1] = ""  # so that the next quote is one of its own

    def in_item(self) -> bool:
        """Tell whether an item is open."""
        return bool(self._counts.get("li"))

    def is_fresh(self) -> bool:
        """Tell whether a container is open that has no line yet."""
        return bool(self._open) and self._open[-1].fresh

    def trim(self) -> None:
        """Drop blank lines at the end."""
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
            self.numbers.pop()

    def _push(self, name: str, first: str, rest: str, items: int | None = None) -> None:
        """Open a container; past the deepest level it stands beside those there."""
        outer_first = outer_rest = ""
        if len(self._open) > _MAX_LEVELS * 2:
            outer_first = outer_rest = self._open[_MAX_LEVELS * 2].rest
            rest = ""
        elif self._open:
            above = self._open[-1]
            outer_rest = above.rest
            outer_first = above.first if above.fresh else above.rest
        container = _Container(name, outer_first + first, outer_rest + rest, True, items)
        self._open.append(container)
        self._counts[name] = self._counts.get(name, 0) + 1

    def _append(self, line: str, number: int) -> None:
        self.lines.append(line)
        self.numbers.append(max(number, self.numbers[-1]) if self.numbers else number)
