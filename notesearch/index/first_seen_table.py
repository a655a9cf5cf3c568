"""Read from the catalog when its texts were first seen, and what is new in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from notesearch.errors import NotesearchError
from notesearch.index.catalog import Catalog
from notesearch.index.first_seen import FirstSeen, SeenText
from notesearch.index.index_layout import IndexLayout
from notesearch.index.snapshot import NewPart, NewTexts

_TEXTS = """SELECT f.hash, n.note_id, n.first_seen, p.first_seen, p.new_start,
    p.new_end, p.text
    FROM notes n JOIN files f ON f.id = n.file JOIN passages p ON p.note = n.id"""


def texts_of_file(catalog: Catalog, path: str) -> Sequence[SeenText]:
    """Return the texts of a file with their times, in their order."""
    return catalog.rows(f"{_TEXTS} WHERE f.path = ? ORDER BY n.id", (path,))


def take_all(catalog: Catalog, seen: FirstSeen) -> None:
    """Remember all texts of a catalog, before they are taken out."""
    for rows in catalog.batches(f"{_TEXTS} ORDER BY n.id"):
        seen.take(rows)


def read_deletions(catalog: Catalog) -> dict[int, int]:
    """Return how many notes were gone, by the times at which that was found."""
    return dict(catalog.rows("SELECT seconds, notes FROM deletions"))


def salvage_first_seen(layout: IndexLayout, seen: FirstSeen) -> None:
    """Remember the texts of a damaged catalog, as far as it can be read."""
    try:
        with closing(Catalog.for_reading(layout, checked=False)) as catalog:
            take_all(catalog, seen)
    except (NotesearchError, TypeError, ValueError):
        return  # what is left is seen for the first time, by the times of its files


def read_new_texts(catalog: Catalog, after_s: int) -> NewTexts:
    """Return what a catalog first saw after a time, in seconds since 1970."""
    passages = catalog.rows(
        "SELECT id, first_seen, new_start, new_end FROM passages WHERE first_seen > ?", (after_s,)
    )
    notes = catalog.rows("SELECT id FROM notes WHERE first_seen > ?", (after_s,))
    deleted = catalog.number(
        "SELECT coalesce(sum(notes), 0) FROM deletions WHERE seconds > ?", (after_s,)
    )
    parts = {number: NewPart(*part) for number, *part in passages}
    return NewTexts(parts, frozenset(number for (number,) in notes), deleted)
