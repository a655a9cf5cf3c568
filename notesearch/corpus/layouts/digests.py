"""A digest by headings: every paper is a heading of one level, its topics the headings above."""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import takewhile

from notesearch.corpus.document import Document, HeadingLine
from notesearch.corpus.facts.papers import is_paper_line
from notesearch.corpus.facts.title import is_generic_heading
from notesearch.corpus.layouts.note_parts import Part, count_words, fills, with_rest
from notesearch.corpus.text import linked_title
from notesearch.records import NoteKind
from notesearch.spelling import paper_id

_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}[.):]\)?|[-*•])\s+")
# A heading whose paper is named just below it: `[Paper](url)` or a link within these lines.
_LINES_TO_PAPER = 4
_LABEL = re.compile(r"\[(?:paper|pdf|arxiv)\]\(http", re.IGNORECASE)
_LONE_LINK = re.compile(r"\s{0,3}[-*+]\s+\[[^\[\]]+\]\(http[^\s()]*\)\s*")
# So many headings with a link show the habit; fewer may be the sources of one note.
_ENOUGH = 3


class _Naming(IntEnum):
    """How a heading names a paper."""

    NOTHING = 0
    LINK = 1  # to the web
    LABEL = 2  # `[Paper](…)` below it
    PAPER = 3  # to what is a paper's address


def split_headings(
    document: Document, *, asked: bool = False, level: int | None = None
) -> list[Part] | None:
    """Cut a digest at the headings that name papers; None when no level of them does."""
    headings = document.headings
    level = level or _paper_level(document)
    if level is None:
        return None
    parts = []
    for number, heading in enumerate(headings):
        if heading.level != level or (not asked and is_generic_heading(heading.text)):
            continue
        if not asked and not _has_text(document, number):
            continue
        end = document.heading_ends[number]
        topics = tuple(above.text for above in document.topic_paths[number][:-1])
        title = _NUMBERING.sub("", heading.text)
        parts.append(Part(range(heading.position, end), NoteKind.DIGEST_PART, title, topics))
    if not parts or not (asked or fills(document, parts)):
        return None
    return with_rest(document, parts)


def _paper_level(document: Document) -> int | None:
    """Give the level on which most headings name a paper; None when there is no such level."""
    for level in range(1, 7):
        here = [
            number
            for number, heading in enumerate(document.headings)
            if heading.level == level
            and not is_generic_heading(heading.text)
            and _has_text(document, number)
        ]
        if len(here) < 2:
            continue
        found = [_names_paper(document, document.headings[number]) for number in here]
        naming, papers = sum(map(bool, found)), found.count(_Naming.PAPER)
        if naming < _ENOUGH or _below_linked(document, here[0]):
            is_digest = naming == len(here) == found.count(_Naming.LABEL) + papers
        else:
            is_digest = naming >= 0.6 * len(here)
        if is_digest and papers:
            return level
    return None


def _has_text(document: Document, number: int) -> bool:
    """Tell whether a heading has anything below it."""
    first = document.headings[number].position + 1
    return any(map(count_words, document.markup[first : document.heading_ends[number]]))


def _below_linked(document: Document, number: int) -> bool:
    """Tell whether a heading stands below another that is a paper's title: parts of one note."""
    above = document.topic_paths[number][:-1]
    return any(linked_title(document.markup[heading.position]) for heading in above)


def _names_paper(document: Document, heading: HeadingLine) -> _Naming:
    """Tell a heading that is a paper's title: linked, or its paper's link just below it."""
    start = heading.position
    line = document.markup[start]
    if linked_title(line) is not None:
        return _Naming.PAPER if paper_id(line) or ".pdf" in line else _Naming.LINK
    following = document.markup[start + 1 : start + 1 + _LINES_TO_PAPER]
    below = list(takewhile(lambda line: not line.startswith("#"), following))
    if any("/" in line and is_paper_line(line) and paper_id(line) for line in below):
        return _Naming.PAPER
    first = next((line for line in below if line.strip()), "")
    if _LONE_LINK.fullmatch(first) and paper_id(first):
        return _Naming.PAPER
    if any("](" in line and _LABEL.search(line) and is_paper_line(line) for line in below):
        return _Naming.LABEL
    return _Naming.NOTHING
