"""A digest by headings: every paper is a heading of one level, its topics the headings above."""

from __future__ import annotations

import re
from itertools import takewhile

from notesearch.corpus.document import Document, HeadingLine
from notesearch.corpus.facts.papers import is_paper_line, paper_id
from notesearch.corpus.facts.roles import is_generic_heading
from notesearch.corpus.layouts.part import Part, fills, with_rest
from notesearch.corpus.text import linked_title
from notesearch.records import NoteKind

_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}[.):]\)?|[-*•])\s+")
# A heading whose paper is named just below it: `[Paper](url)` or a link within these lines.
_LINES_TO_PAPER = 4


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
        following = (other.position for other in headings[number + 1 :] if other.level <= level)
        end = next(following, len(document.lines))
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
            heading
            for heading in document.headings
            if heading.level == level and not is_generic_heading(heading.text)
        ]
        if len(here) < 2:
            continue
        naming = sum(_names_paper(document, heading) for heading in here)
        if (naming >= 3 and naming >= 0.6 * len(here)) or naming == len(here):
            return level
    return None


def _names_paper(document: Document, heading: HeadingLine) -> bool:
    """Tell a heading that is a paper's title: linked, or its paper's link just below it."""
    start = heading.position
    if linked_title(document.markup[start]) is not None:
        return True
    following = document.markup[start + 1 : start + 1 + _LINES_TO_PAPER]
    below = takewhile(lambda line: not line.startswith("#"), following)
    return any("/" in line and is_paper_line(line) and paper_id(line) for line in below)
