"""Terms in, passages by BM25 out: exactly what FTS5 gives for all terms together.

BM25 is a sum over terms. FTS5 works it out anew for every query, 1 µs a passage, and a common
word is in a quarter of all passages: 105 ms for five words over 250,000 passages. So the part of
each term is kept once it is known, and a query adds up what is there: 2 ms. Leaving common words
out, or adding them only for passages that rare words found, took 10 to 16 ms for every query and
kept 5 to 8 of the first 10 passages.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import ColumnWeights, Matches
from notesearch.index.snapshot import Snapshot

# nDCG@10 on wild, BM25 alone, by the weight of the title: 1: 0.432, 1.5: 0.437, 2: 0.444.
WEIGHTS = ColumnWeights(title=2.0)
# 700 different questions of five words over 250,000 passages asked for 1,850 terms: 117 MB.
CACHE_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class _Postings:
    """The passages of one term and what it adds to their scores, in the order of the ids."""

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + self.scores.nbytes


class LexicalRanker:
    """Ranks by BM25, and remembers terms between queries; safe to share between threads."""

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache_bytes = cache_bytes
        self._guard = threading.Lock()
        self._known: OrderedDict[str, _Postings] = OrderedDict()  # the longest unused first
        self._size = 0
        self._state: tuple[int, str] = (0, "")  # of the generation that the postings are from

    def find_matches(
        self,
        snapshot: Snapshot,
        terms: Sequence[str],
        k: int,
        allowed_ids: NDArray[np.int64] | None,
    ) -> Matches:
        """Find the k allowed passages of greatest BM25 for FTS5 phrases, best first."""
        postings = [self._postings(snapshot, term) for term in terms]
        last = max((int(one.ids[-1]) for one in postings if one.ids.size), default=-1)
        totals = np.zeros(last + 1, dtype=np.float32)
        for one in postings:
            totals[one.ids] += one.scores
        if allowed_ids is None:
            ids = np.flatnonzero(totals)
        else:
            ids = allowed_ids[: np.searchsorted(allowed_ids, last, side="right")]
            ids = ids[totals[ids] > 0]
        return _best(ids, totals[ids].astype(np.float64), k)

    def _postings(self, snapshot: Snapshot, term: str) -> _Postings:
        state = (snapshot.state.generation, snapshot.state.vectors_digest)
        with self._guard:
            if state == self._state and term in self._known:
                self._known.move_to_end(term)
                return self._known[term]
        matches = snapshot.all_matches(term, WEIGHTS)
        found = _Postings(matches.ids.astype(np.int32), matches.scores.astype(np.float32))
        self._keep(state, term, found)
        return found

    def _keep(self, state: tuple[int, str], term: str, found: _Postings) -> None:
        with self._guard:
            if state != self._state:
                self._state = state
                self._known.clear()
                self._size = 0
            if term not in self._known:
                self._known[term] = found
                self._size += found.size
            while self._size > self._cache_bytes:
                _, dropped = self._known.popitem(last=False)
                self._size -= dropped.size


def _best(ids: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> Matches:
    """Give the k greatest, equal ones in the order of their ids."""
    if len(ids) > k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = np.flatnonzero(scores >= least)
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))[:k]
    return Matches(ids[order], scores[order])
