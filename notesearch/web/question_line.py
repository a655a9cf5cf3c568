"""Change the query line as clicks do: add a filter, or take one away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from notesearch.errors import UsageError
from notesearch.query.parser import Query, parse_query

_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_WORDS_OF_A_QUOTE = 6


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


def quoted_in(line: str) -> str:
    """Return the sentence that a line is, in quotation marks; "" for any other line.

    A few words in quotes are a phrase, which passages must have.
    """
    found = _QUOTED.fullmatch(line.strip())
    return found[1].strip() if found and may_be_quote(found[1]) else ""


def may_be_quote(line: str) -> bool:
    """Return whether a line may be a sentence that somebody remembers: words, and enough."""
    query = read_line(line)
    return len(line.split()) >= _WORDS_OF_A_QUOTE and (query is None or query.where is None)


def chips_of(query: Query | None) -> list[Chip]:
    """Return the filters of a line, each to be clicked away."""
    if query is None:
        return []
    line = query.line
    return [
        Chip(line[part.start : part.end], _without(line[: part.start], line[part.end :]))
        for part in query.parts
    ]


def with_filter(line: str, text: str) -> str:
    """Return a line with a filter more, which all notes of the answer have then."""
    return _joined(_closed(line), text)


@lru_cache(maxsize=64)
def _closed(line: str) -> str:
    """Return a line whose last OR stands in brackets, if a filter behind it would belong to it."""
    query, more = read_line(line), read_line(f"{line} tag:x")
    if query is None or more is None or len(more.parts) > len(query.parts):
        return line
    start, end = query.parts[-1].start, query.parts[-1].end
    return f"{query.line[:start]}({query.line[start:end]}){query.line[end:]}"


def _without(before: str, after: str) -> str:
    """Return a line of what stood before and after a filter, with no AND beside nothing."""
    return _joined(before.rstrip().removesuffix(" AND"), after.lstrip().removeprefix("AND "))


def _joined(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())
