"""Add notes that are no files to an index, and remove them, as an update changes files' notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from notesearch.errors import UsageError
from notesearch.index.added_table import file_of, seen_note
from notesearch.index.ingest import StageClock
from notesearch.index.reports import UpdateReport
from notesearch.index.stored_index import StoredIndex
from notesearch.index.work import Means, Work
from notesearch.records import AddedNote, ReadFile


def add_notes(
    index: StoredIndex,
    means: Means,
    notes: Sequence[AddedNote],
    clock: StageClock,
    *,
    overwrite: bool = False,
) -> UpdateReport:
    """Add notes, all or none; the index is made where there is none.

    UsageError for an id that is taken, but for one of an added note with `overwrite`, and for a
    note that cannot be read.
    """
    means = _as_made(index, means)
    there = index.added_ids()
    require_free_ids(notes, set() if overwrite else there, index.has_file)
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
    return _change(index, means, work, report, clock)


def remove_notes(
    index: StoredIndex, means: Means, ids: Sequence[str], clock: StageClock
) -> UpdateReport:
    """Remove added notes, all or none; UsageError for an id that none of them has."""
    means = _as_made(index, means)
    there = index.added_ids()
    for note_id in ids:
        if note_id not in there:
            raise UsageError(f"{note_id}: {_not_removable(index.has_file(file_of(note_id)))}")
    removed = tuple(dict.fromkeys(ids))
    work = Work(remove=removed, publish=bool(removed))
    return _change(index, means, work, UpdateReport(removed=removed), clock)


def _as_made(index: StoredIndex, means: Means) -> Means:
    """Return means that leave as they are how notes are read, and of which folder the index is.

    MismatchError where its vectors are another model's.
    """
    if index.is_new:
        return means
    index.require_embedder(means.embedder_fingerprint)
    return replace(means, reading=index.reading, corpus=index.corpus)


def _change(
    index: StoredIndex, means: Means, work: Work, report: UpdateReport, clock: StageClock
) -> UpdateReport:
    return index.finish(clock.fill_in(report, index.apply(means, work, clock)), clock)


def require_free_ids(
    notes: Sequence[AddedNote], taken: set[str], is_file: Callable[[str], bool]
) -> None:
    """Raise UsageError for an id that is of a file, of an added note in `taken`, or given twice."""
    seen: set[str] = set()
    for note in notes:
        if note.id in seen:
            raise UsageError(f"{note.id}: two of the notes have this id; give each its own")
        if note.id in taken:
            raise UsageError(
                f"{note.id}: an added note has this id; give another one, or overwrite=True"
            )
        if is_file(file_of(note.id)):
            raise UsageError(
                f"{note.id}: {file_of(note.id)} is a file of the corpus; give another id"
            )
        seen.add(note.id)


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
