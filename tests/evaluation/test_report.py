"""Figures by group, their intervals, and one setting against another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.errors import UsageError
from notesearch.evaluation.evaluate import (
    Evaluation,
    Found,
    compare,
    evaluate,
    find_failures,
    make_report,
)
from notesearch.evaluation.judged import JudgedQuery
from notesearch.evaluation.metrics import Measure, mean_differences, mean_figures
from tests.laws import examples

QUERIES = (
    JudgedQuery("1", "a", {"a": 1}, kind="keyword", split="tune"),
    JudgedQuery("2", "b", {"b": 1}, kind="keyword", split="test"),
    JudgedQuery("3", "c", {"c": 1}, kind="question", split="test"),
    JudgedQuery("4", "d", {}, kind="no-answer", split="test"),
    JudgedQuery("5", "e", {}, kind="no-answer", split="tune"),
)


def evaluation(*rankings: str) -> Evaluation:
    """Evaluate rankings given as `a b`, one a query; `?` before them says they are weak."""
    by_query = dict(zip((query.id for query in QUERIES), rankings, strict=True))

    def search(query: JudgedQuery) -> list[Found]:
        ranking = by_query[query.id]
        weak = ranking.startswith("?")
        return [Found(name, name, name, (1, 1), weak) for name in ranking.strip("? ").split()]

    return evaluate(QUERIES, search)


def test_groups_are_all_then_kinds_then_splits() -> None:
    report = make_report("hybrid", evaluation("a", "x b", "c", "? x", "x"))
    means = {
        (group.kind, group.split): (group.queries, group.figures[Measure.MRR_10].mean)
        for group in report.groups
        if group.has_answer
    }
    assert means == {
        (None, None): (3, pytest.approx((1 + 1 / 2 + 1) / 3)),
        ("keyword", None): (2, (1 + 1 / 2) / 2),
        ("question", None): (1, 1),
        (None, "test"): (2, (1 / 2 + 1) / 2),
        (None, "tune"): (1, 1),
    }


def test_wrong_verdicts_are_counted_apart() -> None:
    groups = make_report("hybrid", evaluation("a", "? b", "c", "? x", "x")).groups
    answerable, unanswerable = groups[0], groups[-1]
    weak = answerable.figures[Measure.CALLED_WEAK]
    assert (weak.mean, weak.queries) == (pytest.approx(1 / 3), 3)
    assert not unanswerable.has_answer
    assert unanswerable.figures.keys() == {Measure.NOT_CALLED_WEAK}
    strong = unanswerable.figures[Measure.NOT_CALLED_WEAK]
    assert (strong.mean, strong.queries) == (1 / 2, 2)


def test_report_without_queries_has_no_figures() -> None:
    report = make_report("hybrid", Evaluation(()))
    assert report.groups == ()


def test_comparison_pairs_the_queries() -> None:
    first = evaluation("a", "b", "x c", "x", "x")
    second = evaluation("a", "x b", "c", "x", "x")
    difference = compare(("one", first), ("two", second)).differences[Measure.MRR_10]
    assert difference.mean == pytest.approx((0 - 1 / 2 + 1 / 2) / 3, abs=1e-12)
    assert (difference.higher, difference.equal, difference.lower) == (1 / 3, 1 / 3, 1 / 3)


def test_comparing_a_setting_with_itself_shows_no_difference() -> None:
    same = evaluation("a", "x b", "x", "x", "x")
    comparison = compare(("one", same), ("one", same))
    assert comparison.differences[Measure.MRR_10].queries == 3
    assert comparison.differences[Measure.NOT_CALLED_WEAK].queries == 2
    for found in comparison.differences.values():
        assert (found.mean, found.low, found.high, found.equal) == (0, 0, 0, 1)


def test_measure_that_a_query_lacks_counts_where_it_is() -> None:
    found = Measure.RIGHT_PASSAGE
    before = [{found: 1.0}, {found: 0.0}, {}, {}]
    after = [{found: 1.0}, {found: 1.0}, {found: 0.0}, {}]
    difference = mean_differences(before, after)[found]
    assert difference.mean == pytest.approx(2 / 3 - 1 / 2)
    assert (difference.queries, difference.higher, difference.equal) == (2, 1 / 2, 1 / 2)
    assert mean_differences(before, [{}] * 4) == {}


def test_difference_of_pairs_has_a_narrower_interval_than_its_sides() -> None:
    measure = Measure.MRR_10
    before = [{measure: number / 10} for number in range(10)]
    after = [{measure: number / 10 + 0.05} for number in range(10)]
    difference = mean_differences(before, after)[measure]
    assert (difference.low, difference.high) == (pytest.approx(0.05), pytest.approx(0.05))
    figure = mean_figures(before)[measure]
    assert figure.high - figure.low > 0.2


def test_other_queries_cannot_be_compared() -> None:
    whole = evaluation("a", "b", "c", "x", "x")
    part = Evaluation(whole.outcomes[:2])
    with pytest.raises(UsageError, match="one and two can be compared over the same queries"):
        compare(("one", whole), ("two", part))


def test_failure_names_the_rank_of_the_answer_and_what_came_instead() -> None:
    ten = " ".join(f"x{number}" for number in range(10))
    found = evaluation(f"{ten} a", "b", "x y", "x", "x")
    first, second = find_failures(found)
    assert (first.query.id, first.first_relevant) == ("1", 11)
    assert [hit.id for hit in first.instead] == ["x0", "x1", "x2"]
    assert (second.query.id, second.first_relevant) == ("3", None)
    assert [hit.id for hit in second.instead] == ["x", "y"]


@examples(10)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(Measure), st.floats(0, 1), min_size=1),
        min_size=1,
        max_size=12,
    )
)
def test_interval_lies_within_the_values_and_is_the_same_again(
    rows: list[dict[Measure, float]],
) -> None:
    figures = mean_figures(rows)
    assert figures == mean_figures(rows)
    assert figures.keys() == {measure for row in rows for measure in row}
    for measure, figure in figures.items():
        column = [row[measure] for row in rows if measure in row]
        assert figure.queries == len(column)
        assert figure.mean == pytest.approx(sum(column) / len(column))
        assert min(column) - 1e-9 <= figure.low <= figure.high <= max(column) + 1e-9


def test_interval_of_many_queries_is_that_of_the_normal_law() -> None:
    rows = [{Measure.MRR_10: 0.0}, {Measure.MRR_10: 1.0}] * 200
    figure = mean_figures(rows)[Measure.MRR_10]
    standard_error = (0.5 * 0.5 / 400) ** 0.5
    assert figure.low == pytest.approx(0.5 - 1.96 * standard_error, abs=0.01)
    assert figure.high == pytest.approx(0.5 + 1.96 * standard_error, abs=0.01)
