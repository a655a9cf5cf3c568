"""Score every passage and note by BM25, in a fifth of the time that FTS5 takes.

FTS5's own bm25() looks up the length of each passage that it scores, 0.7 µs, and Python takes
another 0.5 for each row. Where a word stands comes out of the same table at
0.14 µs a place, in one text. Lengths are known, and the rest is sums over arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.filter_sql import quote_words
from notesearch.index.passage_table import read_numbers
from notesearch.index.snapshot import ColumnWeights, Matches, PassageTable

# Those of FTS5, which has them from Robertson and Zaragoza (2009).
_K1 = 1.2
_B = 0.75
_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class _FullTextTable:
    """One of the full-text tables, and its columns."""

    name: str
    columns: tuple[str, ...]


_PASSAGE_WORDS = _FullTextTable("words", ("title", "section", "body"))
_BODY = 2
_NOTE_NAMES = _FullTextTable("note_words", ("title", "other_names"))


def score_word(
    catalog: Catalog, word: str, weights: ColumnWeights, table: PassageTable
) -> tuple[Matches, Matches]:
    """Score every passage that has a word, and every note; both in ascending order of the ids.

    A note has it as often as its names and the bodies of its passages have it.
    """
    counted = count_word(catalog, word, weights, table)
    if counted is None:
        passages = score_phrase(catalog, [word], weights)
        return passages, best_of_notes(passages, table)
    return score_counts(*counted, table)


def count_word(
    catalog: Catalog, word: str, weights: ColumnWeights, table: PassageTable
) -> tuple[Matches, Matches] | None:
    """Count how often passages and notes have a word, by the weight of its places.

    None for what is no single word to the full-text tables.
    """
    stems = stems_of(catalog, word)
    if len(stems) != 1:
        return None
    ids, columns = _places(catalog, _PASSAGE_WORDS, stems[0])
    passages = _count_in_passages(ids, columns, weights)
    named, where = _places(catalog, _NOTE_NAMES, stems[0])
    by_name = np.array([weights.title, weights.other_names])[where]
    count = len(table.note_lengths)
    in_bodies = np.bincount(table.note_of[ids[columns == _BODY]], minlength=count)
    frequencies = np.bincount(named, by_name, count) + weights.body * in_bodies
    frequencies[table.note_lengths == 0] = 0  # a note of nothing but a title has no passage
    notes = np.flatnonzero(frequencies)
    return passages, Matches(notes, frequencies[notes].astype(np.float64))


def score_counts(passages: Matches, notes: Matches, table: PassageTable) -> tuple[Matches, Matches]:
    """Score passages and notes by how often they have a word, and by all there are."""
    count = table.passage_ids.size
    lengths = table.passage_lengths[passages.ids] * (count / max(table.tokens, 1))
    of_notes = table.note_lengths[notes.ids] * (table.notes / max(table.tokens, 1))
    return (
        Matches(passages.ids, _bm25(passages.scores, lengths, count)),
        Matches(notes.ids, _bm25(notes.scores, of_notes, table.notes)),
    )


def score_phrase(catalog: Catalog, words: Sequence[str], weights: ColumnWeights) -> Matches:
    """Score every passage that has words side by side, by FTS5: a phrase stands in few passages."""
    rows = catalog.rows(
        """SELECT rowid, bm25(words, ?, ?, ?) FROM words WHERE words MATCH ? ORDER BY rowid""",
        (weights.title, weights.section, weights.body, quote_words(words)),
    )
    ids = np.array([number for number, _ in rows], dtype=np.int64)
    return Matches(ids, np.array([-score for _, score in rows], dtype=np.float64))


def best_of_notes(passages: Matches, table: PassageTable) -> Matches:
    """Return each note the score of its best passage; the passages ascend."""
    owners = table.note_of[passages.ids]
    firsts = np.flatnonzero(np.diff(owners, prepend=0))  # a note's are numbered in a row
    best = np.maximum.reduceat(passages.scores, firsts) if firsts.size else passages.scores
    return Matches(owners[firsts].astype(np.int64), best)


def rescale_phrase(parts: Sequence[Matches], sizes: Sequence[int]) -> list[Matches]:
    """Bring the scores of a phrase in several indexes to how rare it is in all of them.

    `sizes` are their numbers of passages. What a passage of average length is stays each index's
    own.
    """
    rarity = _rarity(sum(len(part.ids) for part in parts), sum(sizes))
    return [
        Matches(part.ids, part.scores * (rarity / _rarity(len(part.ids), size)))
        for part, size in zip(parts, sizes, strict=True)
    ]


def _count_in_passages(
    ids: NDArray[np.int64], columns: NDArray[np.int64], weights: ColumnWeights
) -> Matches:
    if not ids.size:
        return Matches(ids, np.empty(0))
    firsts = np.flatnonzero(np.diff(ids, prepend=-1))
    by_column = np.array([weights.title, weights.section, weights.body])
    return Matches(ids[firsts], np.add.reduceat(by_column[columns], firsts))


def stems_of(catalog: Catalog, text: str) -> list[str]:
    """Return the words of a text as the full-text tables have them, in order."""
    catalog.rows("INSERT INTO temp.scratch (scratch) VALUES ('delete-all')")
    catalog.rows("INSERT INTO temp.scratch (rowid, text) VALUES (1, ?)", (text,))
    return [
        stem for (stem,) in catalog.rows("SELECT term FROM temp.scratch_places ORDER BY offset")
    ]


def _places(
    catalog: Catalog, words: _FullTextTable, stem: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where a word stands: the row, ascending, and the column of each place."""
    cases = " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(words.columns))
    text = catalog.rows(
        f"""SELECT group_concat(doc * 4 + CASE col {cases} END)
        FROM temp.{words.name}_places WHERE term = ?""",
        (stem,),
    )[0][0]
    places = read_numbers(text)
    return places >> 2, places & 3


def _bm25(
    frequencies: NDArray[np.floating], relative_lengths: NDArray[np.floating], count: int
) -> NDArray[np.float64]:
    """Score those of `count` texts that have a word, by their lengths in average ones."""
    idf = _rarity(len(frequencies), count)
    damping = _K1 * (1 - _B + _B * relative_lengths)
    scores: NDArray[np.float64] = idf * frequencies * (_K1 + 1) / (frequencies + damping)
    return scores


def _rarity(having: int, count: int) -> float:
    return max(math.log((count - having + 0.5) / (having + 0.5)), _LEAST_IDF)
