"""Count the columns of a terminal that a text takes.

rich.cells does it too, but loading it takes 1.4 ms of every question, and its widths of joined
emoji and of vowel signs change with its version.
"""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """Count the columns of a text: two for a wide character, none for a mark on another."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def cut_to_cells(text: str, width: int) -> str:
    """Return as much of the beginning of a text as fits into so many columns."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for place, char in enumerate(text):
        used += _cells_of(char)
        if used > width:
            return text[:place]
    return text


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
