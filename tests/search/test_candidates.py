from __future__ import annotations

from pathlib import Path

import numpy as np

from notesearch.index.records import Condition
from notesearch.search.candidates import AllowedIds
from tests.search.written import build_store, note

OF_FILE = "p.note IN (SELECT id FROM notes WHERE note_id = ?)"


def test_no_filter_lets_all_through(tmp_path: Path) -> None:
    with build_store(tmp_path, note("a.md", "reward")) as store, store.snapshot() as snapshot:
        assert AllowedIds().find(snapshot, (), None) is None


def test_condition_and_phrases_all_have_to_hold(tmp_path: Path) -> None:
    notes = (note("a.md", "a reward model", "a model"), note("b.md", "reward models"))
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        allowed = AllowedIds()
        in_a = Condition(OF_FILE, ("a.md",))
        assert np.array_equal(allowed.find(snapshot, (), in_a), [1, 2])
        assert np.array_equal(allowed.find(snapshot, ("reward model",), None), [1, 3])
        assert np.array_equal(allowed.find(snapshot, ("reward model",), in_a), [1])
        assert np.array_equal(allowed.find(snapshot, ("reward model", "graph"), in_a), [])


def test_values_tell_conditions_apart(tmp_path: Path) -> None:
    notes = (note("a.md", "reward"), note("b.md", "reward"))
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        allowed = AllowedIds()
        for _ in range(2):
            assert np.array_equal(allowed.find(snapshot, (), Condition(OF_FILE, ("a.md",))), [1])
            assert np.array_equal(allowed.find(snapshot, (), Condition(OF_FILE, ("b.md",))), [2])
