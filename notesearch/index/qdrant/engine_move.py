"""Take an index out of an engine, to move it; see `index/move.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from notesearch.index.changes import SeenFile
from notesearch.index.move import MovedFile, MovedIndex, note_of_stored
from notesearch.index.qdrant.engine_client import MEANING, Payload
from notesearch.index.qdrant.engine_keeper import known_corpus
from notesearch.index.qdrant.engine_records import read_added, read_files
from notesearch.index.qdrant.engine_snapshot import EngineSnapshot
from notesearch.index.qdrant.index_in_engine import EnginePlace
from notesearch.index.qdrant.note_points import (
    NOTE_KEYS,
    PASSAGE_KEYS,
    read_links,
    read_passage,
    read_stored_note,
    text_hash_in,
)
from notesearch.index.qdrant.point_conditions import all_of, is_value
from notesearch.index.qdrant.seen_texts import PART_KEYS, read_deletions, read_part
from notesearch.records import FileReading, Finding, ReadFile

_FILES_PER_REQUEST = 200


def read_engine_index(place: EnginePlace, snapshot: EngineSnapshot) -> MovedIndex:
    """Return all that the index in an engine holds; it is read on as it is asked for."""
    engine, state = snapshot.engine, snapshot.state
    known = read_files(engine)
    numbers: dict[str, list[int]] = defaultdict(list)
    for record in engine.scroll(engine.names.notes, snapshot.in_force(), ["path"]):
        numbers[(record.payload or {})["path"]].append(int(record.id))
    # In the order of the notes; files without any come last.
    paths = [*numbers, *sorted(known.keys() - numbers.keys())]
    where = all_of(is_value("kind", "probe"))
    probes = [r.payload for r in engine.scroll(engine.names.records, where) if r.payload]
    return MovedIndex(
        embedder=state.embedder,
        reading=state.reading,
        corpus=known_corpus(place),
        files=tuple(_seen(known[path]) for path in paths),
        readings=_read_files(snapshot, known, [(path, numbers[path]) for path in paths]),
        added=tuple(read_added(engine)),
        vectors=_vectors(snapshot) if state.dimension else (),
        probes={probe["text"]: bytes.fromhex(probe["vector"]) for probe in probes},
        created=state.created,
        updated=state.updated,
        deletions=read_deletions(engine, state),
    )


def _seen(file: Payload) -> SeenFile:
    return SeenFile(file["path"], file["size"], file["mtime_ns"], file["settled"], file["hash"])


def _vectors(snapshot: EngineSnapshot) -> Iterator[tuple[bytes, bytes]]:
    engine = snapshot.engine
    for record in engine.scroll(
        engine.names.passages, snapshot.in_force(), ["vector_of"], vectors=[MEANING]
    ):
        if record.payload and isinstance(record.vector, dict):
            row = np.asarray(record.vector[MEANING], dtype="<f2").tobytes()
            yield text_hash_in(record.payload["vector_of"]), row


def _read_files(
    snapshot: EngineSnapshot, known: dict[str, Payload], files: Sequence[tuple[str, list[int]]]
) -> Iterator[MovedFile]:
    engine = snapshot.engine
    note_keys = [*NOTE_KEYS, "links", "link_ids", "first_passage", "passages", "first_seen"]
    passage_keys = [*PASSAGE_KEYS, *PART_KEYS]
    for start in range(0, len(files), _FILES_PER_REQUEST):
        part = files[start : start + _FILES_PER_REQUEST]
        notes = engine.read(engine.names.notes, [n for _, own in part for n in own], note_keys)
        ids = [number for note in notes.values() for number in _span(note)]
        passages = engine.read(engine.names.passages, ids, passage_keys)
        for path, own in part:
            rows = known[path]["findings"]
            found = [Finding(path, line, why) for skipped, line, why in rows if not skipped]
            skipped = [Finding(path, line, why) for skipped, line, why in rows if skipped]
            payloads = [notes[number] for number in own]
            stored = list(map(read_stored_note, payloads))
            reading = FileReading(
                path,
                tuple(
                    note_of_stored(note, read_links(payload), payload["link_ids"])
                    for note, payload in zip(stored, payloads, strict=True)
                ),
                tuple(found),
                skipped[0] if skipped else None,
            )
            read = tuple(
                tuple(read_passage(passages[number], note.note_id) for number in _span(payload))
                for note, payload in zip(stored, payloads, strict=True)
            )
            times = [
                (payload["first_seen"], [read_part(passages[number]) for number in _span(payload)])
                for payload in payloads
            ]
            yield MovedFile(ReadFile(reading, read), times)


def _span(note: Payload) -> range:
    first: int = note["first_passage"]
    return range(first, first + note["passages"])
