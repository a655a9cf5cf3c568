"""Find the cosine below which a match means nothing, by questions about something else.

Whatever is asked, some passage is nearest. How near that is without meaning anything depends on
the model, the notes and their number: so an update asks about everyday matters, and the index
keeps how near it came.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.candidates import common_ids
from notesearch.search.question_words import read_plain_terms

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


def floor_of(cosines: Sequence[float]) -> float | None:
    """Return the cosine below which the nearest passage is no answer.

    `cosines` are those of the passage nearest to each of `UNRELATED`, as an update leaves them;
    None where there are too few of them.
    """
    if len(cosines) < 2:
        return None
    return float(np.mean(cosines) + _DEVIATIONS * np.std(cosines, ddof=1))


def has_all_words(snapshot: Snapshot, text: str, allowed_ids: NDArray[np.int64] | None) -> bool:
    """Return whether an allowed passage has every word of a question: then it is an answer."""
    terms = read_plain_terms(text)
    if not terms:
        return False
    ids = snapshot.passages_with_all(terms)
    return bool(ids.size if allowed_ids is None else common_ids(ids, allowed_ids).size)
