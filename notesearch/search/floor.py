"""What an index answers to questions about something else in, the cosine that means nothing out.

Whatever is asked, some passage is nearest. How near that is without meaning anything depends on
the model, the notes and their number: so it is learned by asking about everyday matters.
"""

from __future__ import annotations

import statistics
import threading

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.dense import QueryEmbedder
from notesearch.search.terms import all_of, read_plain_terms

# Of many fields that people keep no research notes on, and two of no meaning at all.
UNRELATED = (
    "how long to boil eggs",
    "football world cup final score",
    "cheap hotel near the beach",
    "how to remove a coffee stain from a shirt",
    "birthday present for my grandmother",
    "best shoes for running in the rain",
    "when to prune apple trees",
    "opening hours of the swimming pool",
    "lyrics of a christmas song",
    "how to renew a driving licence",
    "my cat does not eat its food",
    "recipe for pancakes with maple syrup",
    "weather on the coast this weekend",
    "how to paint a wooden door",
    "qwpo zmxn ruty",
    "flim blorbing the snarkle",
)
# How far above the mean of these the floor is, in their standard deviations. On three
# collections 2 leaves 92 to 98 % of other unrelated queries below, and 0.7 % or less of judged
# ones: benchmarks/README.md has the figures.
_DEVIATIONS = 2.0


def learn_floor(snapshot: Snapshot, embedder: QueryEmbedder) -> float:
    """Give the cosine below which the nearest passage is no answer."""
    best = [float(snapshot.nearest(embedder.embed_query(text), 1).cosines[0]) for text in UNRELATED]
    return statistics.fmean(best) + _DEVIATIONS * statistics.stdev(best)


class Floors:
    """Keeps the floor of the generation at hand; safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: tuple[str, float] | None = None

    def get(self, snapshot: Snapshot, embedder: QueryEmbedder) -> float | None:
        """Give the floor, learning it where that has not been done; None for an empty index."""
        digest = snapshot.state.vectors_digest
        if not snapshot.state.passages:
            return None
        with self._guard:
            if self._known is None or self._known[0] != digest:
                self._known = (digest, learn_floor(snapshot, embedder))
            return self._known[1]


def says_all(snapshot: Snapshot, text: str, allowed_ids: NDArray[np.int64] | None) -> bool:
    """Tell whether an allowed passage has every word of a query: then it is an answer."""
    terms = read_plain_terms(text)
    if not terms:
        return False
    ids = snapshot.matching_ids(all_of(terms))
    return bool(ids.size if allowed_ids is None else np.intersect1d(ids, allowed_ids).size)
