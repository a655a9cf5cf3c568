"""Read what an engine keeps of files, and of notes that were added."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.index.changes import KnownFile
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.point_conditions import all_of, is_value
from notesearch.index.qdrant.word_coding import record_id
from notesearch.records import AddedNote, Finding


def read_files(engine: Engine) -> dict[str, Payload]:
    """Return what an engine keeps of each file of the corpus, and of each added note, by path."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "file")))
    return {record.payload["path"]: record.payload for record in records if record.payload}


def has_file(engine: Engine, path: str) -> bool:
    """Return whether an engine keeps something of a file, or of an added note."""
    return bool(engine.read(engine.names.records, [record_id("file", path)], ["path"]))


def read_added(engine: Engine) -> list[AddedNote]:
    """Return the notes that were added, in the order of their ids."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "added")))
    values = [dict(record.payload) for record in records if record.payload]
    for value in values:
        value.pop("kind")
    notes = [AddedNote(**{**value, "tags": tuple(value["tags"])}) for value in values]
    return sorted(notes, key=lambda note: note.id)


def known_files(files: dict[str, Payload], added: set[str]) -> dict[str, KnownFile]:
    """Return the files of the corpus as the index remembers them, by path."""
    return {
        path: KnownFile(
            id=number,
            path=path,
            size=value["size"],
            mtime_ns=value["mtime_ns"],
            settled=value["settled"],
            hash=value["hash"],
            failed=value["failed"],
        )
        for number, (path, value) in enumerate(files.items())
        if path not in added
    }


def all_skipped(files: dict[str, Payload], now: Sequence[Finding]) -> tuple[Finding, ...]:
    """List the files whose last reading failed and what cannot be listed now, by their paths."""
    by_path = {
        path: Finding(path, line, reason)
        for path, value in files.items()
        for skipped, line, reason in value["findings"]
        if skipped
    }
    by_path.update((skipped.path, skipped) for skipped in now)
    return tuple(by_path[path] for path in sorted(by_path))
