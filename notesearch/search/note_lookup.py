"""A query in, the passages of the notes with exactly that title out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from notesearch.index.sqlite_snapshot import Snapshot
from notesearch.search.question_words import quote, read_words

# A longer query is no title; more passages than this begin with a word, not with a title.
_MOST_WORDS = 24
_MOST_PASSAGES = 64


def find_titled(snapshot: Snapshot, query: str) -> NDArray[np.int64]:
    """Find the passages of notes called like the query, up to case and signs."""
    words = read_words(query)
    if not 0 < len(words) <= _MOST_WORDS:
        return np.empty(0, dtype=np.int64)
    ids = snapshot.ids_by_title(f"^ {quote(words)}")[:_MOST_PASSAGES]
    titled = [
        stored.id
        for stored in snapshot.passages(ids.tolist())
        if read_words(stored.note.title) == words
    ]
    return np.array(titled, dtype=np.int64)
