"""Threads share a connection to the catalog: each waits for its turn."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout
from notesearch.index.update import update_index
from tests.index.corpora import LineCorpus, plan_of


def test_words_are_parted_while_another_thread_reads(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    # Slow enough that the other thread finds it at work.
    slow = """WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
        SELECT count(*) FROM n"""
    for _ in range(3):
        with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog:
            reader = threading.Thread(target=catalog.rows, args=(slow,))
            reader.start()
            try:
                assert catalog.stems_of("running words") == ["run", "word"]
            finally:
                reader.join()
