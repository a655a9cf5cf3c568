"""A copied feed: paragraphs without titles, each closed by a line such as `May 21, 2025•18 min`."""

from __future__ import annotations

from notesearch.corpus.document import Document
from notesearch.corpus.facts.dates import feed_line
from notesearch.corpus.layouts.note_parts import Part, first_sentence, with_rest
from notesearch.records import NoteKind


def split_feed(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a feed at its date lines; None when fewer than two close a paragraph."""
    lines = document.lines
    if not document.is_plain:
        return None
    closings = [(n, date) for n, line in enumerate(lines) if (date := feed_line(line))]
    if len(closings) < (1 if asked else 2):
        return None
    parts = []
    start = 0
    for end, date in closings:
        # A record is the paragraph above its date; what stands before it is page furniture.
        first = end - 1
        while first > start and not lines[first].strip():
            first -= 1
        while first > start and lines[first - 1].strip():
            first -= 1
        while first < end - 1 and _is_furniture(lines[first]):
            first += 1
        text = [line for line in lines[first:end] if line.strip()]
        if text:
            title = first_sentence(text)
            parts.append(Part(range(first, end + 1), NoteKind.DIGEST_PART, title, date=date))
        start = end + 1
    return with_rest(document, parts) if parts else None


def _is_furniture(line: str) -> bool:
    """Tell a label of the page, such as `Latest`, from the first line of a paragraph."""
    return len(line.split()) <= 4 and not line.rstrip().endswith((".", "…", ",", ":", ";"))
