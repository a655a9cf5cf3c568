"""A text in, the nearest passages out; the model is loaded when the first text comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class QueryEmbedder(Protocol):
    """What a search needs of a model."""

    @property
    def fingerprint(self) -> str:
        """Names the model whose vectors these are."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of length 1."""


class LazyQueryEmbedder:
    """Loads a model once, for whichever thread asks first."""

    def __init__(self, load: Callable[[], QueryEmbedder]) -> None:
        self._load = load
        self._guard = threading.Lock()
        self._embedder: QueryEmbedder | None = None

    def get(self) -> QueryEmbedder:
        """Give the model, loading it where that has not been done."""
        with self._guard:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder
