"""Keep an index that is in an engine: what `kept_index.py` hands on where a folder stands for one.

Every import waits for its call: who has no such index loads nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.engine_address import EngineAddress
from notesearch.errors import CorpusError
from notesearch.index.reports import CorpusDrift, IndexStatus, Problem, UpdateReport
from notesearch.records import Listing

if TYPE_CHECKING:
    from notesearch.index.ingest import StageClock
    from notesearch.index.qdrant.index_in_engine import EnginePlace
    from notesearch.index.stored_index import StoredIndex
    from notesearch.index.update import UpdatePlan

ListFiles = Callable[[Path], Listing]


def place_of(address: EngineAddress, folder: Path) -> EnginePlace:
    """Return where an index in an engine is, and its folder on this machine."""
    from notesearch.index.qdrant.index_in_engine import EnginePlace

    return EnginePlace(address, folder)


def writing_at(
    place: EnginePlace, lock_timeout_s: float = 10.0
) -> AbstractContextManager[StoredIndex]:
    """Open an index for its one writer."""
    from notesearch.index.qdrant.index_in_engine import writing_engine

    return writing_engine(place, lock_timeout_s)


def update_at(
    place: EnginePlace, plan: UpdatePlan, lock_timeout_s: float, clock: StageClock
) -> UpdateReport:
    """Bring an index in step with a corpus, creating it where there is none."""
    from notesearch.index.update import bring_in_step

    with writing_at(place, lock_timeout_s) as index:
        return bring_in_step(index, plan, clock)


def preview_at(place: EnginePlace, plan: UpdatePlan) -> UpdateReport:
    """Return what an update would find, and change nothing."""
    from notesearch.index.qdrant.index_in_engine import reading_engine
    from notesearch.index.update import preview, preview_all

    with reading_engine(place) as index:
        if index.is_new or plan.rebuild:
            return preview_all(plan, is_new=index.is_new)
        return preview(index, plan)


def status_at(place: EnginePlace, corpus: Path | None, list_files: ListFiles) -> IndexStatus:
    """Describe an index; where its notes are on this machine, also how these differ."""
    from notesearch.index.qdrant.engine_keeper import read_engine_status

    try:
        listing = list_files(corpus) if corpus is not None and corpus.is_dir() else None
    except CorpusError:
        listing = None
    return read_engine_status(place, listing)


def drift_at(place: EnginePlace, corpus: Path | None, list_files: ListFiles) -> CorpusDrift | None:
    """Count by stat alone how the notes of this machine differ."""
    from notesearch.index.qdrant.engine_keeper import read_engine_drift

    return read_engine_drift(place, corpus, list_files)


def check_at(place: EnginePlace, fix: bool) -> tuple[Problem, ...]:
    """Look an index over."""
    from notesearch.index.qdrant.engine_keeper import check_engine

    return check_engine(place, fix=fix)
