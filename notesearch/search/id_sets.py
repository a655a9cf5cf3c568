"""Sets of passages as ascending arrays of their numbers.

numpy's own set functions import numpy.ma at their first call, which is 20 ms of a cold query, and
take 25 ms for what 100,000 passages have in common with others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def join_ids(*groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the numbers that are in any of the groups, each of them once."""
    ids = np.sort(np.concatenate(groups))
    return ids[np.diff(ids, prepend=-1) > 0]


def leave_out(ids: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the numbers that are not among others, which may come in any order."""
    left: NDArray[np.int64] = ids[~_are_among(ids, np.sort(others))]
    return left


def common_ids(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the numbers that are in both sets."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    common: NDArray[np.int64] = few[_are_among(few, many)]
    return common


def _are_among(ids: NDArray[np.int64], ascending: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not ascending.size:
        return np.zeros(len(ids), dtype=np.bool_)
    nearest = ascending[np.minimum(np.searchsorted(ascending, ids), len(ascending) - 1)]
    among: NDArray[np.bool_] = nearest == ids
    return among
