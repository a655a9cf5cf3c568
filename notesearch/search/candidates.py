"""Find the passages that may be hits: what a filter and phrases let through.

Sets of passages are ascending arrays of their numbers (`number_sets.py`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.number_sets import are_among, run_starts
from notesearch.query.filters import Filter
from notesearch.search.question_words import read_words

# Half of 250,000 passages takes 14 to 20 ms to list and 1 MB to keep.
_KEPT = 8

NO_IDS = np.empty(0, dtype=np.int64)


class CandidateFinder:
    """Remembers what the last filters let through; safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[Filter, NDArray[np.int64]] = OrderedDict()
        self._stamp = ""  # of the generation that the ids are from

    def find(
        self, snapshot: Snapshot, phrases: Sequence[str], where: Filter | None
    ) -> NDArray[np.int64] | None:
        """Return the passages that may be hits, in ascending order; None for all of them."""
        allowed_ids = None if where is None else self._let_through(snapshot, where)
        for phrase in phrases:
            if words := read_words(phrase):
                having = snapshot.passages_with_phrase(words)
                allowed_ids = having if allowed_ids is None else common_ids(allowed_ids, having)
        return allowed_ids

    def _let_through(self, snapshot: Snapshot, where: Filter) -> NDArray[np.int64]:
        with self._guard:
            if snapshot.stamp == self._stamp and where in self._known:
                self._known.move_to_end(where)
                return self._known[where]
        ids = snapshot.passage_ids(where)
        with self._guard:
            if snapshot.stamp != self._stamp:
                self._stamp = snapshot.stamp
                self._known.clear()
            self._known[where] = ids
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return ids


def join_ids(*groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers that are in any of the groups, each of them once."""
    ids = np.sort(np.concatenate(groups))
    return ids[run_starts(ids)]


def leave_out(ids: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers that are not among others, which may come in any order."""
    left: NDArray[np.int64] = ids[~are_among(ids, np.sort(others))]
    return left


def common_ids(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers that are in both sets."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    common: NDArray[np.int64] = few[are_among(few, many)]
    return common
