"""Change the query line as clicks do: add a filter, or take one away."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.errors import UsageError
from notesearch.query.filters import quoted
from notesearch.query.parser import Query, parse_query


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter of the line, and the line without it."""

    text: str
    line_without: str


def read_line(line: str) -> Query | None:
    """Return what a line asks for; None where it asks nothing, or cannot be read."""
    try:
        return parse_query(line)
    except UsageError:
        return None


def chips_of(query: Query | None) -> list[Chip]:
    """Return the filters of a line, each to be clicked away."""
    if query is None:
        return []
    line = query.line
    return [
        Chip(line[part.start : part.end], _joined(line[: part.start], line[part.end :]))
        for part in query.parts
    ]


def filter_text(field: str, value: str) -> str:
    """Write a filter as a line has it."""
    is_plain = value.isascii() and all(char.isalnum() or char in "-_./" for char in value)
    return f"{field}:{value if is_plain else quoted(value)}"


def with_filter(line: str, text: str) -> str:
    """Return a line with a filter more."""
    return _joined(line, text)


def _joined(*parts: str) -> str:
    return " ".join(" ".join(parts).split())
