from __future__ import annotations

from notesearch.embedding.graph_engine import plan_batches


def test_batches_hold_each_position_once_and_keep_to_the_budget() -> None:
    lengths = [3, 9, 1, 4, 4, 0, 20]
    batches = plan_batches(lengths, token_budget=12)
    assert sorted(position for batch in batches for position in batch) == list(range(7))
    assert batches == [[6], [1], [3, 4, 0], [2, 5]]


def test_longest_texts_come_first() -> None:
    assert plan_batches([1, 5, 3], token_budget=5) == [[1], [2], [0]]


def test_no_texts_are_no_batches() -> None:
    assert plan_batches([], token_budget=10) == []
