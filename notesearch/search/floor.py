"""What an index answers to questions about something else in, the cosine that means nothing out.

Whatever is asked, some passage is nearest. How near that is without meaning anything depends on
the model, the notes and their number: so it is learned by asking about everyday matters.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.dense import QueryEmbedder
from notesearch.search.id_sets import common_ids
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
# How far above the mean of these the floor is, in their standard deviations: at 2, 11 of 277
# judged queries on wild fell below; benchmarks/README.md has the figures of 1.5.
_DEVIATIONS = 1.5


def learn_floor(snapshot: Snapshot, embedder: QueryEmbedder) -> float:
    """Give the cosine below which the nearest passage is no answer."""
    best = [float(snapshot.nearest(embedder.embed_query(text), 1).cosines[0]) for text in UNRELATED]
    return float(np.mean(best) + _DEVIATIONS * np.std(best, ddof=1))


class Floors:
    """Keeps the floor of the generation at hand; safe to share between threads.

    In a file too where there is one to write: learning it costs as much as sixteen questions.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._known = _read(file) if file else ("", 0.0)

    def get(self, snapshot: Snapshot, embedder: QueryEmbedder) -> float | None:
        """Give the floor, learning it where that has not been done; None for an empty index."""
        if not snapshot.state.passages:
            return None
        key = f"{snapshot.state.vectors_digest} {len(UNRELATED)} {_DEVIATIONS}"
        with self._guard:
            if self._known[0] != key:
                self._known = (key, learn_floor(snapshot, embedder))
                if self._file:
                    _write(self._file, *self._known)
            return self._known[1]


def _read(file: Path) -> tuple[str, float]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return str(value["vectors"]), float(value["floor"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0.0


def _write(file: Path, key: str, floor: float) -> None:
    """Keep a floor; a folder that cannot be written is no reason to fail."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        scratch.write_text(json.dumps({"vectors": key, "floor": floor}), encoding="utf-8")
        scratch.replace(file)
    except OSError:
        return


def says_all(snapshot: Snapshot, text: str, allowed_ids: NDArray[np.int64] | None) -> bool:
    """Tell whether an allowed passage has every word of a query: then it is an answer."""
    terms = read_plain_terms(text)
    if not terms:
        return False
    ids = snapshot.matching_ids(all_of(terms))
    return bool(ids.size if allowed_ids is None else common_ids(ids, allowed_ids).size)
