"""Measure rankings against judgements: figures from 0 to 1, and their means with intervals.

The definitions are those of trec_eval, and so of ir-measures at its defaults: a grade is its
own gain (not 2^grade - 1), and every grade from 1 on is relevant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import log2

import numpy as np
import numpy.typing as npt

from notesearch.evaluation.judged import ANSWERS

# The deepest measure looks at so many notes: a search that is measured returns as many.
DEPTH = 100
# The same draws in every run and for every setting, so that figures can be compared.
_SEED = 20_240_517
_RESAMPLES = 1_000
_PERCENTILES = (2.5, 97.5)
# Sums of the same terms in another order differ by less; it is no better or worse result.
_EQUAL = 1e-9

_Matrix = npt.NDArray[np.float64]


class Measure(Enum):
    """The measures of what a query finds, those of rankings named the way papers do."""

    NDCG_10 = "nDCG@10"
    MRR_10 = "MRR@10"
    RECALL_10 = "Recall@10"
    RECALL_100 = "Recall@100"
    SUCCESS_1 = "success@1"
    # Whether the passage shown of the right note holds a line that answers, where that note is
    # among the first ten.
    RIGHT_PASSAGE = "right passage"
    # Of the passages shown, where passages were graded.
    PASSAGE_NDCG_10 = "passage nDCG@10"
    ANSWER_MRR_10 = "answer MRR@10"
    ANSWER_1 = "answer@1"
    UNJUDGED_10 = "unjudged@10"  # the share that nobody graded
    CALLED_WEAK = "called weak"  # wrongly: a query that has an answer
    NOT_CALLED_WEAK = "not called weak"  # wrongly: a query that has none


Scores = Mapping[Measure, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries with its 95 % interval."""

    mean: float
    low: float
    high: float
    queries: int  # that have this measure


@dataclass(frozen=True, slots=True)
class Difference(Figure):
    """How much more the second of two settings has, over the same queries."""

    higher: float  # shares of the queries; the three make 1
    equal: float
    lower: float


def score_ranking(ranking: Iterable[str], relevant: Mapping[str, int]) -> dict[Measure, float]:
    """Measure a ranking of ids, best first, against the grades from 1 on of one query.

    An id that occurs again counts where it first stood, and takes no second rank. ValueError
    for a query without relevant ids: it has no such figures.
    """
    if not relevant:
        raise ValueError("a query that nothing answers has no ranking to measure")
    found = [relevant.get(name, 0) for name in dict.fromkeys(ranking)]
    best = sorted(relevant.values(), reverse=True)
    return {
        Measure.NDCG_10: _discounted(found[:10]) / _discounted(best[:10]),
        Measure.MRR_10: _reciprocal_rank(found),
        Measure.RECALL_10: sum(map(bool, found[:10])) / len(best),
        Measure.RECALL_100: sum(map(bool, found[:DEPTH])) / len(best),
        Measure.SUCCESS_1: float(any(found[:1])),
    }


def score_passages(shown: Sequence[int | None], best: Iterable[int]) -> dict[Measure, float]:
    """Measure the grades of the passages that are shown, one a note, best first.

    None is a passage that nobody graded, and counts as not relevant. `best` holds the highest
    grade of each note that was judged: measures that even these would leave at 0 are left out.
    """
    ideal = sorted(best, reverse=True)
    grades = [grade or 0 for grade in shown]
    answers = [grade == ANSWERS for grade in grades]
    scores = {Measure.UNJUDGED_10: shown[:10].count(None) / max(1, len(shown[:10]))}
    if any(ideal):
        scores[Measure.PASSAGE_NDCG_10] = _discounted(grades[:10]) / _discounted(ideal[:10])
    if ANSWERS in ideal:
        scores[Measure.ANSWER_MRR_10] = _reciprocal_rank(answers)
        scores[Measure.ANSWER_1] = float(any(answers[:1]))
    return scores


def mean_figures(rows: Sequence[Scores]) -> dict[Measure, Figure]:
    """Return the mean of each measure over queries, with its bootstrap percentile interval.

    A query that lacks a measure does not count for it, and a measure that all lack is left out.
    Queries are drawn with replacement, all measures of a query together. Of few queries, or of
    values that are all alike, the interval is too narrow: that of a single query is a point.
    """
    measures = [measure for measure in Measure if any(measure in row for row in rows)]
    values = _matrix(rows, measures)
    intervals = _bootstrap(len(rows), lambda draw: _means(values[draw]))
    counts = np.isfinite(values).sum(axis=0)
    columns = zip(measures, _means(values), *intervals, counts, strict=True)
    return {
        measure: Figure(float(mean), float(low), float(high), int(count))
        for measure, mean, low, high, count in columns
    }


def mean_differences(
    before: Sequence[Scores], after: Sequence[Scores]
) -> dict[Measure, Difference]:
    """Return how much more the second scores have in the mean, with its interval.

    Both are of the same queries in one order; these are drawn together, so the interval is that
    of paired queries. A measure that a query has in one of them alone counts in that mean alone.
    """
    measures = [
        measure
        for measure in Measure
        if any(measure in row for row in before) and any(measure in row for row in after)
    ]
    first, second = _matrix(before, measures), _matrix(after, measures)
    intervals = _bootstrap(len(before), lambda draw: _means(second[draw]) - _means(first[draw]))
    found = {}
    for number, measure in enumerate(measures):
        gains = (second - first)[:, number]
        gains = gains[np.isfinite(gains)]
        count = len(gains)
        higher, lower = int((gains > _EQUAL).sum()), int((gains < -_EQUAL).sum())
        found[measure] = Difference(
            mean=float((_means(second) - _means(first))[number]),
            low=float(intervals[0][number]),
            high=float(intervals[1][number]),
            queries=count,
            higher=higher / max(1, count),
            equal=(count - higher - lower) / max(1, count),
            lower=lower / max(1, count),
        )
    return found


def _matrix(rows: Sequence[Scores], measures: Sequence[Measure]) -> _Matrix:
    """Return (queries, measures) float64, NaN where a query lacks a measure."""
    values = [[row.get(measure, np.nan) for measure in measures] for row in rows]
    return np.asarray(values, dtype=np.float64).reshape(len(rows), len(measures))


def _means(values: _Matrix) -> _Matrix:
    """Return the mean of each column without its NaN; NaN where it holds nothing else."""
    counted = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        means: _Matrix = np.where(counted, values, 0.0).sum(axis=0) / counted.sum(axis=0)
    return means


def _bootstrap(queries: int, mean: Callable[[npt.NDArray[np.int64]], _Matrix]) -> _Matrix:
    """Return (2, columns) float64, the ends of the interval of a mean over drawn queries."""
    random = np.random.default_rng(_SEED)
    # A draw at a time: all at once would be 1,000 times the queries in memory.
    draws = (random.integers(queries, size=queries) for _ in range(_RESAMPLES))
    ends: _Matrix = np.nanpercentile([mean(draw) for draw in draws], _PERCENTILES, axis=0)
    return ends


def _reciprocal_rank(found: Sequence[int]) -> float:
    return next((1 / rank for rank, grade in enumerate(found[:10], 1) if grade), 0.0)


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))
