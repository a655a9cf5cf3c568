from __future__ import annotations

from pathlib import Path
from statistics import fmean, stdev

import pytest

from notesearch.search.floor import _DEVIATIONS, UNRELATED, Floors, learn_floor
from tests.fakes import WordEmbedder
from tests.search.written import build_store, note


def test_floor_lies_above_the_mean_of_unrelated_questions(tmp_path: Path) -> None:
    # To the tests' embedder no unrelated question holds a word it knows but those it lumps
    # together, and of these the note holds one of two: each cosine is 1 / sqrt(2).
    store = build_store(tmp_path, note("a.md", "reward", title="x"))
    with store, store.snapshot() as snapshot:
        best = [0.5**0.5] * len(UNRELATED)
        expected = fmean(best) + _DEVIATIONS * stdev(best)
        assert learn_floor(snapshot, WordEmbedder()) == pytest.approx(expected, abs=1e-3)


def test_floor_is_learned_once_for_a_generation(tmp_path: Path) -> None:
    class Counting(WordEmbedder):
        asked = 0

        def embed_query(self, text: str):  # type: ignore[no-untyped-def]
            self.asked += 1
            return super().embed_query(text)

    floors, embedder = Floors(), Counting()
    with build_store(tmp_path, note("a.md", "reward")) as store:
        for _ in range(3):
            with store.snapshot() as snapshot:
                floors.get(snapshot, embedder)
    assert embedder.asked == len(UNRELATED)
