from __future__ import annotations

import numpy as np
import pytest

from notesearch.index.records import Nearest
from notesearch.search.fusion import fuse, rank_matches, to_unit
from notesearch.search.lexical import LexicalMatches


def nearest(ids: list[int], cosines: list[float]) -> Nearest:
    return Nearest(np.array(ids, dtype=np.int64), np.array(cosines, dtype=np.float32))


def matches(ids: list[int], scores: list[float]) -> LexicalMatches:
    """Make matches whose own BM25 is ten times the score that they are ranked by."""
    return LexicalMatches(
        np.array(ids, dtype=np.int64), np.array(scores), 10 * np.array(scores, dtype=np.float64)
    )


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


def test_the_own_bm25_goes_with_each_passage_and_counts_for_nothing() -> None:
    ranking = fuse(nearest([1], [0.75]), matches([3, 4], [0.5, 0.25]))
    assert dict(zip(ranking.ids.tolist(), ranking.bm25.tolist(), strict=True)) == {
        1: pytest.approx(np.nan, nan_ok=True),
        3: 5.0,
        4: 2.5,
    }
    alone = rank_matches(matches([3, 4], [0.5, 0.25]))
    assert (alone.scores.tolist(), alone.bm25.tolist()) == ([0.5, 0.25], [5.0, 2.5])


def test_lifted_passages_come_first_in_their_order() -> None:
    ranking = fuse(nearest([1, 2, 3], [0.9, 0.5, 0.1]), matches([1], [1.0]))
    assert ranking.lifted(np.array([2, 3])).ids.tolist() == [2, 3, 1]
