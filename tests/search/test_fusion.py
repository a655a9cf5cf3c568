from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from notesearch.index.snapshot import Nearest
from notesearch.search.fusion import (
    Ranking,
    contrast,
    fuse,
    rank_matches,
    rank_nearest,
    standardise,
)
from notesearch.search.lexical import LexicalMatches, LexicalScores
from notesearch.search.weights import Weights

ONES = Weights(dense=1.0, words=1.0, covered=1.0, prior=0.0)


def nearest(ids: list[int], cosines: list[float]) -> Nearest:
    return Nearest(np.array(ids, dtype=np.int64), np.array(cosines, dtype=np.float32))


def words(
    shares: list[float],
    *,
    evidence: float = 1.0,
    covered: list[float] | None = None,
    asked: int = 10,
) -> LexicalScores:
    """Score passages 0, 1, 2, … by shares, with a BM25 of ten times the share and no notes."""
    own = np.array(shares, dtype=np.float32)
    nothing = np.zeros(1, dtype=np.float32)
    note_of = np.zeros(len(own), np.int32)
    covers = np.array(covered or [0.0] * len(own), dtype=np.float32)
    return LexicalScores(
        bm25=10 * own,
        own=own,
        whole=nothing,
        rarity=covers,
        note_of=note_of,
        note_weight=0.0,
        evidence=evidence,
        asked=asked,
    )


def mixed(cosines: list[float], lexical: LexicalScores, weights: Weights = ONES) -> Ranking:
    """Mix passages 1, 2, 3, … , which are all the background too."""
    ids = np.arange(1, len(cosines) + 1)
    return fuse(ids, nearest(ids.tolist(), cosines), lexical, ids, weights, 1)


def log_odds(ranking: Ranking) -> dict[int, float]:
    odds = np.log(ranking.scores / (1 - ranking.scores))
    return dict(zip(ranking.ids.tolist(), odds.tolist(), strict=True))


@pytest.mark.parametrize(("asked", "trusted"), [(0, 0.5), (3, 0.75), (6, 1.0), (20, 1.0)])
def test_meaning_counts_by_the_words_that_were_asked(asked: int, trusted: float) -> None:
    few = log_odds(mixed([0.1, 0.5], words([0.0] * 3, asked=asked)))
    full = log_odds(mixed([0.1, 0.5], words([0.0] * 3), replace(ONES, enough_words=0)))
    assert few[2] - few[1] == pytest.approx(trusted * (full[2] - full[1]))


def test_contrast_goes_from_the_average_of_all_to_the_greatest() -> None:
    scores = np.array([3.0, 1.0, 2.0])
    assert contrast(scores, np.array([3.0, 1.0, 2.0, 0.0, -1.0])).tolist() == [1.0, 0.0, 0.5]


def test_what_is_under_the_average_counts_nothing() -> None:
    assert contrast(np.array([4.0, 0.0]), np.array([2.0])).tolist() == [1.0, 0.0]


def test_scores_that_are_all_alike_are_one_and_nothing_stays_nothing() -> None:
    assert contrast(np.array([0.2, 0.2]), np.array([0.2])).tolist() == [1.0, 1.0]
    assert contrast(np.array([0.0, 0.0]), np.array([0.0])).tolist() == [0.0, 0.0]


def test_mix_adds_meaning_words_and_what_is_covered() -> None:
    lexical = words([0.0, 0.0, 0.0, 0.75], covered=[0.0, 0.5, 0.0, 1.0])
    spread = 0.25 * math.sqrt(2 / 3)
    expected = {1: 0.25 / spread + 0.5**2, 2: 0.0, 3: -0.25 / spread + 1 + 1}
    assert log_odds(mixed([0.75, 0.5, 0.25], lexical)) == pytest.approx(expected)


def test_weights_and_prior_can_be_set() -> None:
    lexical = words([0.0, 0.0, 0.5], covered=[0.0, 1.0, 0.0])
    weights = replace(ONES, dense=2.0, words=3.0, covered=4.0, prior=-1.0)
    expected = {1: 2 + 4 - 1, 2: -2 + 3 - 1}
    assert log_odds(mixed([0.75, 0.25], lexical, weights)) == pytest.approx(expected)


def test_one_of_many_is_less_likely_than_one_of_few() -> None:
    ids = np.array([1, 2])
    known = nearest([1, 2], [0.75, 0.25])
    few, many = (fuse(ids, known, words([0.0] * 3), ids, ONES, n) for n in (2, 200))
    assert few.ids.tolist() == many.ids.tolist()
    expected = {i: odds - math.log(100) for i, odds in log_odds(few).items()}
    assert log_odds(many) == pytest.approx(expected)


def test_words_count_as_far_as_there_is_evidence() -> None:
    ranking = mixed([0.75, 0.25], words([0.0, 0.0, 0.5], evidence=0.5))
    assert log_odds(ranking) == pytest.approx({1: 1.0, 2: -1.0 + 0.5})


def test_the_background_may_hold_passages_that_are_not_ranked() -> None:
    ids, background = np.array([1, 2]), np.array([1, 3, 4])
    known = nearest([4, 2, 3, 1], [0.0, 0.5, 0.0, 0.75])
    ranking = fuse(ids, known, words([0.0] * 5), background, ONES, 1)
    spread = float(np.std([0.75, 0.0, 0.0]))
    assert log_odds(ranking) == pytest.approx({1: 0.5 / spread, 2: 0.25 / spread})


def test_equal_mixes_keep_the_order_of_the_ids() -> None:
    ranking = mixed([0.5, 0.5, 0.0, 0.5], words([0.0] * 5))
    assert ranking.ids.tolist() == [1, 2, 4, 3]


def test_passages_that_are_all_alike_differ_by_their_words_alone() -> None:
    assert standardise(np.array([0.5, 0.5]), np.array([0.5])).tolist() == [0.0, 0.0]
    ranking = mixed([0.5, 0.5], words([0.0, 0.0, 0.5]))
    assert log_odds(ranking) == pytest.approx({1: 0.0, 2: 1.0})


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
