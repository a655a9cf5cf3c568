"""How notes lie in a file: one module and one row of LAYOUTS for each way seen in the wild.

A layout is a function `split(document, asked=False)` that gives the parts of the file that
are notes of their own, or None when the file does not lie that way. `asked` is true when a
reading rule of the settings names the layout: then its doubts are left aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from notesearch.corpus.document import Document
from notesearch.corpus.layouts.bullets import split_bullets
from notesearch.corpus.layouts.copied_pages import split_cards
from notesearch.corpus.layouts.digests import split_headings
from notesearch.corpus.layouts.feed import split_feed
from notesearch.corpus.layouts.index_page import keep_index_page
from notesearch.corpus.layouts.listing import split_listing
from notesearch.corpus.layouts.note_parts import Part
from notesearch.corpus.layouts.records import split_records
from notesearch.corpus.layouts.table_rows import split_table_rows
from notesearch.corpus.layouts.whole import keep_whole
from notesearch.corpus.rules import ReadingRule

__all__ = ["LAYOUTS", "Part", "split_document"]


class Layout(Protocol):
    """A way in which several notes lie in one file."""

    def __call__(self, document: Document, *, asked: bool = False) -> list[Part] | None:
        """Give the parts, or None when the file does not lie this way."""


# Tried in this order: the sharper the sign, the earlier.
LAYOUTS: Mapping[str, Layout] = {
    "cards": split_cards,
    "feed": split_feed,
    "rows": split_table_rows,
    "index page": keep_index_page,
    "headings": split_headings,
    "bullets": split_bullets,
    "listing": split_listing,
    "none": keep_whole,
}


def split_document(document: Document, rule: ReadingRule | None = None) -> list[Part]:
    """Cut a document into its notes: by the rule if there is one, else as it shows itself."""
    parts = _by_rule(document, rule) if rule else None
    splits = (split(document) for split in LAYOUTS.values())
    return parts or next(found for found in splits if found)


def _by_rule(document: Document, rule: ReadingRule) -> list[Part] | None:
    if rule.record_start:
        return split_records(document, rule.record_start)
    if rule.split == "headings" and rule.level:
        return split_headings(document, asked=True, level=rule.level)
    layout = LAYOUTS.get(rule.split or "")
    return layout(document, asked=True) if layout else None
