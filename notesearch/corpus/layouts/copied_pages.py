"""Copied cards: a `TL;DR.` line, a `read …` line, then the same headings in every record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from notesearch.corpus.document import Document
from notesearch.corpus.facts.dates import read_line
from notesearch.corpus.layouts.note_parts import Part, first_sentence, with_rest
from notesearch.records import NoteKind
from notesearch.spelling import role_of

_TLDR = re.compile(r"^\s*TL;?DR\b[.:;]?\s*", re.IGNORECASE)
_FURNITURE = re.compile(
    r"^\s*(?:all topics|click to filter notes|sign in with\b.*|load more|show more|read more|"
    r"back to top|next|previous|home|about|search|subscribe|share|copy link|log ?in|sign up|©.*|"
    r"comments?|no comments yet|powered by\b.*|\d+ comments?|filter by\b.*)[.…]*\s*$",
    re.IGNORECASE,
)
# The page's own list of its topics, a word a line, above the first record.
_LISTED_TAG = re.compile(r"^\s*[a-z0-9][\w-]{1,40}\s*$")
_MAX_HEADING_WORDS = 6


def split_cards(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a page of cards into its records; None when the page shows no such cycle."""
    lines = document.lines
    if not document.is_plain:
        return None
    reads = [n for n, line in enumerate(lines) if line.startswith("read ") and read_line(line)]
    tldrs = [n for n, line in enumerate(lines) if _TLDR.match(line)]
    headings = _headings(lines)
    if not asked and (len(reads) < 2 and (len(tldrs) < 2 or not headings)):
        return None
    starts = _starts(lines, headings)
    if not starts:
        return None
    ends = [*starts[1:], len(lines)]
    listed = frozenset(line.strip() for line in lines[: starts[0]] if _LISTED_TAG.match(line))
    parts = [
        _card(document, start, _without_furniture(lines, start, end), headings)
        for start, end in zip(starts, ends, strict=True)
    ]
    return with_rest(document, [replace(part, listed_tags=listed) for part in parts])


def _headings(lines: Sequence[str]) -> dict[str, int]:
    """Find the lines that head a section in record after record, in their order."""
    counts = Counter(line.strip() for line in lines if _may_head(line))
    repeated = [
        text
        for text, count in counts.items()
        if count >= 2 or (role_of(text) and text[:1].isupper())
    ]
    return {text: order for order, text in enumerate(repeated)}


def _may_head(line: str) -> bool:
    text = line.strip()
    return (
        0 < len(text.split()) <= _MAX_HEADING_WORDS
        and text[0].isalpha()
        and text[-1] not in ".,;:!?…)"
        and not _FURNITURE.match(text)
        and not _TLDR.match(text)
        and read_line(text) is None
    )


def _starts(lines: Sequence[str], headings: dict[str, int]) -> list[int]:
    """Find where records begin: at a TL;DR, else where the cycle of headings starts again."""
    starts: list[int] = []
    seen: set[str] = set()  # what the present record has shown so far
    furthest = -1  # of its headings, in the order of the cycle
    for position, line in enumerate(lines):
        text = line.strip()
        if _TLDR.match(text):
            mark, opens = "tldr", True
        elif read_line(text):
            mark, opens = "read", "read" in seen or furthest >= 0 or not starts
        elif text in headings:
            order = headings[text]
            mark, opens = text, bool(starts) and (text in seen or order < furthest)
            furthest = order if opens else max(furthest, order)
        else:
            continue
        if opens:
            starts.append(position)
            seen = set()
            furthest = headings.get(mark, -1)
        seen.add(mark)
    return starts


def _without_furniture(lines: Sequence[str], start: int, end: int) -> int:
    """Move a record's end before the page furniture that follows it."""
    while end > start + 1 and (not lines[end - 1].strip() or _FURNITURE.match(lines[end - 1])):
        end -= 1
    return end


def _card(document: Document, start: int, end: int, headings: dict[str, int]) -> Part:
    lines = document.lines[start:end]
    date, tags = None, ""
    prose = []
    heads = set()
    for position, line in enumerate(lines, start):
        read = read_line(line)
        if read:
            date, tags = read
        elif line.strip() in headings:
            heads.add(position)
        elif line.strip():
            prose.append(_TLDR.sub("", line).strip())
    return Part(
        range(start, end),
        NoteKind.DIGEST_PART,
        title=first_sentence(prose[:1]),
        date=date,
        run_together_tags=tags,
        headings=frozenset(heads),
    )
