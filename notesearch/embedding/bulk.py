"""Many passages go to a faster engine, which takes seconds to start; all else to the ready one."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.protocol import Embedder

# Below that the processor is done before torch is imported.
BULK_PASSAGES = 1000


class BulkEmbedder:
    """An Embedder made of two that agree: one at hand, one opened for the first large batch."""

    def __init__(self, ready: Embedder, open_bulk: Callable[[], Embedder], bulk_from: int) -> None:
        self._ready = ready
        self._open_bulk = open_bulk
        self._bulk_from = bulk_from
        self._bulk: Embedder | None = None
        self._opening = threading.Lock()
        self.max_tokens = ready.max_tokens
        self.dimension = ready.dimension
        self.fingerprint = ready.fingerprint

    def count_tokens(self, text: str) -> int:
        """Tokens of one text, comparable with `max_tokens`."""
        return self._ready.count_tokens(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension) float32, rows of length 1 in the order of the texts."""
        if not texts or (len(texts) < self._bulk_from and self._bulk is None):
            return self._ready.embed_passages(texts)
        with self._opening:
            if self._bulk is None:
                self._bulk = self._open_bulk()
        return self._bulk.embed_passages(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of length 1, by the engine at hand."""
        return self._ready.embed_query(text)


def may_have_accelerator() -> bool:
    """Whether a GPU is likely here, found without importing torch, which is asked later."""
    if sys.platform == "darwin":
        return True
    nodes = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")
    return shutil.which("nvidia-smi") is not None or any(Path(node).exists() for node in nodes)
