"""Look up what a term adds to the scores of passages and notes, and remember it.

BM25 is a sum over terms. FTS5 works it out anew for every query, 1 µs a passage, and a common
word is in a quarter of all passages: 105 ms for five words over 250,000 passages. So the part of
each term is kept once it is known, and a query adds up what is there: 2 ms. Leaving common words
out, or adding them only for passages that rare words found, took 10 to 16 ms for every query and
kept 5 to 8 of the first 10 passages.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import ColumnWeights, Matches, Snapshot

# 700 different questions of five words over 250,000 passages asked for 1,850 terms: 117 MB without
# the notes, which add half as much where a note has five passages.
CACHE_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What one term adds to the scores of those that have it, in the order of their ids."""

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    in_all: int  # how many have the term, here or elsewhere in the index

    @classmethod
    def of(cls, matches: Matches) -> Scores:
        """Halve the memory."""
        in_all = len(matches.ids) if matches.in_all is None else matches.in_all
        return cls(matches.ids.astype(np.int32), matches.scores.astype(np.float32), in_all)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + self.scores.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The passages of one term, and its notes."""

    passages: Scores
    notes: Scores

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.passages.size + self.notes.size


class PostingCache:
    """Looks terms up, and remembers them between queries; safe to share between threads."""

    def __init__(self, weights: ColumnWeights, cache_bytes: int = CACHE_BYTES) -> None:
        self._weights = weights
        self._cache_bytes = cache_bytes
        self._guard = threading.Lock()
        # The longest unused first.
        self._known: OrderedDict[tuple[str, ...], Postings] = OrderedDict()
        self._size = 0
        self._stamp = ""  # of the generation that all this is from

    def find(self, snapshot: Snapshot, *words: str) -> Postings:
        """Return the passages and the notes that have a word, or several words side by side."""
        with self._guard:
            self._turn_to(snapshot)
            if known := self._known.get(words):
                self._known.move_to_end(words)
                return known
        if len(words) == 1:
            matches = snapshot.word_scores(words[0], self._weights)
        else:
            matches = snapshot.phrase_scores(words, self._weights)
        return self._keep(snapshot, words, Postings(*map(Scores.of, matches)))

    def _turn_to(self, snapshot: Snapshot) -> None:
        """Forget what is from another generation."""
        if snapshot.stamp != self._stamp:
            self._stamp = snapshot.stamp
            self._known.clear()
            self._size = 0

    def _keep(self, snapshot: Snapshot, words: tuple[str, ...], found: Postings) -> Postings:
        with self._guard:
            self._turn_to(snapshot)
            if words not in self._known:
                self._known[words] = found
                self._size += found.size
            while self._size > self._cache_bytes:
                _, dropped = self._known.popitem(last=False)
                self._size -= dropped.size
        return found
