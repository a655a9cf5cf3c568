"""Sets of passages as ascending arrays of their numbers.

numpy's own set functions import numpy.ma at their first call, which is 20 ms of a cold query.
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
    if not others.size:
        return ids
    ordered = np.sort(others)
    nearest = ordered[np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)]
    left: NDArray[np.int64] = ids[nearest != ids]
    return left
