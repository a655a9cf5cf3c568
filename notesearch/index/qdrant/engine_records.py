"""Read what an engine keeps of files, and of notes that were added."""

from __future__ import annotations

from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.point_conditions import all_of, is_value
from notesearch.records import AddedNote


def read_files(engine: Engine) -> dict[str, Payload]:
    """Return what an engine keeps of each file of the corpus, and of each added note, by path."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "file")))
    return {record.payload["path"]: record.payload for record in records if record.payload}


def read_added(engine: Engine) -> list[AddedNote]:
    """Return the notes that were added, in the order of their ids."""
    records = engine.scroll(engine.names.records, all_of(is_value("kind", "added")))
    values = [dict(record.payload) for record in records if record.payload]
    for value in values:
        value.pop("kind")
    notes = [AddedNote(**{**value, "tags": tuple(value["tags"])}) for value in values]
    return sorted(notes, key=lambda note: note.id)
