"""What SQLite's full-text search says of an index's passages, to compare our own with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from notesearch.index.snapshot import ColumnWeights


def scores_of_fts5(
    index_dir: Path, words: Sequence[str], weights: ColumnWeights
) -> dict[int, float]:
    """Return the BM25 of the passages that have any of some words or quoted phrases, by number."""
    with closing(sqlite3.connect(index_dir / "catalog.sqlite")) as catalog:
        catalog.execute(
            "CREATE VIRTUAL TABLE temp.said USING fts5(title, section, body, "
            "tokenize='porter unicode61')"
        )
        catalog.execute(
            "INSERT INTO temp.said (rowid, title, section, body) SELECT id, "
            "substr(search_text, 1, body_start), section, substr(search_text, body_start + 1) "
            "FROM passages"
        )
        rows = catalog.execute(
            "SELECT rowid, -bm25(said, ?, ?, ?) FROM temp.said WHERE said MATCH ? ORDER BY rowid",
            (weights.title, weights.section, weights.body, " OR ".join(words)),
        )
        return dict(rows.fetchall())
