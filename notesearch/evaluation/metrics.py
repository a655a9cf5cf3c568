"""Measure rankings against judgements: figures from 0 to 1, and their means with intervals.

The definitions are those of trec_eval, and so of ir-measures at its defaults: a grade is its
own gain (not 2^grade - 1), and every grade from 1 on is relevant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import log2

import numpy as np

# The deepest measure looks at so many notes: a search that is measured returns as many.
DEPTH = 100
# The same draws in every run and for every setting, so that figures can be compared.
_SEED = 20_240_517
_RESAMPLES = 1_000
_PERCENTILES = (2.5, 97.5)


class Measure(Enum):
    """The measures of a ranking, named the way papers do."""

    NDCG_10 = "nDCG@10"
    MRR_10 = "MRR@10"
    RECALL_10 = "Recall@10"
    RECALL_100 = "Recall@100"
    SUCCESS_1 = "success@1"


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries with its 95 % interval."""

    mean: float
    low: float
    high: float


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
        Measure.MRR_10: next((1 / rank for rank, g in enumerate(found[:10], 1) if g), 0.0),
        Measure.RECALL_10: sum(map(bool, found[:10])) / len(best),
        Measure.RECALL_100: sum(map(bool, found[:DEPTH])) / len(best),
        Measure.SUCCESS_1: float(any(found[:1])),
    }


def mean_figures(scores: Sequence[Sequence[float]]) -> list[Figure]:
    """Return the mean of each column with its bootstrap percentile interval.

    `scores` is (queries, columns), with at least one query. Queries are drawn with
    replacement, all columns of a query together. Of few queries, or of values that are all
    alike, the interval is too narrow: that of a single query is a point.
    """
    values = np.asarray(scores, dtype=np.float64)
    random = np.random.default_rng(_SEED)
    queries = len(values)
    # A draw at a time: all at once would be 1,000 times the queries in memory.
    draws = (random.integers(queries, size=queries) for _ in range(_RESAMPLES))
    resampled = np.stack([values[draw].mean(axis=0) for draw in draws])
    low, high = np.percentile(resampled, _PERCENTILES, axis=0)
    columns = zip(values.mean(axis=0), low, high, strict=True)
    return [Figure(*map(float, column)) for column in columns]


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))
