"""Keep notes that are no files as they were handed in: their texts stand nowhere else.

They are read like files, into the same tables. An update leaves the table `added_notes` alone, and
reads it anew where the reading has changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace

from notesearch.errors import NotesearchError
from notesearch.index.catalog import Catalog, Value
from notesearch.index.changes import SeenFile
from notesearch.index.index_layout import IndexLayout
from notesearch.records import AddedNote, Finding, Listing

_ROWS = "SELECT source, hash FROM added_notes"
_CLAIMED = "an added note has this id; rename the file, or remove the note"


def added_row(note: AddedNote) -> tuple[Value, ...]:
    """Return a note as a row of `added_notes`."""
    source = json.dumps(asdict(note), ensure_ascii=False)
    return note.id, source, _hash(source)


def read_added_notes(catalog: Catalog) -> Iterator[AddedNote]:
    """Yield the added notes, in the order in which they came."""
    for rows in catalog.batches(f"{_ROWS} ORDER BY rowid"):
        for source, known in rows:
            note = _whole_note(source, known)
            if note is None:
                raise catalog.damaged("the notes that were added")
            yield note


def added_ids(catalog: Catalog) -> set[str]:
    """Return the ids of the added notes."""
    return {note_id for (note_id,) in catalog.rows("SELECT note_id FROM added_notes")}


def file_of(note_id: str) -> str:
    """Return the path of the file that a note of this id would be in, if it were in one."""
    return note_id.partition("#")[0]


def seen_note(note: AddedNote) -> SeenFile:
    """Return what stands in the table of files for an added note."""
    _, source, _ = added_row(note)
    digest = _hash(str(source)).hex()
    return SeenFile(note.id, len(note.text.encode()), mtime_ns=0, settled=True, hash=digest)


def without_claimed(listing: Listing, ids: Collection[str]) -> Listing:
    """Leave out of a corpus the files whose path, or whose parts' ids, added notes have."""
    claimed = {file_of(note_id) for note_id in ids}
    found = [file for file in listing.files if file.path in claimed]
    if not found:
        return listing
    skipped = (Finding(file.path, None, _CLAIMED) for file in found)
    return replace(
        listing,
        files=tuple(file for file in listing.files if file.path not in claimed),
        skipped=(*listing.skipped, *skipped),
    )


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a rebuild takes over from a damaged catalog."""

    notes: tuple[AddedNote, ...] = ()
    findings: tuple[Finding, ...] = ()  # that some are lost


def salvage_added_notes(layout: IndexLayout) -> Salvaged:
    """Read what is whole of the added notes in a damaged catalog."""
    notes: list[AddedNote] = []
    lost = Finding(
        layout.damaged_catalog.name, None, "some notes that were added are lost; add them again"
    )
    try:
        with closing(Catalog.for_reading(layout, checked=False)) as catalog:
            if not catalog.rows("SELECT 1 FROM sqlite_master WHERE name = 'added_notes'"):
                return Salvaged()
            rows = 0
            # A row at a time, so that a damaged page takes no whole one with it.
            for ((source, known),) in catalog.batches(f"{_ROWS} ORDER BY rowid", size=1):
                rows += 1
                if (note := _whole_note(source, known)) is not None:
                    notes.append(note)
    except NotesearchError:
        return Salvaged(tuple(notes), (lost,))
    return Salvaged(tuple(notes), (lost,) if len(notes) < rows else ())


def _hash(source: str) -> bytes:
    import hashlib  # no question needs it

    return hashlib.blake2b(source.encode(), digest_size=16).digest()


def _whole_note(source: object, known: object) -> AddedNote | None:
    """Return the note of a row; None where the row is not as it was written."""
    try:
        if not isinstance(source, str) or _hash(source) != known:
            return None
        value = json.loads(source)
        return AddedNote(**{**value, "tags": tuple(value["tags"])})
    except (ValueError, TypeError, KeyError):
        return None
