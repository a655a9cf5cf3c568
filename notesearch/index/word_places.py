"""Collect where words stand in passages and in the names of notes, by word.

What comes out is what `word_file.py` writes: each word with its occurrences, and an occurrence is a
passage or note with two counts. `Places` adds the place of every word, for those side by side.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from notesearch.index.stems import keys_of
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
    """Takes texts in order, each in columns of stems."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._words = array("I")
        self._sizes = array("I")

    def add(self, *columns: Sequence[str]) -> None:
        """Add the stems of one text."""
        for stems in columns:
            self._words.extend(map(self._numbers.__getitem__, stems))
            self._sizes.append(len(stems))

    def collect_passages(self) -> tuple[Occurrences, Places]:
        """Return the words of texts of three columns, the last of them the body."""
        tokens = self._sorted()
        titles = _count(tokens.columns == 0, tokens.firsts).clip(max=MOST_IN_HEAD)
        sections = _count(tokens.columns == 1, tokens.firsts).clip(max=MOST_IN_HEAD)
        bodies = _count(tokens.columns == 2, tokens.firsts).clip(max=MOST_COUNTED)
        found = self._occurrences(tokens, titles | sections << 4, bodies)
        # As many places as are counted: the counts say whose they are.
        counted = titles + sections + bodies
        ends = np.concatenate([[0], np.cumsum(counted)])
        places = tokens.places
        if ends[-1] < len(places):
            sizes = np.diff(tokens.firsts, append=len(places))
            behind = np.arange(len(places)) - np.repeat(tokens.firsts, sizes)
            places = places[behind < np.repeat(counted, sizes)]
        return found, Places(ends[found.starts].astype(np.uint32), places)

    def collect_names(self) -> Occurrences:
        """Return the words of texts of two columns."""
        tokens = self._sorted()
        titles, others = (
            _count(tokens.columns == column, tokens.firsts).clip(max=MOST_COUNTED)
            for column in (0, 1)
        )
        return self._occurrences(tokens, titles, others)

    def _sorted(self) -> _Tokens:
        """Return all words that came, by their keys, then in the order in which they came."""
        # Small numbers: a segment of 65,536 passages has some 7 million words.
        sizes = np.frombuffer(self._sizes, dtype=np.uint32)
        words = np.frombuffer(self._words, dtype=np.uint32)
        keys, rank_of = np.unique(keys_of(list(self._numbers)), return_inverse=True)
        ranks = rank_of.astype(np.uint32)[words]
        spans = np.arange(len(sizes), dtype=np.uint32)
        columns = np.repeat((spans % self._columns).astype(np.uint8), sizes)
        ordinals = np.repeat((spans // self._columns).astype(np.uint16), sizes)
        behind = np.arange(len(words), dtype=np.uint32)
        behind -= np.repeat((np.cumsum(sizes) - sizes).astype(np.uint32), sizes)
        last = _COLUMN_SIZES[columns]
        behind = np.where(behind < last - 1, behind, last)  # with a gap before: none is beside it
        places = (_COLUMN_STARTS[columns] + behind).astype(np.uint16)
        order = _stable_order(ranks)
        ranks, ordinals = ranks[order], ordinals[order]
        is_first = np.ones(len(words), dtype=np.bool_)
        is_first[1:] = (ranks[1:] != ranks[:-1]) | (ordinals[1:] != ordinals[:-1])
        firsts = np.flatnonzero(is_first)
        return _Tokens(keys, ranks, ordinals, columns[order], places[order], firsts)

    def _occurrences(
        self, tokens: _Tokens, heads: NDArray[np.int64], bodies: NDArray[np.int64]
    ) -> Occurrences:
        return Occurrences(
            tokens.keys,
            _word_starts(tokens).astype(np.uint32),
            tokens.ordinals[tokens.firsts].astype(np.uint16),
            heads.astype(np.uint8),
            bodies.astype(np.uint8),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Tokens:
    """All words of all texts, by word."""

    keys: NDArray[np.uint64]
    ranks: NDArray[np.uint32]  # of each word's key
    ordinals: NDArray[np.uint16]
    columns: NDArray[np.uint8]
    places: NDArray[np.uint16]
    firsts: NDArray[np.int64]  # the first of each word in each text


def _word_starts(tokens: _Tokens) -> NDArray[np.int64]:
    """Return where the occurrences of each word begin, and where the last ones end."""
    found: NDArray[np.int64] = np.searchsorted(
        tokens.ranks[tokens.firsts], np.arange(len(tokens.keys) + 1)
    )
    return found


def _stable_order(ranks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the order of numbers, equal ones as they come; a tenth of the time of argsort's."""
    keys = ranks.astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(ranks), dtype=np.uint64)
    keys.sort()
    return keys.astype(np.uint32)  # the lower half: where each was


def _count(flags: NDArray[np.bool_], firsts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the flags that are set in each part; each begins at one of `firsts`."""
    if not len(firsts):
        return np.empty(0, dtype=np.int64)
    return np.add.reduceat(flags, firsts, dtype=np.int64)
