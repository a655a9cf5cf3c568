"""Compare whole notes with all others, by what they mean and by the rare words that they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.shared_words import Numbers, SharedWords, read_lines

# The same line in more notes than two belongs to none of them: a template, a footer, a form.
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
    passage_ids: tuple[Numbers, ...]  # of each note
    # Of each note its own: the same line has the same number, and what many notes have is left out.
    lines: tuple[frozenset[int], ...]
    means: NDArray[np.float32]  # (notes, dimension), of length 1
    words: SharedWords  # without lines that are in many notes
    common_lines: tuple[frozenset[str], ...]  # the words of these

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
        """Return whether two notes have the same lines, or one has the most of the other's."""
        lines, others = self.lines[row], self.lines[other]
        return len(lines & others) >= _COPY * max(min(len(lines), len(others)), 1)


def compare_notes(snapshot: Snapshot, numbers: Numbers) -> ComparedNotes:
    """Read some notes, given in ascending order, to compare them with each other."""
    note_of = snapshot.table.note_of
    ids = np.flatnonzero(np.isin(note_of, numbers))
    rows = np.searchsorted(numbers, note_of[ids])
    order = np.argsort(rows, kind="stable")
    ids, rows = ids[order], rows[order]
    read = read_lines(snapshot, ids)
    line_rows = rows[read.passages]
    is_common = _are_common(line_rows, read.texts)
    own = np.flatnonzero(~is_common)
    said = [read.words[at] for at in own.tolist()]
    own_texts = read.texts[own]
    common = {tuple(read.words[at].tolist()) for at in np.flatnonzero(is_common).tolist()}
    return ComparedNotes(
        numbers=numbers,
        passage_ids=tuple(ids[span] for span in _spans(rows, len(numbers))),
        lines=tuple(
            frozenset(own_texts[span].tolist()) for span in _spans(line_rows[own], len(numbers))
        ),
        means=_means(snapshot, ids, rows, len(numbers)),
        words=SharedWords(
            read.vocabulary,
            np.repeat(line_rows[own], [len(one) for one in said]),
            np.concatenate(said) if said else np.empty(0, np.int64),
            len(numbers),
        ),
        common_lines=tuple(frozenset(read.vocabulary[w] for w in line) for line in common),
    )


def _spans(rows: Numbers, notes: int) -> list[slice]:
    starts = np.searchsorted(rows, np.arange(notes + 1)).tolist()
    return [slice(start, end) for start, end in pairwise(starts)]


def _are_common(rows: Numbers, texts: Numbers) -> NDArray[np.bool_]:
    """Return which lines have a text that many notes have."""
    notes_of = np.unique(np.stack([texts, rows]), axis=1)[0]
    common: NDArray[np.bool_] = np.bincount(notes_of)[texts] > _MOST_OWNERS
    return common


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
