"""Hand out snapshots of an index: many threads, each question on one whole generation."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from notesearch.errors import UsageError
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.index_layout import IndexLayout, damaged, unusable
from notesearch.index.segment_rows import read_segments, require_all_passages
from notesearch.index.segments import Segment
from notesearch.index.sqlite_snapshot import KeptParts, SqliteSnapshot
from notesearch.index.state import IndexState, read_state


class Store:
    """Hands out snapshots; holds the connections and the segments between them."""

    def __init__(self, index_dir: Path) -> None:
        """Open an index; UnusableIndexError when there is none, or none that can be read.

        Nothing is read but what says what the index is: what a query reads is compared with its
        checksums then.
        """
        self._layout = IndexLayout(index_dir)
        self._guard = threading.Lock()
        self._idle: list[tuple[tuple[int, int], Catalog]] = []
        self._in_force: tuple[str, tuple[Segment, ...]] = ("", ())  # with the stamp of the state
        # As many as there are processors: a question alone has them all, and many share them.
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="segments")
        self._kept = KeptParts(threads=self._threads)
        self._closed = False
        with self._borrowed() as catalog:
            read_state(catalog)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all files; snapshots still at work finish first."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
            self._in_force = ("", ())
        self._threads.shutdown()
        for _, catalog in idle:
            catalog.close()

    def read_state(self) -> IndexState:
        """Return the state that the index is in now."""
        with self._borrowed() as catalog:
            return read_state(catalog)

    def read_probes(self) -> list[tuple[str, bytes]]:
        """Return the probes with their float16 rows: how the model embedded them."""
        with self._borrowed() as catalog:
            return [
                (text, row)
                for text, row in catalog.rows("SELECT text, vector FROM probes ORDER BY text")
            ]

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSnapshot]:
        """Yield one generation, whole, whatever a writer does meanwhile; for one thread."""
        missed = None
        while True:
            with self._borrowed() as catalog, catalog.one_state():
                state = read_state(catalog)
                try:
                    segments = self._segments_of(state, catalog)
                except FileNotFoundError as error:
                    if state == missed:
                        lost = Path(error.filename or error.args[0])
                        raise damaged(lost, "is lost", self._layout.fix) from error
                    # A writer went on to the next generation between our two looks.
                    missed = state
                    continue
                yield SqliteSnapshot(catalog, segments, state, self._kept)
                return

    def _segments_of(self, state: IndexState, catalog: Catalog) -> tuple[Segment, ...]:
        """Return the segments of a state; FileNotFoundError when a file of one is not there."""
        with self._guard:
            stamp, segments = self._in_force
        if stamp == state.stamp:
            return segments
        known = {segment.row: segment for segment in segments}
        rows = read_segments(catalog)
        require_all_passages(catalog, rows, state.passages)
        segments = tuple(
            known.get(row) or Segment(self._layout, row, state.dimension) for row in rows
        )
        with self._guard:
            self._in_force = (state.stamp, segments)
        return segments

    @contextmanager
    def _borrowed(self) -> Iterator[Catalog]:
        """Lend a connection, which no other thread uses meanwhile."""
        identity = self._identify()
        with self._guard:
            if self._closed:
                raise UsageError("this index has been closed; open it again")
            stale = [catalog for known, catalog in self._idle if known != identity]
            self._idle = [pair for pair in self._idle if pair[0] == identity]
            lent = self._idle.pop()[1] if self._idle else None
        for catalog in stale:
            catalog.close()
        catalog = lent or Catalog.for_reading(self._layout)
        try:
            yield catalog
        finally:
            with self._guard:
                keep = not self._closed and not catalog.is_immutable
                if keep:
                    self._idle.append((identity, catalog))
            if not keep:
                catalog.close()

    def _identify(self) -> tuple[int, int]:
        """Return the identity of the catalog file, which a rebuild replaces by another one."""
        try:
            status = self._layout.catalog.stat()
        except FileNotFoundError:
            raise no_index_yet(self._layout) from None
        except OSError as error:
            raise unusable(
                self._layout.catalog, f"cannot be read ({error.strerror})", "check the folder"
            ) from error
        return status.st_dev, status.st_ino
