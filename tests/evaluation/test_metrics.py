"""Figures by hand, the laws they obey, and the same as trec_eval gives."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.evaluation.metrics import DEPTH, Measure, score_passages, score_ranking

IDS = [f"n{number}" for number in range(30)]
RANKINGS = st.lists(st.sampled_from(IDS), max_size=40)
JUDGEMENTS = st.dictionaries(st.sampled_from(IDS), st.integers(1, 3), min_size=1, max_size=15)


def test_gain_is_the_grade_and_is_discounted_by_the_log_of_the_rank() -> None:
    scores = score_ranking(["help", "wrong", "answer"], {"answer": 2, "help": 1})
    found = 1 / log2(2) + 0 / log2(3) + 2 / log2(4)
    best = 2 / log2(2) + 1 / log2(3)
    assert scores[Measure.NDCG_10] == pytest.approx(found / best)


def test_reciprocal_rank_is_that_of_the_first_relevant() -> None:
    scores = score_ranking(["x", "y", "a", "b"], {"a": 1, "b": 2})
    assert scores[Measure.MRR_10] == 1 / 3


def test_nothing_counts_behind_the_depth_of_a_measure() -> None:
    eleventh = score_ranking([*(f"x{n}" for n in range(10)), "a"], {"a": 1})
    assert eleventh[Measure.MRR_10] == eleventh[Measure.NDCG_10] == 0
    assert eleventh[Measure.RECALL_10] == 0
    assert eleventh[Measure.RECALL_100] == 1
    behind = score_ranking([*(f"x{n}" for n in range(DEPTH)), "a"], {"a": 1})
    assert behind[Measure.RECALL_100] == 0


def test_recall_is_of_all_that_is_relevant() -> None:
    scores = score_ranking(["a", "x", "b"], {"a": 1, "b": 2, "c": 1, "d": 1})
    assert scores[Measure.RECALL_10] == 2 / 4


def test_success_looks_at_the_first_alone() -> None:
    assert score_ranking(["a", "x"], {"a": 1})[Measure.SUCCESS_1] == 1
    assert score_ranking(["x", "a"], {"a": 1})[Measure.SUCCESS_1] == 0


def test_id_that_comes_twice_counts_once_and_takes_one_place() -> None:
    relevant = {"a": 1, "b": 2}
    assert score_ranking(["x", "a", "x", "a", "b"], relevant) == score_ranking(
        ["x", "a", "b"], relevant
    )


def test_empty_ranking_scores_nothing() -> None:
    assert set(score_ranking([], {"a": 1}).values()) == {0}


def test_query_that_nothing_answers_has_no_such_figures() -> None:
    with pytest.raises(ValueError, match="nothing answers"):
        score_ranking(["a"], {})


def test_passages_are_measured_by_their_grades() -> None:
    scores = score_passages([1, None, 3], best=[3, 1, 0])
    found = 1 / log2(2) + 0 / log2(3) + 3 / log2(4)
    best = 3 / log2(2) + 1 / log2(3)
    assert scores[Measure.PASSAGE_NDCG_10] == pytest.approx(found / best)
    assert scores[Measure.ANSWER_MRR_10] == 1 / 3
    assert scores[Measure.ANSWER_1] == 0
    assert scores[Measure.UNJUDGED_10] == 1 / 3


def test_passages_count_to_the_tenth() -> None:
    scores = score_passages([*[None] * 10, 3], best=[3])
    assert scores[Measure.PASSAGE_NDCG_10] == scores[Measure.ANSWER_MRR_10] == 0
    assert scores[Measure.UNJUDGED_10] == 1


def test_grades_that_no_system_could_gain_give_no_figure() -> None:
    partly = score_passages([2], best=[2])
    assert (partly[Measure.PASSAGE_NDCG_10], Measure.ANSWER_1 in partly) == (1, False)
    assert score_passages([0], best=[0]) == {Measure.UNJUDGED_10: 0}
    assert score_passages([], best=[]) == {Measure.UNJUDGED_10: 0}


@given(RANKINGS, JUDGEMENTS)
def test_figures_are_shares(ranking: list[str], relevant: dict[str, int]) -> None:
    assert all(0 <= score <= 1 for score in score_ranking(ranking, relevant).values())


@given(RANKINGS, JUDGEMENTS, st.integers(0, 20))
def test_notes_that_nobody_judged_change_nothing_at_the_end(
    ranking: list[str], relevant: dict[str, int], more: int
) -> None:
    tail = [f"unjudged{number}" for number in range(more)]
    assert score_ranking([*ranking, *tail], relevant) == score_ranking(ranking, relevant)


@given(JUDGEMENTS, st.data())
def test_best_ranking_has_the_highest_figures(
    relevant: dict[str, int], data: st.DataObject
) -> None:
    best = sorted(relevant, key=lambda name: -relevant[name])
    scores = score_ranking(best, relevant)
    assert scores[Measure.NDCG_10] == pytest.approx(1)
    assert scores[Measure.MRR_10] == scores[Measure.SUCCESS_1] == scores[Measure.RECALL_100] == 1
    other = score_ranking(data.draw(st.permutations(best)), relevant)
    assert other[Measure.NDCG_10] <= scores[Measure.NDCG_10] + 1e-12


@given(RANKINGS, JUDGEMENTS)
def test_figures_are_those_of_trec_eval(ranking: list[str], relevant: dict[str, int]) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    names = {
        "ndcg_cut_10": Measure.NDCG_10,
        "recall_10": Measure.RECALL_10,
        "recall_100": Measure.RECALL_100,
        "success_1": Measure.SUCCESS_1,
    }
    notes = list(dict.fromkeys(ranking))
    run = {name: float(len(notes) - place) for place, name in enumerate(notes)}
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": relevant}, {"ndcg_cut.10", "recall.10,100", "success.1", "recip_rank"}
    )
    theirs = (
        evaluator.evaluate({"q": run})["q"] if run else dict.fromkeys([*names, "recip_rank"], 0)
    )
    ours = score_ranking(ranking, relevant)
    for name, measure in names.items():
        assert ours[measure] == pytest.approx(theirs[name]), name
    # trec_eval looks at the whole ranking.
    expected = theirs["recip_rank"] if theirs["recip_rank"] >= 0.1 else 0
    assert ours[Measure.MRR_10] == pytest.approx(expected)
