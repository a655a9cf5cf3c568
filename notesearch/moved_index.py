"""Move an index between folders and engines."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.engine_address import engine_of_folder, folder_at
from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout
from notesearch.index.move import MovedIndex, read_folder_index, write_folder_index
from notesearch.index.reports import ProgressObserver, UpdateReport

if TYPE_CHECKING:
    from notesearch.index.qdrant.engine_update import EnginePlace


def move_index(
    source: Path | EnginePlace,
    target: str | Path,
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Make at `target`, a folder or the address of an engine, the index that is at `source`."""
    folder = folder_at(target)
    address = engine_of_folder(folder)
    with ExitStack() as stack:
        moved = _read(source, stack)
        if address is None:
            return write_folder_index(
                folder, moved, lock_timeout_s=lock_timeout_s, progress=progress
            )
        from notesearch.index.qdrant.engine_move import write_engine_index
        from notesearch.index.qdrant.engine_update import EnginePlace

        return write_engine_index(
            EnginePlace(address, folder), moved, lock_timeout_s=lock_timeout_s, progress=progress
        )


def _read(source: Path | EnginePlace, stack: ExitStack) -> MovedIndex:
    if isinstance(source, Path):
        catalog = stack.enter_context(closing(Catalog.for_reading(IndexLayout(source))))
        stack.enter_context(catalog.one_state())
        return read_folder_index(catalog, source)
    from notesearch.index.qdrant.engine_move import read_engine_index
    from notesearch.index.qdrant.engine_update import opened

    store = stack.enter_context(opened(source))
    return read_engine_index(source, stack.enter_context(store.snapshot()))
