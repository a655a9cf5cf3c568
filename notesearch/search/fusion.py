"""Cosines and words' scores of some passages in, one ranking out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import Nearest
from notesearch.search.lexical import LexicalMatches

# nDCG@10 on wild, Cranfield, CISI by this weight: 0.4: 0.505 0.571 0.435, 0.45: 0.504 0.571 0.448,
# 0.5: 0.498 0.572 0.455.
DENSE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Passages, best first; all arrays are (passages,), and NaN stands for a score not known."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    cosines: NDArray[np.float64]
    bm25: NDArray[np.float64]

    def lifted(self, first_ids: NDArray[np.int64]) -> Ranking:
        """Put some passages before all others, each group in its order."""
        if not first_ids.size:
            return self
        order = np.argsort(~np.isin(self.ids, first_ids), kind="stable")
        return Ranking(self.ids[order], self.scores[order], self.cosines[order], self.bm25[order])


def rank_nearest(nearest: Nearest) -> Ranking:
    """Rank by cosine alone."""
    cosines = nearest.cosines.astype(np.float64)
    return Ranking(nearest.ids, cosines, cosines, np.full(len(cosines), np.nan))


def rank_matches(matches: LexicalMatches) -> Ranking:
    """Rank by the words alone."""
    return Ranking(matches.ids, matches.scores, np.full(len(matches.ids), np.nan), matches.bm25)


def fuse(nearest: Nearest, matches: LexicalMatches) -> Ranking:
    """Mix both scores, each brought to 0..1 over its list; who is in one alone has 0 there."""
    ids = np.union1d(nearest.ids, matches.ids)
    cosines = _spread(ids, nearest.ids, nearest.cosines)
    lexical = _spread(ids, matches.ids, matches.scores)
    scores = DENSE_WEIGHT * to_unit(cosines) + (1 - DENSE_WEIGHT) * to_unit(lexical)
    bm25 = _spread(ids, matches.ids, matches.bm25)
    order = np.lexsort((ids, -scores))
    return Ranking(ids[order], scores[order], cosines[order], bm25[order])


def to_unit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring scores to 0 for the least known and 1 for the greatest; an unknown one is 0."""
    known = ~np.isnan(scores)
    unit = np.zeros(len(scores))
    if known.any():
        low, high = scores[known].min(), scores[known].max()
        unit[known] = (scores[known] - low) / (high - low) if high > low else 1.0
    return unit


def _spread(
    ids: NDArray[np.int64], own_ids: NDArray[np.int64], own: NDArray[np.floating]
) -> NDArray[np.float64]:
    spread = np.full(len(ids), np.nan)
    spread[np.searchsorted(ids, own_ids)] = own
    return spread
