"""Text in, the names of a paper's authors out: from their field, or their line above a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from notesearch.corpus.facts.years import is_person, year_from_venue_line
from notesearch.corpus.text import plain

_FIELD = re.compile(
    r"^[\W_]{0,8}(?:authors?|by)[\W_]{0,3}:(?:[^\w\[]|_){0,3}(?=[^\W_]|\[)(.{2,400})$|^\*{2}By\b[^:]{0,60}:\s*(.{2,400}?)\*{2}$",
    re.IGNORECASE,
)
_A_YEAR = re.compile(r"(?:19|20|21)\d\d|['’]\d\d")
_MAX_LINE = 2000
_LABEL = re.compile(r"^\W{0,8}authors?\W{0,8}$", re.IGNORECASE)
_LINES_BELOW_LABEL = 3
# The first sentence of `Ada B. Lee, Bo Chen. ICLR 2020`: an initial's full stop ends none.
_FIRST_SENTENCE = re.compile(r"^.{2,300}?(?:(?<!\b[A-Z])\.(?=\s|$)|(?=\s[\"“]))")
_ET_AL = re.compile(r",?\s+(?:and\s+)?et\.?\s?al\b.*", re.IGNORECASE)
_VENUE = re.compile(
    r"\b(?:arxiv|magazine|journal|sciences?|transactions|proceedings|conference|workshop|"
    r"review|university|research|labs?|letters|press|institute|nature|preprint|computation|"
    r"computing|learning|intelligence|vision|language|systems|networks?|models?|reports?)\b",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"\b[A-Z]{3,}\b|^AI\b")


def authors_from_field(line: str) -> tuple[str, ...]:
    """Read `Authors: Ada Lee, Bo Chen` and `**By Ada Lee: …**`; () for any other line."""
    match = _FIELD.match(line)
    return split_names(plain(match[1] or match[2])) if match else ()


def authors_below_label(head: Sequence[str]) -> tuple[str, ...]:
    """Read the names on a line of their own below the heading, or the label, `Authors`."""
    for number, line in enumerate(head):
        if "uthor" in line and _LABEL.match(line):
            for below in head[number + 1 : number + 1 + _LINES_BELOW_LABEL]:
                names = split_names(plain(below))
                if names and all(is_person(name) for name in names):
                    return names
    return ()


def authors_from_venue_line(line: str) -> tuple[str, ...]:
    """Read the names in `Ada Lee, Bo Chen et al., ICLR, 2018`; () where no year tells the line."""
    if line[:1].isspace() or len(line) > _MAX_LINE or _A_YEAR.search(line) is None:
        return ()  # what is set in belongs to one entry of a list
    text = plain(line)
    if year_from_venue_line(text) is None:
        return ()
    text = text.strip(" \t\r\n-*+_>|")
    sentence = _FIRST_SENTENCE.match(text)
    names = split_names(_ET_AL.sub("", sentence[0] if sentence else text))
    return tuple(takewhile(_is_author, names))


def _is_author(text: str) -> bool:
    return is_person(text) and not _VENUE.search(text) and not _CAPITALS.search(text)


def split_names(text: str) -> tuple[str, ...]:
    """Part the names that commas, semicolons or `and` join."""
    listed = text.partition("http")[0].strip(" .*_")  # the names end where an address begins
    names = re.split(r"\s*[;,]\s*(?:and\s+)?|\s+and\s+", listed)
    return tuple(name for name in names if name)
