from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch import Index
from notesearch.embedding.graph_engine import (
    BULK_PASSAGES,
    FEW_PASSAGES,
    PAUSE_SECONDS,
    Engine,
    GraphShape,
    PassageEngine,
    plan_batches,
)
from notesearch.lazy import Lazy
from tests.fakes import WordEmbedder

SHAPE = GraphShape(inputs=("input_ids",), pad_id=0, dimension=1)


class Counted:
    """An engine that gives each row its length; remembers how many rows came at a time."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run_all(self, rows, shape):
        self.sizes.append(len(rows))
        return np.array([[len(row)] for row in rows], dtype=np.float32)


def rows(*texts: str) -> list[list[int]]:
    return [[0] * len(text) for text in texts]


def test_batches_hold_each_position_once_and_keep_to_the_budget() -> None:
    lengths = [3, 9, 1, 4, 4, 0, 20]
    batches = plan_batches(lengths, token_budget=12)
    assert sorted(position for batch in batches for position in batch) == list(range(7))
    assert batches == [[6], [1], [3, 4, 0], [2, 5]]


def test_longest_texts_come_first() -> None:
    assert plan_batches([1, 5, 3], token_budget=5) == [[1], [2], [0]]


def test_no_texts_are_no_batches() -> None:
    assert plan_batches([], token_budget=10) == []


def test_rows_of_any_length_come_back_in_their_order() -> None:
    lengths = [3, 9, 1, 4, 4, 20]
    for workers in (1, 2):
        engine = Engine(lambda inputs: (inputs["input_ids"] == 7).sum(axis=1)[:, None], 12, workers)
        found = engine.run_all([[7] * length for length in lengths], SHAPE)
        assert found.ravel().tolist() == lengths
    assert engine.run_all([], SHAPE).shape == (0, 1)


def test_few_passages_leave_the_bulk_engine_closed() -> None:
    ready = Counted()
    engine = PassageEngine(Lazy(lambda: ready), Lazy(lambda: 1 / 0), bulk_from=3)
    assert engine.run_all(rows("a", "bb"), SHAPE).tolist() == [[1], [2]]
    assert ready.sizes == [2]


def test_many_passages_open_the_bulk_engine_once_and_keep_it() -> None:
    ready, bulk, opened = Counted(), Counted(), []

    def open_bulk() -> Counted:
        opened.append(True)
        return bulk

    engine = PassageEngine(Lazy(lambda: ready), Lazy(open_bulk), bulk_from=3)
    assert engine.run_all(rows("a", "bb", "ccc"), SHAPE).tolist() == [[1], [2], [3]]
    engine.run_all(rows("the rest"), SHAPE)
    assert (opened, ready.sizes, bulk.sizes) == ([True], [], [3, 1])


def test_passages_of_a_run_add_up_until_they_are_many() -> None:
    ready, bulk = Counted(), Counted()
    engine = PassageEngine(Lazy(lambda: ready), Lazy(lambda: bulk), bulk_from=5)
    for part in (["a", "bb"], ["c"], ["d", "e", "f"], ["g"]):
        assert engine.run_all(rows(*part), SHAPE).ravel().tolist() == [len(text) for text in part]
    assert (ready.sizes, bulk.sizes) == ([2, 1], [3, 1])


def test_few_passages_now_and_then_never_open_the_bulk_engine() -> None:
    now = [0.0]
    ready = Counted()
    engine = PassageEngine(Lazy(lambda: ready), Lazy(lambda: 1 / 0), 5, clock=lambda: now[0])
    for _ in range(10):
        engine.run_all(rows("a", "b", "c"), SHAPE)
        now[0] += PAUSE_SECONDS + 1
    assert ready.sizes == [3] * 10


def test_a_few_passages_run_on_what_is_open_and_make_no_run() -> None:
    ready, bulk, question = Counted(), Counted(), Counted()
    engine = PassageEngine(Lazy(lambda: ready), Lazy(lambda: bulk), bulk_from=100)
    few, more = rows(*["a"] * FEW_PASSAGES), rows(*["a"] * (FEW_PASSAGES + 1))
    for _ in range(10):
        assert len(engine.run_all(few, SHAPE, question)) == FEW_PASSAGES
    assert (question.sizes, ready.sizes, bulk.sizes) == ([FEW_PASSAGES] * 10, [], [])
    for part in (more, few, more, few, more, more, few):
        engine.run_all(part, SHAPE, question)
    sizes = [FEW_PASSAGES + 1, FEW_PASSAGES]
    assert (ready.sizes, bulk.sizes) == (sizes * 2 + sizes[:1], [sizes[0], FEW_PASSAGES])
    assert question.sizes == [FEW_PASSAGES] * 10


class OnEngine(WordEmbedder):
    """Embeds words; what runs the passages is counted."""

    def __init__(self, engine: PassageEngine) -> None:
        super().__init__()
        self._engine = engine

    def embed_passages(self, texts):
        self._engine.run_all(rows(*texts), SHAPE)
        return super().embed_passages(texts)


@pytest.mark.parametrize(("notes", "on_bulk"), [(1_300, True), (900, False)])
def test_update_of_many_small_notes_goes_to_the_accelerator(
    notes: int, on_bulk: bool, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(notes):
        (corpus / f"{number}.md").write_text(f"# Note {number}\n\nA policy of {number} steps.\n")
    ready, bulk = Counted(), Counted()
    embedder = OnEngine(PassageEngine(Lazy(lambda: ready), Lazy(lambda: bulk)))
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        report = index.update(corpus)
    assert (report.passages_embedded, sum(ready.sizes) + sum(bulk.sizes)) == (notes, notes)
    # The parts before the thousandth passage are embedded when it comes.
    assert (sum(bulk.sizes) >= notes - BULK_PASSAGES) if on_bulk else not bulk.sizes
    assert sum(ready.sizes) < BULK_PASSAGES
