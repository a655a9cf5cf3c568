from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch import Index
from notesearch.embedding.bulk_embedder import BULK_PASSAGES, PAUSE_SECONDS, BulkEmbedder
from tests.fakes import WordEmbedder


class LengthEmbedder:
    """One dimension: the text's length; remembers how many texts came at a time."""

    max_tokens = 100
    dimension = 1
    fingerprint = "length"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def count_tokens(self, text: str) -> int:
        return len(text)

    def embed_passages(self, texts):
        self.sizes.append(len(texts))
        return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)

    def embed_query(self, text: str):
        return self.embed_passages([text])[0]


def test_few_passages_and_queries_leave_the_bulk_engine_closed() -> None:
    ready = LengthEmbedder()
    embedder = BulkEmbedder(ready, open_bulk=lambda: 1 / 0, bulk_from=3)
    embedder.embed_passages(["a", "b"])
    embedder.embed_query("a")
    embedder.embed_passages([])
    assert ready.sizes == [2, 1, 0]


def test_many_passages_open_the_bulk_engine_once_and_keep_it() -> None:
    ready, bulk, opened = LengthEmbedder(), LengthEmbedder(), []

    def open_bulk() -> LengthEmbedder:
        opened.append(True)
        return bulk

    embedder = BulkEmbedder(ready, open_bulk, bulk_from=3)
    assert embedder.embed_passages(["a", "bb", "ccc"]).tolist() == [[1], [2], [3]]
    embedder.embed_passages(["the rest"])
    assert (opened, ready.sizes, bulk.sizes) == ([True], [], [3, 1])


def test_passages_of_a_run_add_up_until_they_are_many() -> None:
    ready, bulk = LengthEmbedder(), LengthEmbedder()
    embedder = BulkEmbedder(ready, lambda: bulk, bulk_from=5)
    for part in (["a", "bb"], ["c"], ["d", "e", "f"], ["g"]):
        assert embedder.embed_passages(part).ravel().tolist() == [len(text) for text in part]
    assert (ready.sizes, bulk.sizes) == ([2, 1], [3, 1])


def test_few_passages_now_and_then_never_open_the_bulk_engine() -> None:
    now = [0.0]
    ready = LengthEmbedder()
    embedder = BulkEmbedder(ready, lambda: 1 / 0, bulk_from=5, clock=lambda: now[0])
    for _ in range(10):
        embedder.embed_passages(["a", "b", "c"])
        now[0] += PAUSE_SECONDS + 1
    assert ready.sizes == [3] * 10


@pytest.mark.parametrize(("notes", "on_bulk"), [(1_300, True), (900, False)])
def test_update_of_many_small_notes_goes_to_the_accelerator(
    notes: int, on_bulk: bool, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(notes):
        (corpus / f"{number}.md").write_text(f"# Note {number}\n\nA policy of {number} steps.\n")
    ready, bulk = WordEmbedder(), WordEmbedder()
    embedder = BulkEmbedder(ready, lambda: bulk, BULK_PASSAGES)
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        report = index.update(corpus)
    assert (report.passages_embedded, len(ready.embedded) + len(bulk.embedded)) == (notes, notes)
    # The parts before the thousandth passage are embedded when it comes.
    assert (len(bulk.embedded) >= notes - BULK_PASSAGES) if on_bulk else not bulk.embedded
    assert len(ready.embedded) < BULK_PASSAGES
