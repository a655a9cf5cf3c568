"""Stand-ins at the real seams, small enough to be worked out on paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WORDS = ("policy", "reward", "graph", "image", "speech", "protein", "robot", "proof")


class WordEmbedder:
    """Gives each word of its vocabulary an axis, and one more to all other words together.

    The vector of a text is the count of its words on these axes, scaled to length 1.
    """

    max_tokens: int = 256

    def __init__(self, vocabulary: Sequence[str] = WORDS, name: str = "words") -> None:
        self._axes = {word: axis for axis, word in enumerate(vocabulary)}
        self.dimension = len(vocabulary) + 1
        self.fingerprint = f"{name}-{self.dimension}"
        self.embedded: list[str] = []  # every text that was ever asked for, in order

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, self._axes.get(word, self.dimension - 1)] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        query: NDArray[np.float32] = WordEmbedder(tuple(self._axes)).embed_passages([text])[0]
        return query

    def count_tokens(self, text: str) -> int:
        return len(text.split())
