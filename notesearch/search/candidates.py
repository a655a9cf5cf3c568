"""A condition and phrases in, the passages that may be hits out; remembered for the next query."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.records import Condition
from notesearch.index.sqlite_snapshot import Snapshot
from notesearch.search.id_sets import common_ids
from notesearch.search.question_words import quote, read_words

# Half of 250,000 passages takes 14 to 20 ms to list and 1 MB to keep.
_KEPT = 8

_Key = tuple[str, tuple[str | int | float, ...]]


class AllowedIds:
    """Lists what a filter lets through; safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[_Key, NDArray[np.int64]] = OrderedDict()
        self._state = ""  # of the generation that the ids are from

    def find(
        self, snapshot: Snapshot, phrases: Sequence[str], condition: Condition | None
    ) -> NDArray[np.int64] | None:
        """Give the passages that may be hits, in ascending order; None for all of them."""
        allowed_ids = None if condition is None else self._meeting(snapshot, condition)
        for phrase in phrases:
            words = read_words(phrase)
            if words:
                saying = snapshot.matching_ids(quote(words))
                allowed_ids = saying if allowed_ids is None else common_ids(allowed_ids, saying)
        return allowed_ids

    def _meeting(self, snapshot: Snapshot, condition: Condition) -> NDArray[np.int64]:
        state = snapshot.state.contents
        key = (condition.sql, condition.values)
        with self._guard:
            if state == self._state and key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        ids = snapshot.passage_ids(condition)
        with self._guard:
            if state != self._state:
                self._state = state
                self._known.clear()
            self._known[key] = ids
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return ids
