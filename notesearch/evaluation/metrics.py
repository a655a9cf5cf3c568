"""A ranking and its judgements in, figures from 0 to 1 out, for one query at a time.

The definitions are those of trec_eval, and so of ir-measures at its defaults: a grade is its
own gain (not 2^grade - 1), and every grade from 1 on is relevant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from math import log2

# The deepest measure looks at so many notes: a search that is measured gives as many.
DEPTH = 100


class Measure(Enum):
    """What a ranking is measured by, named the way papers do."""

    NDCG_10 = "nDCG@10"
    MRR_10 = "MRR@10"
    RECALL_10 = "Recall@10"
    RECALL_100 = "Recall@100"
    SUCCESS_1 = "success@1"


def score_ranking(ranking: Iterable[str], relevant: Mapping[str, int]) -> dict[Measure, float]:
    """Measure a ranking of ids, best first, against the grades from 1 on of one query.

    An id that comes again counts where it first stood, and takes no second place. A query
    without relevant ids has no such figures.
    """
    if not relevant:
        raise ValueError("a query that nothing answers is measured by what is called weak")
    found = [relevant.get(name, 0) for name in dict.fromkeys(ranking)]
    judged = sorted(relevant.values(), reverse=True)
    return {measure: score(found, judged) for measure, score in _SCORES.items()}


def _ndcg(found: Sequence[int], judged: Sequence[int], k: int) -> float:
    """Discounted gain, over that of the best ranking there could be."""
    return _discounted(found[:k]) / _discounted(judged[:k])


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))


def _reciprocal_rank(found: Sequence[int], _: Sequence[int], k: int) -> float:
    return next((1 / rank for rank, grade in enumerate(found[:k], 1) if grade), 0.0)


def _recall(found: Sequence[int], judged: Sequence[int], k: int) -> float:
    return sum(1 for grade in found[:k] if grade) / len(judged)


def _success(found: Sequence[int], _: Sequence[int], k: int) -> float:
    return 1.0 if any(found[:k]) else 0.0


_Score = Callable[[Sequence[int], Sequence[int]], float]

# Each takes the grades found, best first, and all the grades judged, highest first.
_SCORES: Mapping[Measure, _Score] = {
    Measure.NDCG_10: lambda found, judged: _ndcg(found, judged, 10),
    Measure.MRR_10: lambda found, judged: _reciprocal_rank(found, judged, 10),
    Measure.RECALL_10: lambda found, judged: _recall(found, judged, 10),
    Measure.RECALL_100: lambda found, judged: _recall(found, judged, DEPTH),
    Measure.SUCCESS_1: lambda found, judged: _success(found, judged, 1),
}
