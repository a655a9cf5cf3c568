"""Pairs through a cross-encoder's graph, probabilities out: never torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from notesearch.embedding.cross_encoder import PairReader
from notesearch.embedding.graph_engine import Engine, GraphShape, pad_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


class GraphReranker:
    """A Reranker over a model's graph; one may be used by several threads at once."""

    def __init__(
        self,
        engine: Engine,
        reader: PairReader,
        shape: GraphShape,
        warn: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._shape = shape
        self._warn = warn

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """(passages,) float64 from 0 to 1, in the order of the passages."""
        return to_probabilities(self.read_logits(question, passages))

    def read_logits(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """(passages,) float32: what the model gives before it is made a probability."""
        pairs = self._reader.read_pairs(question, passages, self._warn)

        def feed(batch: list[int]) -> dict[str, NDArray[np.int64]]:
            ids, types = [pairs[at].ids for at in batch], [pairs[at].types for at in batch]
            return pad_rows(ids, self._shape, types)

        logits = np.zeros((len(pairs), 1), dtype=np.float32)
        return self._engine.run_all([len(pair.ids) for pair in pairs], feed, logits)[:, 0]


def to_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bring logits to 0..1 by the logistic function, which keeps their order.

    Models differ in whether they do that themselves: here it is always done, once.
    """
    # By tanh, which overflows nowhere.
    probabilities: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))
    return probabilities
