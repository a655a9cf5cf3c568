"""Compare whole notes with all others, by what they mean and by the rare words that they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.shared_words import Numbers, SharedWords, TextReader

# The same text in more notes than two belongs to none of them: a template, a footer, a form.
_MOST_OWNERS = 2
# Two notes that have so much of the shorter one in common are copies.
_COPY = 0.5
# Passages and notes that are at work at once: 8 MB of vectors, 5 MB of cosines to 5,000 notes.
_PASSAGES_AT_ONCE = 5000
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class ComparedNotes:
    """Notes with what they are compared by; they go by their rows."""

    numbers: Numbers  # of the notes inside the index, ascending
    passage_ids: tuple[Numbers, ...]  # of each note, without what is in many notes
    texts: tuple[frozenset[int], ...]  # of each note; the same text has the same number
    means: NDArray[np.float32]  # (notes, dimension), of length 1, or 0 where nothing is left
    words: SharedWords

    def likeness(self, rows: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield for each of some notes how like it all are, from 0 to 1.

        That is the geometric mean of meaning and words: notes are alike in both, or not at all.
        """
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            block = list(rows[start : start + _ROWS_AT_ONCE])
            meaning = np.maximum(self.means[block] @ self.means.T, 0)
            for at, row in enumerate(block):
                yield np.sqrt(meaning[at] * self.words.with_all(row))

    def have_same_text(self, row: int, other: int) -> bool:
        """Return whether two notes have the same passages, or one has the most of the other's."""
        texts, others = self.texts[row], self.texts[other]
        return len(texts & others) >= _COPY * max(min(len(texts), len(others)), 1)


def compare_notes(snapshot: Snapshot, numbers: Numbers) -> ComparedNotes:
    """Read some notes, given in ascending order, to compare them with each other."""
    note_of = snapshot.table.note_of
    ids = np.flatnonzero(np.isin(note_of, numbers))
    rows = np.searchsorted(numbers, note_of[ids])
    order = np.argsort(rows, kind="stable")
    ids, rows = ids[order], rows[order]
    reader = TextReader()
    words, texts = reader.read(snapshot, ids)
    own = _are_own(rows, texts)
    said = [one for one, is_own in zip(words, own, strict=True) if is_own]
    said_by = np.repeat(rows[own], [len(one) for one in said])
    starts = np.searchsorted(rows, np.arange(len(numbers) + 1))
    spans = [slice(start, end) for start, end in pairwise(starts.tolist())]
    return ComparedNotes(
        numbers=numbers,
        passage_ids=tuple(ids[span][own[span]] for span in spans),
        texts=tuple(frozenset(texts[span].tolist()) for span in spans),
        means=_means(snapshot, ids[own], rows[own], len(numbers)),
        words=SharedWords(
            reader.words,
            said_by,
            np.concatenate(said) if said else np.empty(0, np.int64),
            len(numbers),
        ),
    )


def _are_own(rows: Numbers, texts: Numbers) -> NDArray[np.bool_]:
    """Return which passages have a text that few notes have."""
    _, text = np.unique(texts, return_inverse=True)
    in_notes = np.unique(np.stack([text, rows]), axis=1)[0]
    return np.bincount(in_notes, minlength=len(texts))[text] <= _MOST_OWNERS


def _means(snapshot: Snapshot, ids: Numbers, rows: Numbers, notes: int) -> NDArray[np.float32]:
    """Return the mean of each note's vectors, read in parts that take little memory."""
    if not ids.size:
        return np.zeros((notes, 1), np.float32)
    sums = None
    for start in range(0, len(ids), _PASSAGES_AT_ONCE):
        part = slice(start, start + _PASSAGES_AT_ONCE)
        vectors = snapshot.vectors_of(ids[part].tolist())
        if sums is None:
            sums = np.zeros((notes, vectors.shape[1]), np.float32)
        np.add.at(sums, rows[part], vectors)
    assert sums is not None
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    means: NDArray[np.float32] = sums / np.maximum(lengths, 1e-9)
    return means
