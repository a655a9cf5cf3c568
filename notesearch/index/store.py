"""An index opened for reading: many threads, each query on one whole generation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from notesearch.errors import UsageError
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.digest import digest_of
from notesearch.index.layout import IndexLayout, damaged, unusable
from notesearch.index.numbering import Numberings
from notesearch.index.seal import verify_seal
from notesearch.index.snapshot import Snapshot
from notesearch.index.state import IndexState, read_state
from notesearch.index.vectors import VectorFile


class Store:
    """Hands out snapshots; holds the connections and the FAISS file between them."""

    def __init__(self, index_dir: Path, *, verify: bool = True) -> None:
        """Open an index; UnusableIndexError when there is none, or none that can be read.

        The digests of both files are taken meanwhile in a thread, and waited for by the first
        snapshot: a model can be loaded in that time. `verify=False` leaves them out.
        """
        self._layout = IndexLayout(index_dir)
        self._verify = verify
        self._guard = threading.Lock()
        self._idle: list[tuple[tuple[int, int], Catalog]] = []
        self._vectors: tuple[str, VectorFile | None] = ("", None)
        self._numberings = Numberings()
        self._closed = False
        with self._borrowed() as catalog:
            self.state = read_state(catalog)
        self._checked = self._begin_verifying()

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
        """Let go of all files; snapshots still at work finish first."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
            self._vectors = ("", None)
        for _, catalog in idle:
            catalog.close()

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError when the vectors are another model's."""
        self.state.require_embedder(fingerprint, self._layout.index_dir)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give one generation, whole, whatever a writer does meanwhile; for one thread."""
        self._checked.result()
        missed = None
        while True:
            with self._borrowed() as catalog, catalog.one_state():
                state = read_state(catalog)
                try:
                    vectors = self._vectors_of(state)
                except FileNotFoundError as error:
                    if state == missed:
                        raise damaged(
                            self._layout.vectors(state.generation),
                            "is lost",
                            "run: notesearch check --fix",
                        ) from error
                    # A writer went on to the next generation between our two looks.
                    missed = state
                    continue
                yield Snapshot(catalog, vectors, state, self._numberings)
                return

    def _begin_verifying(self) -> Future[None]:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="verify")
        try:
            return executor.submit(self._verify_files)
        finally:
            executor.shutdown(wait=False)

    def _verify_files(self) -> None:
        if self._verify:
            with self._borrowed() as catalog:
                verify_seal(self._layout, catalog)
        # A file that is not there is the first snapshot's to judge: a writer may be at work.
        with suppress(FileNotFoundError):
            self._vectors_of(self.state)

    def _vectors_of(self, state: IndexState) -> VectorFile | None:
        """Give the FAISS file that a state names; FileNotFoundError when it is not there."""
        if not state.passages:
            return None
        with self._guard:
            digest, vectors = self._vectors
        if digest == state.vectors_digest:
            return vectors
        path = self._layout.vectors(state.generation)
        # Before FAISS reads it, which trusts the sizes it finds.
        if self._verify and digest_of(path) != state.vectors_digest:
            raise damaged(path, "is not as it was written", "run: notesearch check --fix")
        vectors = VectorFile(path, state.dimension, state.passages)
        with self._guard:
            self._vectors = (state.vectors_digest, vectors)
        return vectors

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
                keep = not self._closed
                if keep:
                    self._idle.append((identity, catalog))
            if not keep:
                catalog.close()

    def _identify(self) -> tuple[int, int]:
        """Tell one catalog file from another that a rebuild put in its place."""
        try:
            status = self._layout.catalog.stat()
        except FileNotFoundError:
            raise no_index_yet(self._layout.index_dir) from None
        except OSError as error:
            raise unusable(
                self._layout.catalog, f"cannot be read ({error.strerror})", "check the folder"
            ) from error
        return status.st_dev, status.st_ino
