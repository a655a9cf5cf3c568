"""Keep an index that is in an engine: what `kept_index.py` hands on where a folder stands for one.

Every import waits for its call: who has no such index loads nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.engine_address import EngineAddress
from notesearch.errors import CorpusError
from notesearch.index.reports import (
    CorpusDrift,
    IndexStatus,
    Problem,
    ProgressObserver,
    UpdateReport,
)
from notesearch.records import AddedNote, Listing

if TYPE_CHECKING:
    from notesearch.index.apply import Means
    from notesearch.index.qdrant.engine_update import EnginePlace
    from notesearch.index.update import UpdatePlan

ListFiles = Callable[[Path], Listing]


def place_of(address: EngineAddress, folder: Path) -> EnginePlace:
    """Return where an index in an engine is, and its folder on this machine."""
    from notesearch.index.qdrant.engine_update import EnginePlace

    return EnginePlace(address, folder)


def update_at(
    place: EnginePlace,
    plan: UpdatePlan,
    dry_run: bool,
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Bring an index in step with a corpus."""
    from notesearch.index.qdrant.engine_update import preview_engine_update, update_engine

    if dry_run:
        return preview_engine_update(place, plan)
    return update_engine(place, plan, lock_timeout_s=lock_timeout_s, progress=progress)


def add_at(
    place: EnginePlace,
    means: Means,
    notes: Sequence[AddedNote],
    overwrite: bool,
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Add notes that are no files."""
    from notesearch.index.qdrant.engine_update import add_to_engine

    return add_to_engine(
        place,
        means,
        notes,
        overwrite=overwrite,
        lock_timeout_s=lock_timeout_s,
        progress=progress,
    )


def remove_at(
    place: EnginePlace, means: Means, ids: Sequence[str], lock_timeout_s: float
) -> UpdateReport:
    """Remove notes that were added."""
    from notesearch.index.qdrant.engine_update import remove_from_engine

    return remove_from_engine(place, means, ids, lock_timeout_s=lock_timeout_s)


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
