"""Look up what a term adds to the scores of passages and notes, and remember it for a while.

BM25 is a sum over terms, so a question adds up what its terms give. Leaving common words out, or
adding them only for passages that rare words found, kept 5 to 8 of the first 10 passages.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from notesearch.index.snapshot import ColumnWeights, Matches, Snapshot

# A question asks for each of its terms some three times, and a person changes a few of its words.
CACHE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """What one term adds to the scores of the passages that have it, and of the notes."""

    passages: Matches
    notes: Matches

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(one.ids.nbytes + one.scores.nbytes for one in (self.passages, self.notes))


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
        return self._keep(snapshot, words, Postings(*matches))

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
