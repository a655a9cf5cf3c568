"""Move an index between folders and engines."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.engine_address import engine_of_folder, folder_at
from notesearch.engine_index import place_of, writing_at
from notesearch.errors import SettingsError
from notesearch.index.catalog import Catalog
from notesearch.index.index_in_folder import writing_folder
from notesearch.index.index_layout import IndexLayout
from notesearch.index.ingest import StageClock
from notesearch.index.move import MovedIndex, read_folder_index, write_moved_index
from notesearch.index.reports import ProgressObserver, UpdateReport
from notesearch.index.stored_index import StoredIndex
from notesearch.last_look import keep_look, last_look

if TYPE_CHECKING:
    from notesearch.index.qdrant.index_in_engine import EnginePlace


def move_index(
    source: Path | EnginePlace,
    target: str | Path,
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Make at `target`, a folder or the address of an engine, the index that is at `source`."""
    folder = folder_at(target)
    with ExitStack() as stack:
        moved = _read(source, stack)
        index = stack.enter_context(_writing(folder, lock_timeout_s))
        report = write_moved_index(index, moved, StageClock(progress))
    looked = last_look(source if isinstance(source, Path) else source.folder)
    if looked is not None:
        with suppress(SettingsError):  # the index is there, and says more as new than it has to
            keep_look(folder, looked)
    return report


def _writing(folder: Path, lock_timeout_s: float) -> AbstractContextManager[StoredIndex]:
    """Open the index in a folder, or in the engine that it stands for, for its one writer."""
    address = engine_of_folder(folder)
    if address is None:
        return writing_folder(folder, lock_timeout_s)
    return writing_at(place_of(address, folder), lock_timeout_s)


def _read(source: Path | EnginePlace, stack: ExitStack) -> MovedIndex:
    if isinstance(source, Path):
        catalog = stack.enter_context(closing(Catalog.for_reading(IndexLayout(source))))
        stack.enter_context(catalog.one_state())
        return read_folder_index(catalog, source)
    from notesearch.index.qdrant.engine_move import read_engine_index
    from notesearch.index.qdrant.engine_store import EngineStore

    store = stack.enter_context(closing(EngineStore(source.address)))
    return read_engine_index(source, stack.enter_context(store.snapshot()))
