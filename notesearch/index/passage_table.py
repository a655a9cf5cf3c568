"""Read which passages and notes a generation has, by number: whose they are and how long."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout, damaged
from notesearch.index.snapshot import PassageTable
from notesearch.index.state import IndexState

# A passage gets a new number whenever its file is read anew.
MOST_NUMBERED = 1 << 28


_NOBODY = np.zeros(1, dtype=np.int64)


def read_passage_table(catalog: Catalog, count: int) -> PassageTable:
    """Read the table from the notes, each of which names its passages and their sizes.

    DamagedIndexError where these are not the numbers and sizes of `count` passages.
    """
    spans, sizes = catalog.rows(
        """SELECT group_concat(first_passage || ',' || passages || ',' || id),
        group_concat(sizes) FROM (SELECT * FROM notes ORDER BY id)"""
    )[0]
    try:
        firsts, counts, notes = _read_spans(spans, count)
        tokens = read_numbers(sizes)
        fits = len(tokens) == count
    except (OverflowError, ValueError):
        fits = False
    if not fits:
        remedy = IndexLayout(catalog.path.parent).rebuild
        raise damaged(catalog.path, "is damaged (the numbers of passages)", remedy)
    passages, owners = numbers_in(firsts, counts), np.repeat(notes, counts)
    note_of = np.zeros(int(passages.max(initial=0)) + 1, dtype=np.int32)
    note_of[passages] = owners
    lengths = np.zeros(len(note_of), dtype=np.int64)
    lengths[passages] = np.maximum(tokens, 1)
    passages_of = np.bincount(notes, counts).astype(np.int64) if notes.size else _NOBODY
    return PassageTable(
        note_of,
        passage_lengths=lengths,
        note_lengths=np.bincount(note_of, lengths, len(passages_of)).astype(np.int64),
        passages_of=passages_of,
        passage_ids=np.flatnonzero(note_of),
        passages=count,
        notes=int(np.count_nonzero(passages_of)),
        tokens=int(lengths.sum()),
    )


class PassageTableCache:
    """Keeps the table of the generation asked for last; safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: tuple[IndexState | None, PassageTable | None] = (None, None)

    def get(self, state: IndexState, catalog: Catalog) -> PassageTable:
        """Return a generation's table, reading it where that has not been done."""
        with self._guard:
            known, table = self._known
            if table is None or known != state:
                table = read_passage_table(catalog, state.passages)
                self._known = (state, table)
            return table


def _read_spans(text: str | None, passages: int) -> NDArray[np.int64]:
    """Read the first passage, the number of passages and the number of each note: three rows.

    ValueError where they do not make up so many passages, each of one note.
    """
    firsts, counts, notes = spans = read_numbers(text).reshape(-1, 3).T
    require_numbers(spans)
    require_numbers(notes, least=1)
    filled = np.flatnonzero(counts)
    filled = filled[np.argsort(firsts[filled])]
    ends = firsts[filled] + counts[filled]
    if counts.sum() != passages or (ends[:-1] > firsts[filled][1:]).any():
        raise ValueError("spans that do not make up the passages")
    return spans


def require_numbers(numbers: NDArray[np.int64], least: int = 0) -> None:
    """Raise ValueError where one of the numbers is none that an index gives."""
    if numbers.size and (numbers.min() < least or numbers.max() > MOST_NUMBERED):
        raise ValueError("a number that no index has")


def numbers_in(firsts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all numbers of some spans, span after span."""
    before = np.cumsum(counts) - counts
    numbers: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(firsts - before, counts)
    return numbers


def read_numbers(text: str | None) -> NDArray[np.int64]:
    """Read what SQLite's group_concat gave: a third of the time of a row for each number."""
    return np.fromstring(text or "", dtype=np.int64, sep=",")
