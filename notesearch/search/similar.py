"""Find the passages nearest to what some notes say; the notes themselves are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Nearest, Snapshot, StoredNote
from notesearch.search.fusion import Ranking, rank_nearest


@dataclass(frozen=True, slots=True)
class Likeness:
    """Passages like some notes, best first, and which notes are on the same paper as these."""

    ranking: Ranking
    notes: tuple[StoredNote, ...]  # those that were asked about

    def is_same_paper(self, note: StoredNote) -> bool:
        """Return whether a note is on the same paper, and not merely alike."""
        papers = {asked.paper for asked in self.notes} - {None}
        titles = {asked.title.casefold() for asked in self.notes}
        return note.paper in papers or note.title.casefold() in titles


def find_alike(
    snapshot: Snapshot,
    numbers: Sequence[int],
    depth: int,
    allowed_ids: NDArray[np.int64] | None,
) -> Likeness:
    """Find the passages nearest to the mean of the notes' own passages.

    UsageError when none of the numbers is a note with text in it.
    """
    notes = snapshot.notes(numbers)
    own_ids = snapshot.passages_in(numbers)
    if not own_ids.size:
        raise UsageError("there is no text to compare with in that note")
    mean = snapshot.vectors_of(own_ids.tolist()).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if allowed_ids is None:
        nearest = snapshot.nearest(mean / max(length, 1e-9), depth + len(own_ids))
        nearest = _without(nearest, own_ids)
    else:
        others = np.setdiff1d(allowed_ids, own_ids, assume_unique=True)
        nearest = snapshot.nearest(mean / max(length, 1e-9), depth, others)
    return Likeness(rank_nearest(nearest), tuple(notes.values()))


def _without(nearest: Nearest, ids: NDArray[np.int64]) -> Nearest:
    kept = ~np.isin(nearest.ids, ids)
    return Nearest(nearest.ids[kept], nearest.cosines[kept])
