"""Find a model's files and its compiled form, which is made at first use and again when damaged.

The same for all kinds of models; what compiling means is handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.graph_engine import TOKEN_IDS, Engine, UnusableGraphError, open_engine
from notesearch.embedding.model_cache import (
    GRAPH,
    Manifest,
    checked_weights,
    choose_cache,
    folder_of,
    locked,
    open_manifest,
)
from notesearch.embedding.model_fingerprint import compute_fingerprint
from notesearch.embedding.model_source import ModelSource, find_source
from notesearch.errors import ModelError
from notesearch.file_sums import DamagedFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.model_choice import AnyChoice

    Feed = dict[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Place:
    """A model's files, and the folder of its compiled form, which may not be there yet."""

    choice: AnyChoice
    source: ModelSource
    fingerprint: str
    cache_dir: Path
    folder: Path

    def require_unchanged(self) -> None:
        """Refuse files that are not those of the fingerprint, before they are loaded.

        Whoever asked for it went by size and time, where a file looked untouched.
        """
        found = compute_fingerprint(self.choice, self.source, self.cache_dir, anew=True)
        if found != self.fingerprint:
            raise ModelError(
                f"model {self.source.folder}: its files changed and kept size and time; "
                "run the command again"
            )


def find_place(choice: AnyChoice, cache_dir: Path | None, warn: Callable[[str], None]) -> Place:
    """Find a model's files, and where its compiled form stands or will."""
    try:
        source = locate(choice)
        cache = choose_cache(cache_dir, warn)
        fingerprint = compute_fingerprint(choice, source, cache)
    except OSError as error:
        raise ModelError(
            f"model {choice.name}: {error.filename or 'its files'} cannot be read: "
            f"{error.strerror}; {choice.kind.way_out}"
        ) from error
    return Place(choice, source, fingerprint, cache, folder_of(cache, fingerprint))


def locate(choice: AnyChoice) -> ModelSource:
    """Find the model's files, fetching a hub model that is not on this machine."""
    source = find_source(choice)
    if source is None:
        from notesearch.embedding.hub import fetch_model

        fetch_model(choice)
        source = find_source(choice)
    if source is None:
        raise ModelError(f"model {choice.name}: not found in the hub's cache after its download")
    return source


class CompiledForm:
    """A model's compiled form: made where there is none, and again where a part is damaged."""

    def __init__(
        self, place: Place, compile_form: Callable[[], Manifest], tell: Callable[[str], None]
    ) -> None:
        self._place = place
        self._compile_form = compile_form
        self._tell = tell
        self.manifest = open_manifest(place.folder) or self._compile(unless_there=True)

    @property
    def has_graph(self) -> bool:
        """Whether there is something to open; else torch has to run."""
        return GRAPH in self.manifest.files

    def open(self, open_graph: Callable[[Path], Engine] = open_engine) -> Engine:
        """Open the graph; nothing of it is used that has not been checked.

        The table of tokens is checked at each run as far as that reads it.
        """
        try:
            opened = self._open(open_graph)
        except UnusableGraphError:
            self.manifest = self._compile()
            opened = self._open(open_graph)
        guard = threading.Lock()

        def run(feed: Feed) -> NDArray[np.float32]:
            nonlocal opened
            engine = opened
            try:
                return engine.run(feed)
            except UnusableGraphError:
                with guard:
                    if opened is engine:  # else another thread has mended it
                        self.manifest = self._compile()
                        opened = self._open(open_graph)
                return opened.run(feed)

        return replace(opened, run=run)

    def _open(self, open_graph: Callable[[Path], Engine]) -> Engine:
        folder, table = self._place.folder, self.manifest.table
        try:
            weights = checked_weights(folder, self.manifest)
        except (DamagedFileError, OSError) as error:
            raise UnusableGraphError(str(error)) from error
        engine = open_graph(folder / GRAPH)
        if table is None:
            return engine

        def run(feed: Feed) -> NDArray[np.float32]:
            try:
                weights.verify_rows(table.offset, table.row_bytes, feed[TOKEN_IDS])
            except (DamagedFileError, OSError) as error:
                raise UnusableGraphError(str(error)) from error
            return engine.run(feed)

        return replace(engine, run=run)

    def _compile(self, *, unless_there: bool = False) -> Manifest:
        """Compile under the lock; another process may have done it while this one waited."""
        place = self._place
        try:
            with locked(place.folder):
                there = open_manifest(place.folder) if unless_there else None
                if there is not None:
                    return there
                self._tell(f"compiling {place.source.name}, once for this machine (about 15 s)")
                place.require_unchanged()
                return self._compile_form()
        except OSError as error:
            raise ModelError(
                f"{place.folder}: the compiled model cannot be written: {error}; "
                "make room there, or name another cache folder"
            ) from error
