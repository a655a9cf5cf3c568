"""Texts of many lengths in, batches of like lengths out: little padding, bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.protocol import Embedder

WINDOW_TEXTS = 1024


def plan_batches(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Positions grouped so that each group, padded to its longest, stays within the budget.

    Longest first, so that what does not fit in memory shows at once. A text longer than the
    budget is a group of its own.
    """
    batches: list[list[int]] = []
    width = 0
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and (len(batches[-1]) + 1) * width <= token_budget:
            batches[-1].append(position)
        else:
            batches.append([position])
            width = max(1, lengths[position])
    return batches


def embed_stream(
    embedder: Embedder, texts: Iterable[str], *, window: int = WINDOW_TEXTS
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Positions and vectors, (positions, dimension) float32, one window of texts at a time.

    Only one window is held, so that vectors reach the disk while later texts wait unread, and
    memory does not grow with the corpus. Texts are sorted by length within a window.
    """
    remaining = iter(texts)
    start = 0
    while part := list(islice(remaining, window)):
        yield list(range(start, start + len(part))), embedder.embed_passages(part)
        start += len(part)
