from __future__ import annotations

from pathlib import Path
from statistics import fmean, stdev

import pytest

from notesearch.search.off_topic_floor import _DEVIATIONS, UNRELATED, floor_of
from tests.search.written import build_store, note


def test_floor_lies_above_the_mean_of_unrelated_questions(tmp_path: Path) -> None:
    # To the tests' embedder no unrelated question holds a word it knows but those it lumps
    # together, and of these the note holds one of two: each cosine is 1 / sqrt(2).
    store = build_store(tmp_path, note("a.md", "reward", title="x"))
    with store, store.snapshot() as snapshot:
        best = [0.5**0.5] * len(UNRELATED)
        expected = fmean(best) + _DEVIATIONS * stdev(best)
        assert floor_of(snapshot.state.probe_cosines) == pytest.approx(expected, abs=1e-3)


def test_too_few_cosines_give_no_floor() -> None:
    assert floor_of(()) is None
    assert floor_of((0.3,)) is None


def test_cosines_that_differ_raise_the_floor() -> None:
    assert floor_of((0.1, 0.3)) == pytest.approx(0.2 + _DEVIATIONS * stdev((0.1, 0.3)))
