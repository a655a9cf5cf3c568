"""A phrase in, its BM25 in every passage or note out, in a fifth of the time that FTS5 takes.

FTS5's own bm25() looks up the length of each passage that it scores, 0.7 µs, and Python takes
another 0.5 for each row that it is handed. Where a word stands comes out of the same table at
0.14 µs a place, in one text. Lengths are known, and the rest is sums over arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.records import Matches

# Those of FTS5, which has them from Robertson and Zaragoza (2009).
_K1 = 1.2
_B = 0.75
_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class FullTextTable:
    """One of the full-text tables, and its columns."""

    name: str
    columns: tuple[str, ...]


PASSAGE_WORDS = FullTextTable("words", ("title", "section", "body"))
NOTE_WORDS = FullTextTable("note_words", ("title", "body"))


def score_phrase(
    catalog: Catalog,
    table: FullTextTable,
    phrase: str,
    weights: Sequence[float],
    lengths: NDArray[np.int64],
) -> Matches:
    """Score every row that has a phrase, in ascending order of the ids.

    `weights` are those of the table's columns, `lengths` the tokens of each row by its number; 0
    leaves a row out.
    """
    stems = stems_of(catalog, phrase)
    if len(stems) != 1:
        return _scores_by_fts5(catalog, table, phrase, weights)
    ids, columns = _places(catalog, table, stems[0])
    if not ids.size:
        return Matches(ids, np.empty(0))
    firsts = np.flatnonzero(np.diff(ids, prepend=-1))
    frequencies = np.add.reduceat(np.asarray(weights, dtype=np.float64)[columns], firsts)
    found = ids[firsts]
    if not (is_long := lengths[found] > 0).all():  # a note of nothing but a title has no passage
        found, frequencies = found[is_long], frequencies[is_long]
    return Matches(found, _bm25(frequencies, lengths[found], lengths))


def stems_of(catalog: Catalog, text: str) -> list[str]:
    """Give the words of a text as the full-text tables have them, in order."""
    catalog.rows("INSERT INTO temp.said (said) VALUES ('delete-all')")
    catalog.rows("INSERT INTO temp.said (rowid, text) VALUES (1, ?)", (text,))
    return [stem for (stem,) in catalog.rows("SELECT term FROM temp.said_places ORDER BY offset")]


def _places(
    catalog: Catalog, table: FullTextTable, stem: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where a word stands: the row, ascending, and the column of each place."""
    cases = " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(table.columns))
    text = catalog.rows(
        f"""SELECT group_concat(doc * 4 + CASE col {cases} END)
        FROM temp.{table.name}_places WHERE term = ?""",
        (stem,),
    )[0][0]
    places = np.fromstring(text or "", dtype=np.int64, sep=",")
    return places >> 2, places & 3


def _bm25(
    frequencies: NDArray[np.float64], lengths: NDArray[np.int64], all_lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    if not lengths.size:
        return np.empty(0)
    count, having = np.count_nonzero(all_lengths), len(frequencies)
    idf = max(float(np.log((count - having + 0.5) / (having + 0.5))), _LEAST_IDF)
    relative = lengths / (all_lengths.sum() / count)
    scores: NDArray[np.float64] = (
        idf * frequencies * (_K1 + 1) / (frequencies + _K1 * (1 - _B + _B * relative))
    )
    return scores


def _scores_by_fts5(
    catalog: Catalog, table: FullTextTable, phrase: str, weights: Sequence[float]
) -> Matches:
    """Score several words in a row: a phrase stands in few passages."""
    marks = ", ".join("?" * len(weights))
    rows = catalog.rows(
        f"""SELECT rowid, bm25({table.name}, {marks}) FROM {table.name}
        WHERE {table.name} MATCH ? ORDER BY rowid""",
        (*weights, phrase),
    )
    ids = np.array([number for number, _ in rows], dtype=np.int64)
    return Matches(ids, np.array([-score for _, score in rows], dtype=np.float64))
