"""Embed many passages on a faster engine that is slow to start, and all else on a ready one."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.lazy import Lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.protocol import Embedder

# For fewer, the processor is done before torch is imported.
BULK_PASSAGES = 1000
# A longer pause is the end of a run: a library held open for days adds a few notes now and then.
PAUSE_SECONDS = 60.0


class BulkEmbedder:
    """An Embedder made of two that agree: one ready, one opened in a run of many passages.

    A run is the calls that follow each other without a long pause: an update embeds its passages
    in parts.
    """

    def __init__(
        self,
        ready: Embedder,
        open_bulk: Callable[[], Embedder],
        bulk_from: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the bulk engine for the `bulk_from`th passage of a run, and keep it."""
        self._ready = ready
        self._bulk = Lazy(open_bulk)
        self._bulk_from = bulk_from
        self._clock = clock
        self._counting = threading.Lock()
        self._in_run = 0  # passages
        self._last_end = clock()
        self.max_tokens = ready.max_tokens
        self.dimension = ready.dimension
        self.fingerprint = ready.fingerprint

    def count_tokens(self, text: str) -> int:
        """Return the tokens of one text, comparable with `max_tokens`."""
        return self._ready.count_tokens(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1 in the order of the texts."""
        if not texts or not self._is_bulk(len(texts)):
            vectors = self._ready.embed_passages(texts)
        else:
            vectors = self._bulk.get().embed_passages(texts)
        self._last_end = self._clock()
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1, by the ready engine."""
        return self._ready.embed_query(text)

    def _is_bulk(self, passages: int) -> bool:
        """Count passages, and return whether they are for the bulk engine."""
        with self._counting:
            if self._clock() - self._last_end > PAUSE_SECONDS:
                self._in_run = 0
            self._in_run += passages
            return self._bulk.is_loaded or self._in_run >= self._bulk_from


def may_have_accelerator() -> bool:
    """Whether a GPU is likely here, found without importing torch, which is asked later."""
    if sys.platform == "darwin":
        return True
    nodes = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")
    return shutil.which("nvidia-smi") is not None or any(Path(node).exists() for node in nodes)
