"""Indentation in, Markdown indentation out: where a line of nested lists stands.

Org and reStructuredText indent as their writers like; Markdown takes four columns for code
and wants what belongs to an item exactly below its text.
"""

from __future__ import annotations

# Each level is two to the Markdown parser, list and item, and it gives up below twenty.
_MAX_LEVELS = 8


class ListNesting:
    """The list items that are open; lines are placed one after the other."""

    def __init__(self) -> None:
        self._open: list[tuple[int, int]] = []  # (bullet, text in Markdown), columns

    def clear(self) -> None:
        """Forget all items: a heading or a rule ends every list."""
        self._open.clear()

    def place(self, indent: int) -> str:
        """Give the white space for a line of text, closing the items it stands left of."""
        while self._open and self._open[-1][0] >= indent:
            self._open.pop()
        return " " * self._column()

    def place_item(self, indent: int, bullet: str) -> str:
        """Give the white space for an item, and open it for the lines below."""
        margin = self.place(indent)
        if len(self._open) < _MAX_LEVELS:
            self._open.append((indent, len(margin) + len(bullet) + 1))
        return margin

    def _column(self) -> int:
        return self._open[-1][1] if self._open else 0
