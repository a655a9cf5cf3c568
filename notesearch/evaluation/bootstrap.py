"""Figures of single queries in, a mean and how sure it is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The same draws in every run and for every setting, so that figures can be compared.
_SEED = 20_240_517
RESAMPLES = 1_000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries with its 95 % interval."""

    mean: float
    low: float
    high: float


def mean_figures(scores: Sequence[Sequence[float]]) -> list[Figure]:
    """Give the mean of each column with its bootstrap percentile interval.

    `scores` is (queries, columns), with at least one query. Queries are drawn with
    replacement, all columns of a query together. Of few queries, or of values that are all
    alike, the interval is too narrow: that of a single query is a point.
    """
    values = np.asarray(scores, dtype=np.float64)
    low, high = np.percentile(_resampled_means(values), _PERCENTILES, axis=0)
    means = values.mean(axis=0)
    return [Figure(float(m), float(a), float(b)) for m, a, b in zip(means, low, high, strict=True)]


def _resampled_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw as many queries as there are, again and again: (resamples, columns) means."""
    random = np.random.default_rng(_SEED)
    queries = len(values)
    # A draw at a time: all at once would be 1,000 times the queries in memory.
    draws = (random.integers(queries, size=queries) for _ in range(RESAMPLES))
    return np.stack([values[draw].mean(axis=0) for draw in draws])
