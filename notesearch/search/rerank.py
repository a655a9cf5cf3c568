"""Put the first passages of a ranking in the order that a cross-encoder gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from notesearch.lazy import Lazy
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Reranker
    from notesearch.index.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Reranked:
    """A ranking after the cross-encoder, and the scores that it replaced."""

    ranking: Ranking
    fused: Mapping[int, float] = field(default_factory=dict)  # by the passage's number

    def fused_of(self, chosen: Chosen) -> dict[str, float]:
        """Return the replaced scores of the passages to show, by their passage id."""
        shown = [stored for _, stored in chosen.passages if stored.id in self.fused]
        return {stored.passage.id: self.fused[stored.id] for stored in shown}


@dataclass(frozen=True, slots=True)
class Reranking:
    """Reorders the first `depth` passages by what a cross-encoder says of them.

    Their score becomes the probability that it gives. Those behind keep their order and stay
    behind: their score is what it was, times the least of these probabilities. Cosines and BM25
    are left as they were.
    """

    model: Lazy[Reranker]
    depth: int

    def apply(self, snapshot: Snapshot, question: str, ranking: Ranking) -> Reranked:
        """Read the question together with each of the first passages; of equals the first wins."""
        first = ranking.ids[: self.depth].tolist()
        if not first:
            return Reranked(ranking)
        texts = [stored.passage.search_text for stored in snapshot.passages(first)]
        probabilities = self.model.get().score_passages(question, texts)
        order = np.arange(len(ranking.ids))
        order[: len(first)] = np.argsort(-probabilities, kind="stable")
        scores = ranking.scores * probabilities.min()
        scores[: len(first)] = probabilities
        return Reranked(
            Ranking(ranking.ids[order], scores[order], ranking.cosines[order], ranking.bm25[order]),
            dict(zip(first, ranking.scores.tolist(), strict=False)),
        )
