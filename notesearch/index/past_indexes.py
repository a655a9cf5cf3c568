"""Keep indexes of states that the notes were in, in a folder that may be deleted at any time.

Each is made of the nearest index there is, a copy of which is brought in step with that state: so
only what differs is read, and only texts that no index of this model has are embedded. The few that
were asked last are kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from notesearch.durable import make_private_folder
from notesearch.errors import NotesearchError, UnusableIndexError
from notesearch.index.catalog import Catalog
from notesearch.index.index_in_folder import FolderIndex
from notesearch.index.index_layout import DamagedIndexError, IndexLayout, require_safe_folder
from notesearch.index.ingest import StageClock
from notesearch.index.journal import is_whole
from notesearch.index.lock import writer_lock
from notesearch.index.reports import ProgressObserver, UpdateReport, ignore_progress
from notesearch.index.segment_rows import read_segments
from notesearch.index.state import read_state
from notesearch.index.update import UpdatePlan, update_index
from notesearch.index.work import Work
from notesearch.user_folders import cache_folder

# Each takes as much room as the index of the notes themselves.
MOST_KEPT = 8
_UNFINISHED = ".making"
_VALUES_PER_STATEMENT = 500


def past_folder() -> Path | None:
    """Return where they are kept, which need not exist; None where no home folder is known."""
    cache = cache_folder()
    return cache / "past" if cache is not None else None


def find_past(folder: Path, key: str) -> Path | None:
    """Return the index of a state that is kept and whole, and count it as asked; else None."""
    place = folder / key
    try:
        require_safe_folder(folder)
        with closing(Catalog.for_reading(IndexLayout(place))) as catalog:
            read_state(catalog)
    except NotesearchError:
        return None
    with suppress(OSError):
        os.utime(place)
    return place


def make_past(
    folder: Path,
    key: str,
    plan: UpdatePlan,
    own: IndexLayout,
    *,
    lock_timeout_s: float,
    progress: ProgressObserver = ignore_progress,
) -> tuple[Path, UpdateReport | None]:
    """Make the index of a state, unless another process has made it meanwhile.

    `own` is the index of the notes as they are now. One process at a time makes one; LockedError
    where another takes longer than `lock_timeout_s`. What is cut short is gone on with.
    """
    with _errors_of(folder):
        make_private_folder(folder)
    with writer_lock(IndexLayout(folder), lock_timeout_s), _errors_of(folder):
        if (found := find_past(folder, key)) is not None:
            return found, None
        place, making = folder / key, IndexLayout(folder / f"{key}{_UNFINISHED}")
        shutil.rmtree(place, ignore_errors=True)  # one that is damaged
        others = [IndexLayout(entry) for entry in _by_age(folder) if entry != making.index_dir]
        known = _of_model([own, *others], plan)
        try:
            report = _make(making, plan, known, progress)
        except DamagedIndexError:  # what was copied was
            shutil.rmtree(making.index_dir)
            report = _make(making, plan, [], progress)
        making.index_dir.rename(place)
        for old in _by_age(folder)[MOST_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        return place, report


@dataclass(frozen=True, slots=True)
class KeptPast:
    """An index of earlier notes that is kept."""

    folder: str
    size: int  # in bytes
    asked: str  # the day that it was asked last, in ISO 8601
    flaw: str | None  # why nothing uses it; None for one that is used


def list_past() -> list[KeptPast]:
    """List what is kept, finished or not, the last asked first."""
    folder = past_folder()
    if folder is None:
        return []
    with _errors_of(folder):
        return [_describe(place) for place in _by_age(folder)]


def _describe(place: Path) -> KeptPast:
    return KeptPast(
        folder=str(place),
        size=sum(file.stat().st_size for file in place.iterdir()),
        asked=datetime.fromtimestamp(place.stat().st_mtime).date().isoformat(),
        flaw="not finished" if place.name.endswith(_UNFINISHED) else None,
    )


def remove_past() -> None:
    """Remove all that is kept; LockedError while a process is making one."""
    folder = past_folder()
    if folder is None or not folder.is_dir():
        return
    with writer_lock(IndexLayout(folder), 0.0), _errors_of(folder):
        for place in _by_age(folder):
            shutil.rmtree(place)


def _make(
    making: IndexLayout,
    plan: UpdatePlan,
    known: Sequence[IndexLayout],
    progress: ProgressObserver,
) -> UpdateReport:
    make_private_folder(making.index_dir)
    if not making.catalog.exists() and (nearest := _nearest(known, plan)) is not None:
        with closing(Catalog.for_reading(nearest)) as catalog:
            catalog.copy_to(making)
        _share_segments(nearest, making)
    if making.catalog.exists():
        # An added note is of no commit. A file that failed may keep notes of an earlier reading.
        _forget(making, plan, "SELECT note_id FROM added_notes")
        _forget(making, plan, "SELECT path FROM files WHERE failed")
    with ExitStack() as opened:
        # What a server gave under the same name for another index may be of another model.
        lenders = [] if plan.model_may_change else _open_all(known, opened)
        plan = replace(plan, find_vectors=lambda hashes: _find_vectors(lenders, hashes))
        report = update_index(making.index_dir, plan, progress=progress)
    kept = "SELECT path FROM files WHERE failed AND id IN (SELECT file FROM notes)"
    _forget(making, plan, kept)
    return report


def _share_segments(one: IndexLayout, other: IndexLayout) -> None:
    """Give an index the files of another's segments; one that cannot be had is written anew."""
    with closing(Catalog.for_reading(other)) as catalog:
        numbers = [row.number for row in read_segments(catalog)]
    for number in numbers:
        for name in (IndexLayout.vectors, IndexLayout.words):
            with suppress(OSError):  # another disk, or an update has just removed it
                os.link(name(one, number), name(other, number))  # it is never written into


def _forget(layout: IndexLayout, plan: UpdatePlan, sql: str) -> None:
    """Remove the files and added notes that a statement names."""
    with closing(Catalog.for_writing(layout)) as catalog:
        paths = tuple(path for (path,) in catalog.rows(sql))
        if paths:
            index, clock = FolderIndex(layout, catalog), StageClock(ignore_progress)
            index.apply(plan, Work(remove=paths), clock)
            index.finish(UpdateReport(), clock)


def _of_model(layouts: Sequence[IndexLayout], plan: UpdatePlan) -> list[IndexLayout]:
    """Return those that hold vectors of the plan's model; only the first of one on a server."""
    found = []
    for layout in layouts[: 1 if plan.model_may_change else None]:
        with suppress(NotesearchError), closing(Catalog.for_reading(layout)) as catalog:
            if read_state(catalog).embedder == plan.embedder_fingerprint:
                found.append(layout)
    return found


def _nearest(layouts: Sequence[IndexLayout], plan: UpdatePlan) -> IndexLayout | None:
    """Return the index that has the most of the files, by path and size."""
    wanted = {(file.path, file.size) for file in plan.source.list_files().files}
    best, most = None, -1
    for layout in layouts:
        with closing(Catalog.for_reading(layout)) as catalog:
            shared = sum(file in wanted for file in catalog.rows("SELECT path, size FROM files"))
        if shared > most:
            best, most = layout, shared
    return best


def _open_all(layouts: Sequence[IndexLayout], opened: ExitStack) -> list[Catalog]:
    return [opened.enter_context(closing(Catalog.for_reading(layout))) for layout in layouts]


def _find_vectors(lenders: Sequence[Catalog], hashes: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Return the rows of those texts that one of the indexes has; a damaged row is none."""
    found: dict[bytes, bytes] = {}
    for catalog in lenders:
        missing = [key for key in hashes if key not in found]
        for start in range(0, len(missing), _VALUES_PER_STATEMENT):
            part = missing[start : start + _VALUES_PER_STATEMENT]
            marks = ",".join("?" * len(part))
            sql = f"SELECT text_hash, vector, crc FROM vectors WHERE text_hash IN ({marks})"
            found.update(
                {key: row for key, row, crc in catalog.rows(sql, part) if is_whole(key, row, crc)}
            )
    return found


def _by_age(folder: Path) -> list[Path]:
    """Return the folders of all that is kept, finished or not, the last asked first."""
    try:
        places = [entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()]
        return sorted(places, key=lambda place: -place.stat().st_mtime_ns)
    except FileNotFoundError:
        return []


@contextmanager
def _errors_of(folder: Path) -> Iterator[None]:
    """Name the folder where the disk refuses to keep something in it."""
    try:
        yield
    except OSError as error:
        raise UnusableIndexError(
            f"{folder} cannot be written ({error.strerror}); make room or make it writable, or "
            "set XDG_CACHE_HOME to another folder"
        ) from error
