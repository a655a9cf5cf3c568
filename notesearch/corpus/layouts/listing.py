"""A copied listing: a title line, then one paragraph that breaks off with `….` or `....`."""

from __future__ import annotations

from itertools import pairwise

from notesearch.corpus.document import Document
from notesearch.corpus.layouts.note_parts import Part, with_rest
from notesearch.records import NoteKind

_BROKEN_OFF = ("…", "….", "...")
_MAX_TITLE_WORDS = 30
_MIN_PARAGRAPH_WORDS = 8


def split_listing(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a listing into titled paragraphs; None when it holds fewer than two."""
    if not document.is_plain:
        return None
    texts = [position for position, line in enumerate(document.lines) if line.strip()]
    parts = []
    for above, here in pairwise(texts):
        title, paragraph = document.lines[above].strip(), document.lines[here]
        if paragraph.rstrip().endswith(_BROKEN_OFF) and _is_title(title, paragraph):
            parts.append(Part(range(above, here + 1), NoteKind.DIGEST_PART, title))
    if asked:
        return with_rest(document, parts) if parts else None
    if len(parts) < 2 or 2 * len(parts) < 0.6 * len(texts):
        return None
    return with_rest(document, parts)


def _is_title(title: str, paragraph: str) -> bool:
    return (
        len(title.split()) <= _MAX_TITLE_WORDS
        and not title.endswith(_BROKEN_OFF)
        and not title.endswith((".", ","))
        and len(paragraph.split()) >= _MIN_PARAGRAPH_WORDS
    )
