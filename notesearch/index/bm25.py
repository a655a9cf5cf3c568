"""Score every passage and note by BM25, from how often the segments say that they have a word."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.segments import Segments
from notesearch.index.snapshot import ColumnWeights, Matches, PassageTable
from notesearch.index.word_file import BODY, HEADING
from notesearch.number_sets import run_starts

# Those of FTS5, which has them from Robertson and Zaragoza (2009).
_K1 = 1.2
_B = 0.75
_LEAST_IDF = 1e-6

_HEAD_COUNTS = np.arange(256)


def count_word(
    segments: Segments, stem: str, weights: ColumnWeights, table: PassageTable
) -> tuple[Matches, Matches]:
    """Count how often passages and notes have a word, by the weight of its places.

    A note has it as often as its names and the bodies of its passages have it.
    """
    found = segments.passages_with(stem)
    bodies = found.bodies.astype(np.float32) * np.float32(weights.body)
    frequencies = bodies
    if found.heads.any():
        of_heads = weights.title * (_HEAD_COUNTS & 15) + weights.section * (_HEAD_COUNTS >> 4)
        frequencies = bodies + of_heads.astype(np.float32).take(found.heads)
    passages = Matches(found.ids, frequencies)
    named = segments.notes_called(stem)
    by_name = weights.title * named.heads + weights.other_names * named.bodies
    of_notes = np.zeros(len(table.note_lengths), np.float32)
    np.add.at(of_notes, table.note_of.take(found.ids), bodies)
    np.add.at(of_notes, named.ids, by_name.astype(np.float32))
    notes = np.flatnonzero(of_notes > 0)
    return passages, Matches(notes, of_notes.take(notes))


def score_counts(passages: Matches, notes: Matches, table: PassageTable) -> tuple[Matches, Matches]:
    """Score passages and notes by how often they have a word, and by all there are."""
    count = table.passage_ids.size
    lengths = table.relative_lengths.take(passages.ids)
    of_notes = table.relative_note_lengths.take(notes.ids)
    return (
        Matches(passages.ids, _bm25(passages.scores, lengths, count)),
        Matches(notes.ids, _bm25(notes.scores, of_notes, table.notes)),
    )


def count_phrase(segments: Segments, stems: Sequence[str], weights: ColumnWeights) -> Matches:
    """Count how often passages have words side by side, by the weight of their places."""
    ids, places = segments.places_of_phrase(stems)
    by_column = np.where(
        places < HEADING, weights.title, np.where(places < BODY, weights.section, weights.body)
    )
    firsts = run_starts(ids)
    counts = np.add.reduceat(by_column, firsts) if firsts.size else by_column
    return Matches(ids[firsts], counts.astype(np.float32))


def score_phrase(passages: Matches, table: PassageTable) -> Matches:
    """Score passages by how often they have words side by side, and by all there are."""
    lengths = table.relative_lengths[passages.ids]
    return Matches(passages.ids, _bm25(passages.scores, lengths, table.passage_ids.size))


def best_of_notes(passages: Matches, table: PassageTable) -> Matches:
    """Return each note the score of its best passage; the passages ascend."""
    owners = table.note_of[passages.ids]
    firsts = run_starts(owners)  # a note's are numbered in a row
    best = np.maximum.reduceat(passages.scores, firsts) if firsts.size else passages.scores
    return Matches(owners[firsts].astype(np.int64), best)


def _bm25(
    frequencies: NDArray[np.float32], relative_lengths: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    """Score those of `count` texts that have a word, by their lengths in average ones."""
    idf = _rarity(len(frequencies), count)
    scores = relative_lengths * np.float32(_K1 * _B)
    scores += np.float32(_K1 * (1 - _B))  # now what damps
    scores += frequencies
    np.divide(frequencies, scores, out=scores)
    scores *= np.float32(idf * (_K1 + 1))
    return scores


def _rarity(having: int, count: int) -> float:
    return max(math.log((count - having + 0.5) / (having + 0.5)), _LEAST_IDF)
