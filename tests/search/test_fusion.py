from __future__ import annotations

import numpy as np
import pytest

from notesearch.index.snapshot import Nearest
from notesearch.search.fusion import Ranking, contrast, fuse, rank_matches, rank_nearest
from notesearch.search.lexical import LexicalMatches, LexicalScores


def nearest(ids: list[int], cosines: list[float]) -> Nearest:
    return Nearest(np.array(ids, dtype=np.int64), np.array(cosines, dtype=np.float32))


def words(shares: list[float], *, evidence: float = 1.0) -> LexicalScores:
    """Score passages 0, 1, 2, … by shares, with a BM25 of ten times the share and no notes."""
    own = np.array(shares, dtype=np.float32)
    nothing = np.zeros(1, dtype=np.float32)
    return LexicalScores(10 * own, own, nothing, np.zeros(len(own), np.int32), 0.0, evidence)


def mixed(cosines: list[float], lexical: LexicalScores, *, dense: float = 0.5) -> Ranking:
    """Mix passages 1, 2, 3, … , which are all the background too."""
    ids = np.arange(1, len(cosines) + 1)
    return fuse(ids, nearest(ids.tolist(), cosines), lexical, ids, dense)


def test_contrast_goes_from_the_average_of_all_to_the_greatest() -> None:
    scores = np.array([3.0, 1.0, 2.0])
    assert contrast(scores, np.array([3.0, 1.0, 2.0, 0.0, -1.0])).tolist() == [1.0, 0.0, 0.5]


def test_what_is_under_the_average_counts_nothing() -> None:
    assert contrast(np.array([4.0, 0.0]), np.array([2.0])).tolist() == [1.0, 0.0]


def test_scores_that_are_all_alike_are_one_and_nothing_stays_nothing() -> None:
    assert contrast(np.array([0.2, 0.2]), np.array([0.2])).tolist() == [1.0, 1.0]
    assert contrast(np.array([0.0, 0.0]), np.array([0.0])).tolist() == [0.0, 0.0]


def test_mix_is_half_and_half_of_both_contrasts() -> None:
    ranking = mixed([0.75, 0.5, 0.25], words([0.0, 0.0, 0.0, 0.75]))
    assert dict(zip(ranking.ids.tolist(), ranking.scores.tolist(), strict=True)) == {
        1: 0.5 * 1 + 0.5 * 0,
        2: 0.5 * 0 + 0.5 * 0,
        3: 0.5 * 0 + 0.5 * 1,
    }


def test_the_weight_of_the_meaning_can_be_set() -> None:
    ranking = mixed([0.75, 0.25], words([0.0, 0.0, 0.5]), dense=0.75)
    assert ranking.scores.tolist() == [0.75, 0.25]


def test_words_count_as_far_as_there_is_evidence() -> None:
    ranking = mixed([0.75, 0.25], words([0.0, 0.0, 0.5], evidence=0.5))
    assert ranking.scores.tolist() == [0.5, 0.5 * 0.5]


def test_the_background_may_hold_passages_that_are_not_ranked() -> None:
    ids, background = np.array([1, 2]), np.array([1, 3, 4])
    known = nearest([4, 2, 3, 1], [0.0, 0.5, 0.0, 0.75])
    ranking = fuse(ids, known, words([0.0] * 5), background, 0.5)
    assert ranking.ids.tolist() == [1, 2]
    assert ranking.scores.tolist() == [0.5, 0.5 * (0.5 - 0.25) / (0.75 - 0.25)]


def test_equal_mixes_keep_the_order_of_the_ids() -> None:
    ranking = mixed([0.5, 0.25, 0.0], words([0.0, 0.0, 0.0, 0.5]))
    assert ranking.scores.tolist() == [0.5, 0.5, 0.0]
    assert ranking.ids.tolist() == [1, 3, 2]


def test_the_own_bm25_goes_with_each_passage() -> None:
    lexical = words([0.0, 0.0, 0.25, 0.5])
    ranking = mixed([0.75, 0.5, 0.25], lexical)
    assert dict(zip(ranking.ids.tolist(), ranking.bm25.tolist(), strict=True)) == {
        1: pytest.approx(np.nan, nan_ok=True),
        2: 2.5,
        3: 5.0,
    }
    alone = rank_matches(LexicalMatches(np.array([3, 2]), np.array([0.5, 0.25]), lexical))
    assert (alone.scores.tolist(), alone.bm25.tolist()) == ([0.5, 0.25], [5.0, 2.5])


def test_lifted_passages_come_first_in_their_order() -> None:
    ranking = rank_nearest(nearest([1, 2, 3], [0.9, 0.5, 0.1]))
    assert ranking.with_first(np.array([2, 3])).ids.tolist() == [2, 3, 1]
