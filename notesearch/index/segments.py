"""The parts that an index is searched in: each has the vectors and the words of some passages.

A segment is written once, and holds up to 65,536 passages of numbers in a row. What an update adds
makes a new one; passages that are gone stay in theirs, and are passed over, until it is written
anew. `publish.py` writes segments, and chooses which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from notesearch.index.faiss_file import VectorFile
from notesearch.index.index_layout import IndexLayout, damaged
from notesearch.index.passage_table import MOST_NUMBERED, TablePart, table_of
from notesearch.index.segment_rows import SegmentRow
from notesearch.index.snapshot import Nearest, PassageTable
from notesearch.index.stems import keys_of
from notesearch.index.word_file import Having, WordFile
from notesearch.number_sets import are_among

MOST_PASSAGES = 1 << 16  # an ordinal has 16 bits

# A segment is asked for so many times its part of the nearest at first.
_SHARES = 4

_NO_IDS = np.empty(0, dtype=np.int64)
_NO_COUNTS = np.empty(0, dtype=np.uint8)

_NumbersAt = Callable[[NDArray[np.integer]], NDArray[np.int64]]


class Segment:
    """A segment's two files, open; safe to share between threads."""

    def __init__(self, layout: IndexLayout, row: SegmentRow, dimension: int) -> None:
        """Open them; FileNotFoundError where one is lost."""
        self.row = row
        path = layout.words(row.number)
        self.words = WordFile(path, row.words, row.passages)
        self.vectors = VectorFile(
            layout.vectors(row.number), dimension, row.passages, row.scale, row.vectors
        )
        self._damaged: Callable[[], Exception] = lambda: damaged(
            path, "is damaged (the words)", layout.fix
        )
        if (row.first, row.last) != (self.ids[0], self.ids[-1]):
            raise damaged(layout.vectors(row.number), "has other passages", layout.fix)
        self._is_dense = row.last - row.first + 1 == row.passages

    @property
    def ids(self) -> NDArray[np.int64]:
        """Its passages, ascending, those that are gone too."""
        return self.vectors.ids

    def read_passages(self) -> TablePart:
        """Return the passages that are there, with their notes and their lengths."""
        ids, owners, tokens = self.ids, self.words.owners, self.words.tokens
        if owners.min() < 1 or owners.max() >= MOST_NUMBERED:
            raise self._damaged()
        if not self.row.gone:
            return ids, owners, tokens
        gone = np.frombuffer(self.row.gone, dtype=np.uint8)
        if len(gone) != -(-len(ids) // 8):
            raise self._damaged()
        there = np.unpackbits(gone, count=len(ids)) == 0
        return ids[there], owners[there], tokens[there]

    def passages_with(self, key: np.uint64) -> Counted:
        """Return the passages that have a word, with what title and section, and the body have."""
        return self._counted(self._ids_at, self.words.passages_with(key))

    def notes_called(self, key: np.uint64) -> Counted:
        """Return the notes that have a word in their names: in the title, and in the others."""
        return self._counted(self._notes_at, self.words.notes_called(key))

    def places_of_phrase(self, keys: Sequence[np.uint64]) -> tuple[NDArray[np.int64], ...]:
        """Return where words stand side by side: the passage, and the place of the first in it.

        Passage after passage; a word may stand in several places of one.
        """
        stand = [self.words.places_of(key).astype(np.int64) for key in keys]
        rarest = min(range(len(keys)), key=lambda at: len(stand[at]))
        begin = stand[rarest] - rarest
        for at, places in enumerate(stand):
            if at != rarest and len(begin):
                begin = begin[are_among(begin + at, places)]
        return self._ids_at(begin >> 16), begin & 0xFFFF

    def _counted(self, numbers_at: _NumbersAt, having: Having | None) -> Counted:
        if having is None:
            return Counted(_NO_IDS, _NO_COUNTS, _NO_COUNTS)
        return Counted(numbers_at(having.ordinals), having.heads, having.bodies)

    def _ids_at(self, ordinals: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the passages of some ordinals."""
        if not self._is_dense:
            return self._taken(self.ids, ordinals)
        if ordinals.max(initial=0) >= self.row.passages:
            raise self._damaged()
        ids: NDArray[np.int64] = np.add(ordinals, self.row.first, dtype=np.int64)
        return ids  # in a third of the time

    def _notes_at(self, ordinals: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the notes of some ordinals."""
        return self._taken(self.words.note_ids, ordinals)

    def _taken(
        self, ids: NDArray[np.signedinteger], ordinals: NDArray[np.integer]
    ) -> NDArray[np.int64]:
        try:
            taken: NDArray[np.int64] = ids.take(ordinals).astype(np.int64, copy=False)
        except IndexError as error:
            raise self._damaged() from error
        return taken


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Passages or notes that have a word, ascending, and how often."""

    ids: NDArray[np.int64]
    heads: NDArray[np.uint8]
    bodies: NDArray[np.uint8]


def read_passage_table(segments: Sequence[Segment], last_note: int = 0) -> PassageTable:
    """Read which passages and notes the segments of a generation have, up to the last note."""
    return table_of([segment.read_passages() for segment in segments], last_note)


class Segments:
    """The segments of a generation, asked as one; what is gone is in no answer."""

    def __init__(
        self,
        segments: Sequence[Segment],
        table: PassageTable,
        threads: Executor | None = None,
    ) -> None:
        """Take them by their numbers; where there are several, `threads` search their vectors."""
        self._segments = segments
        self._table = table
        self._threads = threads
        self._is_whole = sum(one.row.passages for one in segments) == len(table.passage_ids)

    # ------------------------------------------------------------ vectors

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Return the k allowed passages of greatest cosine, best first, by rounded vectors.

        Equal ones come in the order of their ids.
        """

        def search(segment: Segment, most: int) -> Nearest:
            ordinals = self._ordinals(segment, allowed_ids)
            if most <= 0 or (ordinals is not None and not ordinals.size):
                return NOTHING_NEAR
            return segment.vectors.nearest(query, most, ordinals)

        several = self._threads is not None and len(self._segments) > 1
        each = self._threads.map if self._threads is not None and several else map
        # To keep the best of a thousand in order costs a tenth of the time, and of many segments
        # none has many of them; one that has gives the rest when it is asked again.
        share = min(k, _SHARES * -(-k // max(len(self._segments), 1)))
        found = [*each(search, self._segments, repeat(share))]
        best = _first_of_all(found, k)
        if share < k:
            least = best.cosines[-1] if len(best.ids) == k else -np.inf
            rest = [
                at
                for at, near in enumerate(found)
                if len(near.ids) == share and near.cosines.min() >= least
            ]
            again = each(search, [self._segments[at] for at in rest], repeat(k))
            for at, near in zip(rest, again, strict=True):
                found[at] = near
            best = _first_of_all(found, k) if rest else best
        return best

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some passages, ascending, by rounded vectors."""
        found = [np.empty(0, dtype=np.float32)]
        for segment in self._segments:
            own = segment.row.own(passage_ids)
            found.append(segment.vectors.cosines(query, segment.vectors.ordinals_of(own)))
        return np.concatenate(found)

    def _ordinals(
        self, segment: Segment, allowed_ids: NDArray[np.int64] | None
    ) -> NDArray[np.int64] | None:
        """Return the rows of a segment that may be found; None for all of them."""
        ids = self._table.passage_ids if allowed_ids is None else allowed_ids
        own = segment.row.own(ids)
        return None if own.size == segment.row.passages else segment.vectors.ordinals_of(own)

    # ------------------------------------------------------------ words

    def has(self, stems: Sequence[str]) -> set[str]:
        """Return those of some words that a passage or a note's name has."""
        keys = keys_of(stems)
        known = np.zeros(len(stems), dtype=np.bool_)
        for segment in self._segments:
            known |= segment.words.has(keys)
        return {stem for stem, is_known in zip(stems, known.tolist(), strict=True) if is_known}

    def passages_with(self, stem: str) -> Counted:
        """Return the passages that have a word, with what title and section, and the body have."""
        (key,) = keys_of([stem])
        found = _joined([segment.passages_with(key) for segment in self._segments])
        return found if self._is_whole else _kept(found, self._table.note_of)

    def notes_called(self, stem: str) -> Counted:
        """Return the notes that have a word in their names: in the title, and in the others."""
        (key,) = keys_of([stem])
        found = _joined([segment.notes_called(key) for segment in self._segments])
        return found if self._is_whole else _kept(found, self._table.passages_of)

    def places_of_phrase(self, stems: Sequence[str]) -> tuple[NDArray[np.int64], ...]:
        """Return where words stand side by side: the passage, and the place of the first in it."""
        if not stems:
            return _NO_IDS, _NO_IDS
        keys = list(keys_of(stems))
        found = [segment.places_of_phrase(keys) for segment in self._segments]
        ids = np.concatenate([_NO_IDS, *(ids for ids, _ in found)])
        places = np.concatenate([_NO_IDS, *(places for _, places in found)])
        is_there = _are_there(ids, self._table.note_of)
        return ids[is_there], places[is_there]


def _first_of_all(found: Sequence[Nearest], k: int) -> Nearest:
    parts = [*found, NOTHING_NEAR]
    return first_of(
        np.concatenate([one.ids for one in parts]),
        np.concatenate([one.cosines for one in parts]),
        k,
    )


NOTHING_NEAR = Nearest(_NO_IDS, np.empty(0, dtype=np.float32))


def first_of(ids: NDArray[np.int64], cosines: NDArray[np.float32], k: int) -> Nearest:
    """Return the k of greatest cosine, best first; equal ones in the order of their ids."""
    if len(ids) > 4 * k > 0:  # most of those of many segments are soon left out
        least = np.partition(cosines, len(ids) - k)[len(ids) - k]
        near = np.flatnonzero(cosines >= least)
        ids, cosines = ids[near], cosines[near]
    order = np.lexsort((ids, -cosines))[: max(k, 0)]
    return Nearest(ids[order], cosines[order])


def _joined(parts: Sequence[Counted]) -> Counted:
    if len(parts) == 1:
        return parts[0]
    return Counted(
        np.concatenate([_NO_IDS, *(part.ids for part in parts)]),
        np.concatenate([_NO_COUNTS, *(part.heads for part in parts)]),
        np.concatenate([_NO_COUNTS, *(part.bodies for part in parts)]),
    )


def _kept(found: Counted, owner: NDArray[np.signedinteger]) -> Counted:
    """Leave out those that are gone: a number that nothing has any more."""
    is_there = _are_there(found.ids, owner)
    return Counted(found.ids[is_there], found.heads[is_there], found.bodies[is_there])


def _are_there(ids: NDArray[np.int64], owner: NDArray[np.signedinteger]) -> NDArray[np.bool_]:
    """Return which of some ascending numbers something has."""
    found = np.zeros(len(ids), dtype=np.bool_)
    end = int(np.searchsorted(ids, len(owner)))
    found[:end] = owner[ids[:end]] > 0
    return found
