"""Remember what an engine said of one generation: the same words and filters are asked again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from notesearch.index.qdrant.word_coding import WordCounts, WordSplitter
from notesearch.index.snapshot import PassageTable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_WORDS_KEPT = 50_000
_FILTERS_KEPT = 8
_RUNS_KEPT = 500
_WEIGHED_KEPT = 30_000


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """The passages that may be hits; where they are many, some that stand for them."""

    ids: NDArray[np.int64]  # ascending
    some: NDArray[np.int64]  # about a thousand of them
    owners: Mapping[int, int]  # the note of each
    among: int  # how many may be hits


@dataclass(frozen=True, slots=True, eq=False)
class WeighedWords:
    """The words of a passage or a note, by their numbers, with what each is worth there."""

    words: NDArray[np.int64]
    values: NDArray[np.float32]


NO_WORDS = WeighedWords(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The passages that have some words side by side, with their BM25."""

    in_all: int  # how many have them
    ids: NDArray[np.int64]  # ascending; some of them where they are many
    owners: NDArray[np.int64]  # their notes
    scores: NDArray[np.float32]


class Kept(Generic[K, V]):
    """The last answers, up to a number of them; safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._known: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, find: Callable[[], V]) -> V:
        """Return an answer, found where it is not known."""
        return self.get_all([key], lambda _: {key: find()})[key]

    def get_all(self, keys: Iterable[K], find: Callable[[list[K]], dict[K, V]]) -> dict[K, V]:
        """Return answers; those not known are found together."""
        wanted = list(dict.fromkeys(keys))
        with self._guard:
            found = {key: self._known[key] for key in wanted if key in self._known}
        if missing := [key for key in wanted if key not in found]:
            found.update(find(missing))
            with self._guard:
                self._known.update((key, found[key]) for key in missing)
                while len(self._known) > self._most:
                    self._known.popitem(last=False)
        return found


class EngineMemory:
    """What is known of one generation; all snapshots of it share one."""

    def __init__(self, stamp: str, splitter: WordSplitter) -> None:
        self.stamp = stamp
        self.splitter = splitter
        self.words: Kept[str, WordCounts | None] = Kept(_WORDS_KEPT)
        # By collection and number: many questions meet the same passages. Some 1.5 KB each.
        self.weighed: Kept[tuple[str, int], WeighedWords] = Kept(_WEIGHED_KEPT)
        self.runs: Kept[str, Run] = Kept(_RUNS_KEPT)
        self.crowds: Kept[Hashable, Crowd] = Kept(_FILTERS_KEPT)
        self.patterns: Kept[str, object] = Kept(1)
        self.tables: Kept[str, PassageTable] = Kept(1)
