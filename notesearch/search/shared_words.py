"""Weigh the words of notes by how rare they are, and say how far notes share them.

A word weighs more the fewer notes have it and the more often a note says it, as in BM25. Two notes
share their words as far as the angle between their weights is small: 1 where they have the same
words, 0 where they have none in common.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.comparable_words import UNSPACED
from notesearch.search.question_words import STOP_WORDS

# Numbers alone say little, and so does a single letter.
_WORD = re.compile(rf"[{UNSPACED}]|[^\W\d_{UNSPACED}][^\W_{UNSPACED}]+")
# A word that more notes have tells none of them apart, and takes long to look up in all of them.
# Of a few notes, all that are on one thing may have its words.
_MOST_NOTES, _FEW_NOTES = 0.25, 50
# How fast a word that is said again counts less, and how far a long note is held against it.
_SATURATION, _OF_LENGTH = 1.2, 0.75
_PASSAGES_PER_READ = 1000

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadLines:
    """The lines of some passages, as the numbers of their words: a tenth of the room of texts."""

    vocabulary: list[str]  # the words by their numbers
    words: list[Numbers]  # of each line that has any
    passages: Numbers  # of each line: the place of its passage among those that were read
    texts: Numbers  # of each line: a number that lines of the same words share


def read_lines(snapshot: Snapshot, passage_ids: Numbers) -> ReadLines:
    """Read the lines of some passages, as they are searched: in words, without markup."""
    known: dict[str, int] = {}
    lines: dict[bytes, int] = {}
    words, passages, texts = [], [], []
    for start in range(0, len(passage_ids), _PASSAGES_PER_READ):
        part = passage_ids[start : start + _PASSAGES_PER_READ].tolist()
        for at, stored in enumerate(snapshot.passages(part), start=start):
            for line in stored.passage.search_text.split("\n"):
                if said := read_rare_words(line):
                    numbers = np.array([known.setdefault(w, len(known)) for w in said], np.int64)
                    words.append(numbers)
                    passages.append(at)
                    texts.append(lines.setdefault(numbers.tobytes(), len(lines)))
    return ReadLines(list(known), words, np.array(passages, np.int64), np.array(texts, np.int64))


def read_rare_words(text: str) -> list[str]:
    """Return the words of a text in their order, without case; the commonest ones too."""
    return _WORD.findall(text.casefold())


class SharedWords:
    """The words of some notes with their weights; notes go by their rows."""

    def __init__(self, words: Sequence[str], rows: Numbers, said: Numbers, notes: int) -> None:
        """Take all words, and of each place where a note says one the note and the word."""
        self._words = words
        self._notes = notes
        pairs, counts = np.unique(rows * max(len(words), 1) + said, return_counts=True)
        row, word = np.divmod(pairs, max(len(words), 1))
        having = np.bincount(word, minlength=len(words))
        lengths = np.bincount(rows, minlength=notes)
        longer = lengths[row] / max(float(lengths.mean()), 1.0) if notes else lengths[row]
        against = _SATURATION * (1 - _OF_LENGTH + _OF_LENGTH * longer)
        rarity = np.log(1 + (notes - having + 0.5) / (having + 0.5))
        rarity[having > max(_MOST_NOTES * notes, _FEW_NOTES)] = 0
        rarity[[at for at, one in enumerate(words) if one in STOP_WORDS]] = 0
        weights = counts * (_SATURATION + 1) / (counts + against) * rarity[word]
        lengths_of = np.sqrt(np.bincount(row, weights**2, minlength=notes))
        weights /= np.maximum(lengths_of[row], 1e-9)
        self.rarity = dict(zip(words, rarity.tolist(), strict=True))
        # What only one note says is shared by none.
        kept = (rarity[word] > 0) & (having[word] > 1)
        self._row, self._word, self._weight = row[kept], word[kept], weights[kept]
        self._starts = np.searchsorted(self._row, np.arange(notes + 1))
        by_word = np.argsort(self._word, kind="stable")
        self._row_by_word, self._weight_by_word = self._row[by_word], self._weight[by_word]
        self._counts = np.bincount(self._word, minlength=len(words))
        self._firsts = np.cumsum(self._counts) - self._counts

    def with_all(self, row: int) -> NDArray[np.float64]:
        """Return how far a note shares its words with each of the notes, from 0 to 1."""
        own = slice(self._starts[row], self._starts[row + 1])
        counts = self._counts[self._word[own]]
        ends = np.cumsum(counts)
        at = np.arange(ends[-1] if ends.size else 0)
        at += np.repeat(self._firsts[self._word[own]] - (ends - counts), counts)
        weights = self._weight_by_word[at] * np.repeat(self._weight[own], counts)
        shared: NDArray[np.float64] = np.bincount(
            self._row_by_word[at], weights, minlength=self._notes
        ).astype(np.float64)  # of no words at all they are whole numbers
        return shared

    def of_both(self, row: int, other: int, most: int) -> list[str]:
        """Return the words that two notes share and that make them most alike, first these."""
        weights = [
            dict(zip(self._word[own].tolist(), self._weight[own].tolist(), strict=True))
            for own in (slice(*self._starts[one : one + 2]) for one in (row, other))
        ]
        both = weights[0].keys() & weights[1].keys()
        ranked = sorted(both, key=lambda word: (-weights[0][word] * weights[1][word], word))
        return [self._words[word] for word in ranked[:most]]
