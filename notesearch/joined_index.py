"""Ask several indexes at once, as if their notes were in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.errors import UsageError
from notesearch.index.joined_snapshot import CountedSnapshot, JoinedSnapshot
from notesearch.index.reports import Problem, ProgressObserver
from notesearch.index.snapshot import Snapshot
from notesearch.library import Index

if TYPE_CHECKING:
    from notesearch.bibliography.bib_entry import BibEntry
    from notesearch.index.work import Means
    from notesearch.note_map.kept_map import KeptMap
    from notesearch.past_index import PastIndex

# Scores that compare take how long each text is: of an engine, that is read from all its notes.
_MOST_NOTES_IN_ENGINE = 50_000


class JoinedIndex(Index):
    """Several open indexes by their names: asked together, with scores that compare.

    They have to be of one model. Paths and note ids begin with the name of their index and a
    colon. Each is brought in step by itself: what is about one corpus raises UsageError here.
    """

    def __init__(self, indexes: Mapping[str, Index]) -> None:
        """Take open indexes, which are closed together with this one."""
        if not indexes:
            raise UsageError("there is no index to ask; give one at least")
        first = next(iter(indexes.values()))
        super().__init__(first.index_dir, first._settings, first._models)
        self._indexes = dict(indexes)

    @property
    def indexes(self) -> Mapping[str, Index]:
        """The indexes by their names."""
        return self._indexes

    @property
    def corpus(self) -> Path:
        """Raise UsageError: there are several."""
        raise UsageError("several indexes have several folders of notes; open one of them")

    def require_own_corpus(self) -> None:
        """Raise UsageError: there are several."""
        raise UsageError("several indexes are asked, and not changed; open one of them")

    def at(
        self,
        commit: str,
        *,
        progress: ProgressObserver | None = None,
        lock_timeout_s: float = 10.0,
    ) -> PastIndex:
        """Raise UsageError: they are of several repositories."""
        raise UsageError("several indexes have several pasts; open one of them")

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Raise UsageError: there are several."""
        self.require_own_corpus()
        return ()

    def _means(self, reading: str) -> Means:
        """Raise UsageError: nothing can be updated, added or removed here."""
        raise UsageError("several indexes are asked, and not changed; open one of them")

    def _paths_in_corpus(self, name: str) -> list[str]:
        """Return what a path on this disk may be called inside each corpus."""
        return [
            f"{of}:{path}"
            for of, index in self._indexes.items()
            for path in index._paths_in_corpus(name)
        ]

    def mark_news(self) -> None:
        """Remember for each of them that the person knows what is in it."""
        for index in self._indexes.values():
            index.mark_news()

    def _looked_until(self, since: str | date) -> Sequence[int]:
        return [seconds for one in self._indexes.values() for seconds in one._looked_until(since)]

    def _kept_entries(self) -> Iterator[BibEntry]:
        """Yield the entries of each."""
        return chain.from_iterable(one._kept_entries() for one in self._indexes.values())

    def close(self) -> None:
        """Close all of them; searches at work finish first."""
        super().close()
        for index in self._indexes.values():
            index.close()

    def _open_map(self) -> KeptMap:
        """Return the map of them all, which stands in the folder of none."""
        from notesearch.note_map.kept_map import KeptMap

        return KeptMap(None)

    @contextmanager
    def _generation(self) -> Iterator[Snapshot]:
        """Yield one generation of each, joined."""
        with ExitStack() as stack:
            parts: dict[str, CountedSnapshot] = {}
            for name, index in self._indexes.items():
                part = stack.enter_context(index._counted_generation())
                if index._engine is not None and part.note_count > _MOST_NOTES_IN_ENGINE:
                    raise UsageError(
                        f"{name} is in an engine and has {part.note_count:,} notes, all of which "
                        "would be read to ask it together with others; ask it by itself"
                    )
                parts[name] = part
            yield JoinedSnapshot(parts)
