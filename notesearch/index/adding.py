"""Add notes that are no files to an index, and remove them, as an update changes files' notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from notesearch.errors import UsageError
from notesearch.index.added_table import added_ids, file_of, seen_note
from notesearch.index.apply import Means, Work, apply_work, finish, prepare_folder
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.index_layout import IndexLayout
from notesearch.index.ingest import StageClock
from notesearch.index.lock import writer_lock
from notesearch.index.reports import ProgressObserver, UpdateReport, ignore_progress
from notesearch.index.state import read_state
from notesearch.records import AddedNote, ReadFile


def add_notes(
    index_dir: Path,
    means: Means,
    notes: Sequence[AddedNote],
    *,
    overwrite: bool = False,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Add notes, all or none, creating the index where there is none.

    UsageError for an id that is taken, but for one of an added note with `overwrite`, and for a
    note that cannot be read.
    """
    layout = IndexLayout(index_dir)
    prepare_folder(layout)

    def find_work(catalog: Catalog, is_new: bool) -> tuple[Work, UpdateReport]:
        there = set() if is_new else added_ids(catalog)
        claimed = [] if is_new else [n.id for n in notes if _is_file(catalog, file_of(n.id))]
        require_free_ids(notes, set() if overwrite else there, set(map(file_of, claimed)))
        return work_to_add(means, notes, there)

    return _change(layout, means, find_work, lock_timeout_s, progress)


def remove_notes(
    index_dir: Path,
    means: Means,
    ids: Sequence[str],
    *,
    lock_timeout_s: float = 10.0,
) -> UpdateReport:
    """Remove added notes, all or none; UsageError for an id that none of them has."""
    layout = IndexLayout(index_dir)
    if not layout.catalog.exists():
        raise no_index_yet(layout)

    def find_work(catalog: Catalog, is_new: bool) -> tuple[Work, UpdateReport]:
        if is_new:
            raise no_index_yet(layout)
        return work_to_remove(ids, added_ids(catalog), partial(_is_file, catalog))

    return _change(layout, means, find_work, lock_timeout_s, ignore_progress)


def _change(
    layout: IndexLayout,
    means: Means,
    find_work: Callable[[Catalog, bool], tuple[Work, UpdateReport]],
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Do, under the lock, what `find_work` finds to do; the files' notes stay as they are."""
    clock = StageClock(progress)
    with (
        writer_lock(layout, lock_timeout_s),
        closing(Catalog.for_writing(layout)) as catalog,
    ):
        state = None if catalog.is_empty() else read_state(catalog)
        if state is not None:
            state.require_embedder(means.embedder_fingerprint, layout.index_dir)
            corpus = state.corpus_folder(layout.index_dir)
            means = replace(means, reading=state.reading, corpus=corpus)
        work, report = find_work(catalog, state is None)
        state, findings = apply_work(layout, means, catalog, state, work, clock)
        return finish(layout, catalog, state, clock.fill_in(report, findings), clock)


def work_to_add(
    means: Means, notes: Sequence[AddedNote], there: set[str]
) -> tuple[Work, UpdateReport]:
    """Return what there is to do for notes, some of which may be `there` by their ids."""
    report = UpdateReport(
        added=tuple(note.id for note in notes if note.id not in there),
        changed=tuple(note.id for note in notes if note.id in there),
    )
    work = Work(
        read=tuple(map(seen_note, notes)),
        readings=_readable(means.read_added(notes)),
        added=tuple(notes),
        publish=bool(notes),
    )
    return work, report


def work_to_remove(
    ids: Sequence[str], there: set[str], is_file: Callable[[str], bool]
) -> tuple[Work, UpdateReport]:
    """Return what there is to do to remove added notes; UsageError for an id that is not there."""
    for note_id in ids:
        if note_id not in there:
            raise UsageError(f"{note_id}: {_not_removable(is_file(file_of(note_id)))}")
    removed = tuple(dict.fromkeys(ids))
    return Work(remove=removed, publish=bool(removed)), UpdateReport(removed=removed)


def require_free_ids(notes: Sequence[AddedNote], taken: set[str], files: set[str]) -> None:
    """Raise UsageError for an id that is of a file, of an added note in `taken`, or given twice."""
    seen: set[str] = set()
    for note in notes:
        if note.id in seen:
            raise UsageError(f"{note.id}: two of the notes have this id; give each its own")
        if note.id in taken:
            raise UsageError(
                f"{note.id}: an added note has this id; give another one, or overwrite=True"
            )
        if file_of(note.id) in files:
            raise UsageError(
                f"{note.id}: {file_of(note.id)} is a file of the corpus; give another id"
            )
        seen.add(note.id)


def _is_file(catalog: Catalog, path: str) -> bool:
    sql = """SELECT EXISTS (SELECT 1 FROM files WHERE path = ?
        AND path NOT IN (SELECT note_id FROM added_notes))"""
    return bool(catalog.number(sql, (path,)))


def _not_removable(is_file: bool) -> str:
    """Say why there is no added note to remove."""
    if is_file:
        return "is of a file of the corpus; remove the file, and call update()"
    return "no added note has this id; notes('kind:added') lists them"


def _readable(readings: Iterable[ReadFile]) -> Iterator[ReadFile]:
    """Pass readings on; UsageError for one without a note."""
    for read in readings:
        reading = read.reading
        if not reading.notes:
            reason = reading.skipped or reading.findings[-1]
            raise UsageError(f"{reading.path}: {reason.reason}; hand in a text of some words")
        yield read
