from __future__ import annotations

import numpy as np

from notesearch.index.records import Matches, Nearest
from notesearch.search.fusion import fuse, to_unit


def nearest(ids: list[int], cosines: list[float]) -> Nearest:
    return Nearest(np.array(ids, dtype=np.int64), np.array(cosines, dtype=np.float32))


def matches(ids: list[int], scores: list[float]) -> Matches:
    return Matches(np.array(ids, dtype=np.int64), np.array(scores))


def test_unit_goes_from_least_to_greatest() -> None:
    assert to_unit(np.array([3.0, 1.0, np.nan, 2.0])).tolist() == [1.0, 0.0, 0.0, 0.5]


def test_equal_scores_are_all_one() -> None:
    assert to_unit(np.array([0.2, 0.2])).tolist() == [1.0, 1.0]


def test_mix_is_half_and_half_over_the_own_list() -> None:
    ranking = fuse(nearest([1, 2, 3], [0.75, 0.5, 0.25]), matches([3, 4, 2], [8.0, 6.0, 4.0]))
    assert dict(zip(ranking.ids.tolist(), ranking.scores.tolist(), strict=True)) == {
        1: 0.5 * 1 + 0.5 * 0,
        2: 0.5 * 0.5 + 0.5 * 0,
        3: 0.5 * 0 + 0.5 * 1,
        4: 0.5 * 0 + 0.5 * 0.5,
    }


def test_equal_mixes_keep_the_order_of_the_ids() -> None:
    ranking = fuse(nearest([5, 9], [0.5, 0.25]), matches([9, 5], [4.0, 2.0]))
    assert ranking.scores.tolist() == [0.5, 0.5]
    assert ranking.ids.tolist() == [5, 9]


def test_one_list_may_be_empty() -> None:
    assert fuse(nearest([], []), matches([7], [2.0])).scores.tolist() == [0.5]


def test_lifted_passages_come_first_in_their_order() -> None:
    ranking = fuse(nearest([1, 2, 3], [0.9, 0.5, 0.1]), matches([1], [1.0]))
    assert ranking.lifted(np.array([2, 3])).ids.tolist() == [2, 3, 1]
