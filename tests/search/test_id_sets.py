"""Our sets are numpy's, without its slow import."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from notesearch.search.id_sets import common_ids, join_ids, leave_out

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
        "from notesearch.search.id_sets import common_ids, join_ids, leave_out;"
        "ids = np.arange(9); leave_out(join_ids(ids, ids), common_ids(ids, ids[:3]));"
        "sys.exit('numpy.ma' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
