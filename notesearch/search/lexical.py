"""Terms in, passages out: scored by their own BM25 and by that of their whole note.

BM25 is a sum over terms. FTS5 works it out anew for every query, 1 µs a passage, and a common
word is in a quarter of all passages: 105 ms for five words over 250,000 passages. So the part of
each term is kept once it is known, and a query adds up what is there: 2 ms. Leaving common words
out, or adding them only for passages that rare words found, took 10 to 16 ms for every query and
kept 5 to 8 of the first 10 passages.

A note often says the words of a question in several passages, none of which says them all; so
what the whole note says counts too. Within a note, the passages keep the order of their own BM25.
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
# 700 different questions of five words over 250,000 passages asked for 1,850 terms: 117 MB without
# the notes, which add half as much where a note has five passages.
CACHE_BYTES = 128 * 2**20
# The whole note's share of a passage's score. nDCG@10 on wild, Cranfield, CISI, hybrid: 0: 0.479
# 0.570 0.454, 0.3: 0.485 0.570 0.455, 0.5: 0.484 0.570 0.458, 0.7: 0.498 0.572 0.455; lexical 0:
# 0.428 0.518 0.347, 0.7: 0.478 0.524 0.351. Passages without any of the words, in notes that have
# some, made no difference (0.500 0.572 0.455).
NOTE_WEIGHT = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class LexicalMatches:
    """Passages, best first; all arrays are (passages,)."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]  # from 0 to 1: passage and note together
    bm25: NDArray[np.float64]  # the passage's own


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """What one term adds to the scores of those that have it, in the order of their ids."""

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]

    @classmethod
    def of(cls, matches: Matches) -> _Scores:
        """Halve the memory."""
        return cls(matches.ids.astype(np.int32), matches.scores.astype(np.float32))

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + self.scores.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class _Postings:
    """The passages of one term, and its notes."""

    passages: _Scores
    notes: _Scores

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.passages.size + self.notes.size


class LexicalRanker:
    """Ranks by BM25, and remembers terms between queries; safe to share between threads."""

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache_bytes = cache_bytes
        self._guard = threading.Lock()
        self._known: OrderedDict[str, _Postings] = OrderedDict()  # the longest unused first
        self._size = 0
        self._note_of: NDArray[np.int32] | None = None  # by passage
        self._state: tuple[int, str] = (0, "")  # of the generation that all this is from

    def find_matches(
        self,
        snapshot: Snapshot,
        terms: Sequence[str],
        k: int,
        allowed_ids: NDArray[np.int64] | None,
    ) -> LexicalMatches:
        """Find the k allowed passages that FTS5 phrases are in and that score best, best first."""
        note_of = self._notes_of_passages(snapshot)
        postings = [self._postings(snapshot, term) for term in terms]
        own = _sum([one.passages for one in postings], len(note_of))
        of_note = _sum([one.notes for one in postings], int(note_of.max(initial=0)) + 1)
        ids = np.flatnonzero(own) if allowed_ids is None else allowed_ids[own[allowed_ids] > 0]
        bm25 = own[ids]
        scores = (1 - NOTE_WEIGHT) * _to_greatest(bm25)
        scores += NOTE_WEIGHT * _to_greatest(of_note[note_of[ids]])
        best = _best(scores, k)
        return LexicalMatches(
            ids[best], scores[best].astype(np.float64), bm25[best].astype(np.float64)
        )

    def _postings(self, snapshot: Snapshot, term: str) -> _Postings:
        with self._guard:
            self._turn_to(snapshot)
            if term in self._known:
                self._known.move_to_end(term)
                return self._known[term]
        found = _Postings(
            _Scores.of(snapshot.all_matches(term, WEIGHTS)),
            _Scores.of(snapshot.note_matches(term, WEIGHTS)),
        )
        with self._guard:
            self._turn_to(snapshot)
            self._keep(term, found)
        return found

    def _notes_of_passages(self, snapshot: Snapshot) -> NDArray[np.int32]:
        with self._guard:
            self._turn_to(snapshot)
            if self._note_of is None:
                self._note_of = snapshot.numbering.note_of
            return self._note_of

    def _turn_to(self, snapshot: Snapshot) -> None:
        """Forget what is from another generation."""
        state = (snapshot.state.generation, snapshot.state.vectors_digest)
        if state != self._state:
            self._state = state
            self._known.clear()
            self._size = 0
            self._note_of = None

    def _keep(self, term: str, found: _Postings) -> None:
        if term not in self._known:
            self._known[term] = found
            self._size += found.size
        while self._size > self._cache_bytes:
            _, dropped = self._known.popitem(last=False)
            self._size -= dropped.size


def _sum(terms: Sequence[_Scores], count: int) -> NDArray[np.float32]:
    """Add up the scores of all terms by number, from 0 to `count` - 1."""
    totals = np.zeros(count, dtype=np.float32)
    for one in terms:
        totals[one.ids] += one.scores
    return totals


def _to_greatest(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring scores to 0..1: 0 stays, and the greatest is 1."""
    greatest = scores.max(initial=0.0)
    return scores / greatest if greatest > 0 else scores


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Give the places of the k greatest, equal ones in their order."""
    places = np.arange(len(scores))
    if len(scores) > k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(scores >= least)
    return places[np.argsort(-scores[places], kind="stable")[:k]]
