"""What a search needs of the model that embeds."""

from __future__ import annotations

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
