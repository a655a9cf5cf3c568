"""A digest by headings: every paper is a heading of one level, its topics the headings above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notesearch.corpus.document import Document
from notesearch.corpus.layouts.part import Part, count_words, with_rest
from notesearch.corpus.papers import paper_id
from notesearch.corpus.roles import is_generic_heading
from notesearch.corpus.text import heading_text, linked_title
from notesearch.records import NoteKind

_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}[.):]\)?|[-*•])\s+")
# A heading whose paper is named just below it: `[Paper](url)` or a link within these lines.
_LINES_TO_PAPER = 4


@dataclass(frozen=True, slots=True)
class _Heading:
    position: int
    level: int
    text: str
    names_paper: bool


def split_headings(
    document: Document, *, asked: bool = False, level: int | None = None
) -> list[Part] | None:
    """Cut a digest at the headings that name papers; None when no level of them does."""
    headings = _headings(document)
    if level is None:
        level = _paper_level(headings)
    chosen = [heading for heading in headings if heading.level == level]
    if not chosen or level is None:
        return None
    if not asked:
        chosen = [heading for heading in chosen if not is_generic_heading(heading.text)]
    parts = []
    for heading in chosen:
        following = (h.position for h in headings if h.position > heading.position)
        inside = {h.position for h in headings if h.level > level}
        end = next((p for p in following if p not in inside), len(document.lines))
        positions = range(heading.position, end)
        title = _NUMBERING.sub("", heading.text)
        parts.append(
            Part(positions, NoteKind.DIGEST_PART, title, _topics(headings, heading, level))
        )
    return with_rest(document, parts)


def _headings(document: Document) -> list[_Heading]:
    found = []
    for block in document.blocks:
        if block.kind != "heading":
            continue
        level, text = heading_text(document.markup[block.start : block.end])
        below = document.markup[block.start : block.start + 1 + _LINES_TO_PAPER]
        named = linked_title(document.markup[block.start]) is not None or any(
            paper_id(line) for line in below
        )
        found.append(_Heading(block.start, level, text, named and not is_generic_heading(text)))
    return found


def _paper_level(headings: Sequence[_Heading]) -> int | None:
    """Give the level on which most headings name a paper; None when there is no such level."""
    for level in range(1, 7):
        here = [h for h in headings if h.level == level and not is_generic_heading(h.text)]
        naming = sum(h.names_paper for h in here)
        if naming >= 3 and naming >= 0.6 * len(here):
            return level
        if naming == 2 and len(here) == 2:
            return level
    return None


def _topics(headings: Sequence[_Heading], paper: _Heading, level: int) -> tuple[str, ...]:
    """Give the headings above a paper, outermost first."""
    path: list[_Heading] = []
    for heading in headings:
        if heading.position >= paper.position:
            break
        while path and path[-1].level >= heading.level:
            path.pop()
        if heading.level < level:
            path.append(heading)
    return tuple(heading.text for heading in path)


def topics_at(document: Document, position: int) -> tuple[str, ...]:
    """Give the headings above a line, outermost first."""
    path: list[tuple[int, str]] = []
    for block in document.blocks:
        if block.start >= position:
            break
        if block.kind == "heading" and count_words(document.markup[block.start]):
            level, text = heading_text(document.markup[block.start : block.end])
            while path and path[-1][0] >= level:
                path.pop()
            path.append((level, text))
    return tuple(text for _, text in path)
