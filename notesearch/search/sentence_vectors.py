"""Keep the vectors of sentences that were read: whoever types sees many of them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.embedding.protocol import Embedder
from notesearch.lazy import Lazy

_MOST_KEPT = 2000  # 3 MB of a model with 384 dimensions


class SentenceVectors:
    """Says how near sentences are to a question in meaning; safe to ask from several threads."""

    def __init__(self, embedder: Lazy[Embedder]) -> None:
        self._embedder = embedder
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def cosines(self, sentences: Sequence[str], question: NDArray[np.float32]) -> list[float]:
        """Return the cosine of each sentence; of a long one, of so much as the model reads."""
        found = self._vectors(sentences)
        return [float(found[one] @ question) for one in sentences]

    def vectors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of one sentence or more: (sentences, dimension), rows of length 1."""
        found = self._vectors(sentences)
        return np.stack([found[one] for one in sentences])

    def _vectors(self, sentences: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        embedder = self._embedder.get()
        with self._turn:
            found = {one: self._kept[one] for one in sentences if one in self._kept}
        missing = [one for one in dict.fromkeys(sentences) if one not in found]
        if missing:
            vectors = embedder.embed_passages([_shortened(one, embedder) for one in missing])
            found.update(zip(missing, vectors, strict=True))
        with self._turn:
            for one in found:
                self._kept[one] = found[one]
                self._kept.move_to_end(one)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _shortened(text: str, embedder: Embedder) -> str:
    """Return the beginning of a text that the model can read whole."""
    while embedder.count_tokens(text) > embedder.max_tokens:
        text = text[: len(text) // 2]
    return text
