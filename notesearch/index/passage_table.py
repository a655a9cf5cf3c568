"""Read which passages and notes a generation has, by number: whose they are and how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.snapshot import PassageTable
from notesearch.index.state import IndexState
from notesearch.number_sets import numbers_in, run_starts

# A passage gets a new number whenever its file is read anew.
MOST_NUMBERED = 1 << 28

# Passages, ascending, with their notes and their lengths; numbers that an index gives.
TablePart: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


def read_passage_ids(catalog: Catalog) -> NDArray[np.int64]:
    """Return the numbers of all passages, ascending, from the notes, each of which names its own.

    DamagedIndexError where these are no numbers that an index gives.
    """
    text = catalog.rows(
        "SELECT group_concat(first_passage || ',' || passages) FROM notes WHERE passages"
    )[0][0]
    try:
        spans = read_numbers(text).reshape(-1, 2)
        require_numbers(spans)
        spans = spans[np.argsort(spans[:, 0])]
        ids = numbers_in(spans[:, 0], spans[:, 1])
    except (OverflowError, ValueError) as error:
        raise catalog.damaged("the numbers of passages") from error
    if len(ids) and (np.diff(ids, prepend=0) <= 0).any():
        raise catalog.damaged("the numbers of passages")
    return ids


def table_of(parts: Sequence[TablePart], last_note: int = 0) -> PassageTable:
    """Put a table together of parts whose passages ascend from one to the next.

    It goes up to the last note, which may have no passages.
    """
    size = max((int(ids[-1]) for ids, _, _ in parts if ids.size), default=0) + 1
    note_of = np.zeros(size, dtype=np.int32)
    lengths = np.zeros(size, dtype=np.int32)
    for ids, owners, tokens in parts:
        note_of[ids] = owners
        lengths[ids] = np.clip(tokens, 1, MOST_NUMBERED)
    # Added up by stretches of one note, of which there are fewer than of passages.
    starts = run_starts(note_of)
    notes = note_of[starts]
    passages_of = np.bincount(notes, np.diff(starts, append=size), last_note + 1).astype(np.int64)
    passages_of[0] = 0  # numbers that no passage has
    tokens_of = np.add.reduceat(lengths, starts, dtype=np.int64)
    note_lengths = np.bincount(notes, tokens_of, last_note + 1).astype(np.int64)
    ids = np.concatenate([np.empty(0, dtype=np.int64), *(ids for ids, _, _ in parts)])
    return PassageTable(
        note_of,
        passage_lengths=lengths,
        note_lengths=note_lengths,
        passages_of=passages_of,
        passage_ids=ids,
        passages=len(ids),
        notes=int(np.count_nonzero(passages_of)),
        tokens=int(lengths.sum(dtype=np.int64)),
    )


class PassageTableCache:
    """Keeps the table of the generation asked for last; safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: tuple[IndexState | None, PassageTable | None] = (None, None)

    def get(self, state: IndexState, make: Callable[[], PassageTable]) -> PassageTable:
        """Return a generation's table, making it where that has not been done."""
        with self._guard:
            known, table = self._known
            if table is None or known != state:
                table = make()
                self._known = (state, table)
            return table


def require_numbers(numbers: NDArray[np.signedinteger], least: int = 0) -> None:
    """Raise ValueError where one of the numbers is none that an index gives."""
    if numbers.size and (numbers.min() < least or numbers.max() > MOST_NUMBERED):
        raise ValueError("a number that no index has")


def read_numbers(text: str | None) -> NDArray[np.int64]:
    """Read what SQLite's group_concat gave: a third of the time of a row for each number."""
    return np.fromstring(text or "", dtype=np.int64, sep=",")
