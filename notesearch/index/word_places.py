"""Collect where words stand in passages and in the names of notes, by word.

What comes out is what `word_file.py` writes: each word with its occurrences, and an occurrence is a
passage or note with two counts. `Places` adds the place of every word, for those side by side.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from notesearch.index.stems import keys_of, words_of
from notesearch.index.word_file import BODY, HEADING

# How often a word is counted in one text; more than that adds nothing to BM25.
MOST_COUNTED = 255
MOST_IN_HEAD = 15  # of a title, and of a section: both counts share a byte
_COLUMN_STARTS = np.array([0, HEADING, BODY], dtype=np.uint32)
_COLUMN_SIZES = np.array([HEADING - 2, HEADING - 2, BODY - 2], dtype=np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Words and what has them: those of the n-th word are from `starts[n]` to `starts[n + 1]`."""

    keys: NDArray[np.uint64]  # ascending
    starts: NDArray[np.uint32]
    ordinals: NDArray[np.uint16]  # which passage of a segment, or which note, ascending
    heads: NDArray[np.uint8]  # of a passage, what title and section have; of a note, its title
    bodies: NDArray[np.uint8]  # of a passage, its body; of a note, its other names


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where words stand: those of the n-th word are from `starts[n]`, passage after passage."""

    starts: NDArray[np.uint32]
    places: NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentWords:
    """The words of some passages, and of the names of their notes."""

    owners: NDArray[np.int32]  # the note of each passage
    tokens: NDArray[np.int32]  # of each passage
    passages: Occurrences
    places: Places
    names: Occurrences
    note_ids: NDArray[np.int32]  # ascending; the passages' are those of the vectors


class WordCollector:
    """Takes texts in order, each in columns, and finds where the stems of their words stand."""

    def __init__(self, columns: int, stems_of: Callable[[str], Sequence[str]]) -> None:
        self._columns = columns
        self._stems_of = stems_of
        self._numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
        self._words = array("I")
        self._sizes = array("I")

    def add(self, *columns: str) -> None:
        """Add one text."""
        for text in columns:
            words = words_of(text)
            self._words.extend(map(self._numbers.__getitem__, words))
            self._sizes.append(len(words))

    def collect_passages(self) -> tuple[Occurrences, Places]:
        """Return the words of texts of three columns, the last of them the body."""
        found = self._sorted()
        titles, heads = found.count_below(HEADING), found.count_below(BODY)
        sections, bodies = heads - titles, found.sizes - heads
        titles, sections = titles.clip(max=MOST_IN_HEAD), sections.clip(max=MOST_IN_HEAD)
        bodies = bodies.clip(max=MOST_COUNTED)
        # As many places as are counted: the counts say whose they are.
        counted = titles + sections + bodies
        ends = _add_up(counted)
        places = found.places
        if ends[-1] < len(places):
            behind = np.arange(len(places)) - np.repeat(found.bounds[:-1], found.sizes)
            places = places[behind < np.repeat(counted, found.sizes)]
        occurrences = found.occurrences(titles | sections * np.uint8(16), bodies)
        return occurrences, Places(ends[occurrences.starts], places)

    def collect_names(self) -> Occurrences:
        """Return the words of texts of two columns."""
        found = self._sorted()
        titles = found.count_below(HEADING)
        others = found.sizes - titles
        return found.occurrences(titles.clip(max=MOST_COUNTED), others.clip(max=MOST_COUNTED))

    def _sorted(self) -> _Found:
        keys, stands, sizes = self._stemmed()
        spans = np.arange(len(sizes), dtype=np.uint32)
        columns = spans % self._columns
        places = np.arange(len(stands), dtype=np.uint32)
        places -= np.repeat((np.cumsum(sizes) - sizes).astype(np.uint32), sizes)
        last = np.repeat(_COLUMN_SIZES[columns], sizes)
        np.copyto(places, last, where=places >= last - 1)  # with a gap before: none is beside it
        places += np.repeat(_COLUMN_STARTS[columns] | spans // self._columns << 16, sizes)
        # A number says stem, text and place: to sort it takes a tenth of the time in which argsort
        # gives an order.
        stands <<= np.uint64(32)
        stands |= places
        stands.sort()
        return _Found.of(keys, stands)

    def _stemmed(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        """Return the keys of all stems, and of each stem of the texts its place among these.

        And how many stems each column of each text has.
        """
        stems_of = [self._stems_of(word.decode()) for word in self._numbers]
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        firsts = np.array([numbers[stems[0]] if stems else 0 for stems in stems_of], dtype=np.int64)
        counts = np.array([len(stems) for stems in stems_of], dtype=np.int64)
        words = np.frombuffer(self._words, dtype=np.uint32)
        sizes = np.array(self._sizes, dtype=np.int64)
        odd = np.flatnonzero((counts != 1)[words])
        of_odd = [numbers[stem] for word in words[odd].tolist() for stem in stems_of[word]]
        keys, rank_of = np.unique(keys_of(list(numbers)), return_inverse=True)
        ranks = rank_of.astype(np.uint64)
        found = ranks[firsts][words] if len(words) else ranks[:0]
        if len(odd):
            each = counts[words[odd]]
            at = np.repeat(odd - np.arange(len(odd)), each)
            found = np.insert(np.delete(found, odd), at, ranks[of_odd])
            np.add.at(sizes, np.searchsorted(np.cumsum(sizes), odd, side="right"), each - 1)
        return keys, found, sizes


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """All stems of all texts: by stem, by text, and as they come in it."""

    keys: NDArray[np.uint64]
    ranks: NDArray[np.uint32]  # of each stem's key, for each text that has it
    ordinals: NDArray[np.uint16]  # the texts
    bounds: NDArray[np.int64]  # where the places of each begin, and where the last ones end
    places: NDArray[np.uint16]

    @classmethod
    def of(cls, keys: NDArray[np.uint64], stands: NDArray[np.uint64]) -> _Found:
        """Take numbers apart, ascending: rank, text and place."""
        places = stands.astype(np.uint16)
        stands >>= np.uint64(16)
        is_first = np.ones(len(stands), dtype=np.bool_)
        np.not_equal(stands[1:], stands[:-1], out=is_first[1:])
        firsts = np.flatnonzero(is_first)
        texts = stands[firsts]
        ranks = (texts >> np.uint64(16)).astype(np.uint32)
        bounds = np.append(firsts, len(stands))
        return cls(keys, ranks, texts.astype(np.uint16), bounds, places)

    @property
    def sizes(self) -> NDArray[np.uint32]:
        """How often each text has its stem."""
        return np.diff(self.bounds).astype(np.uint32)

    def count_below(self, place: int) -> NDArray[np.uint32]:
        """Count, for each text that has a stem, how often that stands before a place."""
        return np.diff(_add_up(self.places < place)[self.bounds])

    def occurrences(
        self, heads: NDArray[np.unsignedinteger], bodies: NDArray[np.unsignedinteger]
    ) -> Occurrences:
        """Return which texts have each stem, with two counts of each."""
        starts = np.searchsorted(self.ranks, np.arange(len(self.keys) + 1))
        return Occurrences(
            self.keys,
            starts.astype(np.uint32),
            self.ordinals,
            heads.astype(np.uint8),
            bodies.astype(np.uint8),
        )


def _add_up(counts: NDArray[np.generic]) -> NDArray[np.uint32]:
    """Return the sums of the counts before each one, and of all."""
    sums = np.zeros(len(counts) + 1, dtype=np.uint32)
    np.cumsum(counts, out=sums[1:])
    return sums
