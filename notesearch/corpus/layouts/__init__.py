"""Find the notes in a file: one function and one row of LAYOUTS for each way seen in the wild.

A layout is a function `split(document, asked=False)` that returns the parts of the file that
are notes of their own, or None when the file is laid out in another way. `asked` is true when a
reading rule of the settings names the layout: then its doubts are left aside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from notesearch.corpus.decode import UnreadableError
from notesearch.corpus.document import Document, Part
from notesearch.corpus.layouts.copied_pages import split_cards, split_feed, split_listing
from notesearch.corpus.layouts.digests import split_bullets, split_headings, split_table_rows
from notesearch.corpus.layouts.index_page import keep_index_page
from notesearch.corpus.markdown_lines import count_words, count_words_beside_links
from notesearch.corpus.reading_rules import ReadingRule, compile_record_start
from notesearch.records import NoteKind

__all__ = ["LAYOUTS", "Part", "split_document"]

# `^(a|aa)+$` would take years for a line of 60 signs; sound patterns take milliseconds a file.
_MOST_SECONDS = 0.5
# The text around the papers of a digest is a note itself from so many words on.
MIN_WORDS_OF_NOTE = 80


def _with_rest(document: Document, parts: Sequence[Part]) -> list[Part]:
    """Add the lines around the parts as a last one, so that no word of a file is lost."""
    taken = {position for part in parts for position in part.positions}
    rest = [position for position in range(len(document.lines)) if position not in taken]
    words = sum(count_words(document.lines[position]) for position in rest)
    if words == 0:
        return list(parts)
    heads = {block.start for block in document.blocks if block.kind in ("heading", "table")}
    prose = (document.markup[position] for position in rest if position not in heads)
    is_note = words >= MIN_WORDS_OF_NOTE <= sum(map(count_words_beside_links, prose))
    return [*parts, Part(rest, kind=NoteKind.NOTE if is_note else NoteKind.INDEX_PAGE)]


def _keep_whole(document: Document, *, asked: bool = False) -> list[Part]:
    """Take a document as one note: most Markdown, org and text files."""
    return [Part(range(len(document.lines)), kind=NoteKind.NOTE)]


# Tried in this order: the sharper the sign, the earlier.
LAYOUTS: Mapping[str, Callable[..., list[Part] | None]] = {
    "cards": split_cards,
    "feed": split_feed,
    "rows": split_table_rows,
    "index page": keep_index_page,
    "headings": split_headings,
    "bullets": split_bullets,
    "listing": split_listing,
    "none": _keep_whole,
}


def split_document(document: Document, rule: ReadingRule | None = None) -> list[Part]:
    """Cut a document into its notes: by the rule if there is one, else by its own signs."""
    parts = _by_rule(document, rule) if rule else None
    splits = (split(document) for split in LAYOUTS.values())
    return _with_rest(document, parts or next(filter(None, splits)))


def _by_rule(document: Document, rule: ReadingRule) -> list[Part] | None:
    if rule.record_start:
        starts = list(_find_starts(document, rule.record_start))
        return [Part(range(*ends)) for ends in pairwise([*starts, len(document.lines)])]
    if rule.split == "headings" and rule.level:
        return split_headings(document, asked=True, level=rule.level)
    layout = LAYOUTS.get(rule.split or "")
    return layout(document, asked=True) if layout else None


def _find_starts(document: Document, pattern: str) -> Iterator[int]:
    """Find the lines that match a pattern of the user's own, all of them in a bounded time."""
    try:
        start = compile_record_start(pattern)
    except ValueError as error:  # rules that no settings file has brought
        raise UnreadableError(f"record_start {pattern!r} is no pattern: {error}") from error
    began = time.process_time()
    for position, line in enumerate(document.lines):
        left = began + _MOST_SECONDS - time.process_time()
        try:
            if start.search(line, timeout=max(left, 0.001)):
                yield position
        except TimeoutError as error:
            reason = f"record_start {pattern!r} takes too long here; use no repeats within repeats"
            raise UnreadableError(reason, document.numbers[position]) from error
