from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from notesearch.query.filters import PathGlob
from notesearch.search.candidates import CandidateFinder, common_ids, join_ids, leave_out
from tests.search.written import build_store, note


def test_no_filter_lets_all_through(tmp_path: Path) -> None:
    with build_store(tmp_path, note("a.md", "reward")) as store, store.snapshot() as snapshot:
        assert CandidateFinder().find(snapshot, (), None) is None


def test_filter_and_phrases_all_have_to_hold(tmp_path: Path) -> None:
    notes = (note("a.md", "a reward model", "a model"), note("b.md", "reward models"))
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        finder = CandidateFinder()
        in_a = PathGlob("a.md")
        assert np.array_equal(finder.find(snapshot, (), in_a), [1, 2])
        assert np.array_equal(finder.find(snapshot, ("reward model",), None), [1, 3])
        assert np.array_equal(finder.find(snapshot, ("reward model",), in_a), [1])
        assert np.array_equal(finder.find(snapshot, ("reward model", "graph"), in_a), [])


def test_filters_are_told_apart(tmp_path: Path) -> None:
    notes = (note("a.md", "reward"), note("b.md", "reward"))
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        finder = CandidateFinder()
        for _ in range(2):
            assert np.array_equal(finder.find(snapshot, (), PathGlob("a.md")), [1])
            assert np.array_equal(finder.find(snapshot, (), PathGlob("b.md")), [2])


# ---------------------------------------------------------------- sets of passages

IDS = st.lists(st.integers(0, 30), unique=True).map(lambda ids: np.array(ids, dtype=np.int64))


@given(IDS, IDS, IDS)
def test_joining_is_the_union(one, other, third):
    assert join_ids(one, other, third).tolist() == sorted({*one, *other, *third})


@given(IDS.map(np.sort), IDS)
def test_leaving_out_keeps_the_rest_in_order(ids, others):
    assert leave_out(ids, others).tolist() == [number for number in ids if number not in others]


@given(IDS.map(np.sort), IDS.map(np.sort))
def test_common_ones_are_the_intersection(one, other):
    assert common_ids(one, other).tolist() == sorted({*one} & {*other})


def test_none_imports_masked_arrays():
    code = (
        "import sys, numpy as np;"
        "from notesearch.search.candidates import common_ids, join_ids, leave_out;"
        "ids = np.arange(9); leave_out(join_ids(ids, ids), common_ids(ids, ids[:3]));"
        "sys.exit('numpy.ma' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
