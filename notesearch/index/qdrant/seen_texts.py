"""Read from an engine when texts were first seen, and what is new there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from qdrant_client import models

from notesearch.index.first_seen import SeenText
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.engine_records import read_files
from notesearch.index.qdrant.engine_state import EngineState
from notesearch.index.qdrant.point_conditions import all_of, is_value, is_within
from notesearch.index.qdrant.word_coding import record_id
from notesearch.index.snapshot import NewPart, NewTexts

SEEN_NOTE_KEYS = ("note_id", "path", "first_seen")
SEEN_PASSAGE_KEYS = ("note", "first_seen", "new_start", "new_end", "text")
PART_KEYS = ("first_seen", "new_start", "new_end")
_TEXTS_AT_A_TIME = 4096


class SeenTexts:
    """Texts with their times, put together from passages and their notes."""

    def __init__(self, hashes: Mapping[str, str | None]) -> None:
        """Take the hashes of the files, by path."""
        self._hashes = hashes
        self._notes: dict[int, Payload] = {}
        self.by_path: dict[str, list[SeenText]] = defaultdict(list)

    def add_note(self, number: int, payload: Payload) -> None:
        """Add a note, before its passages."""
        self._notes[number] = payload

    def add_passage(self, payload: Payload) -> None:
        """Add a passage of one of the notes; one whose note is lost says nothing."""
        if note := self._notes.get(payload["note"]):
            text = (
                self._hashes.get(note["path"]),
                note["note_id"],
                note["first_seen"],
                *read_part(payload),
                payload["text"],
            )
            self.by_path[note["path"]].append(text)


def read_seen_texts(engine: Engine, state: EngineState) -> Iterator[Sequence[SeenText]]:
    """Yield all texts of a generation, some at a time."""
    seen = SeenTexts({path: file["hash"] for path, file in read_files(engine).items()})
    for record in engine.scroll(engine.names.notes, state.in_force(), SEEN_NOTE_KEYS):
        seen.add_note(int(record.id), record.payload or {})
    if not state.dimension:
        return
    passages = engine.scroll(engine.names.passages, state.in_force(), SEEN_PASSAGE_KEYS)
    while part := list(islice(passages, _TEXTS_AT_A_TIME)):
        for record in part:
            seen.add_passage(record.payload or {})
        yield list(chain.from_iterable(seen.by_path.values()))
        seen.by_path.clear()


def read_part(payload: Payload) -> NewPart:
    """Return when a passage was first seen, and what of it was new then."""
    return NewPart(*(payload[key] for key in PART_KEYS))


def read_new_texts(engine: Engine, state: EngineState, after_s: int) -> NewTexts:
    """Return what an engine first saw after a time, in seconds since 1970."""
    where = all_of(state.in_force(), is_within("first_seen", least=after_s + 1))
    passages = engine.scroll(engine.names.passages, where, PART_KEYS) if state.dimension else ()
    parts = {int(record.id): read_part(record.payload or {}) for record in passages}
    notes = engine.scroll(engine.names.notes, where, False)
    deletions = read_deletions(engine, state)
    return NewTexts(
        parts,
        frozenset(int(record.id) for record in notes),
        sum(count for seconds, count in deletions.items() if seconds > after_s),
    )


# ---------------------------------------------------------------- what is gone


def read_deletions(engine: Engine, state: EngineState) -> dict[int, int]:
    """Return how many notes were gone, by the times at which that was found."""
    where = all_of(is_value("kind", "deletions"), is_within("since", most=state.generation))
    records = engine.scroll(engine.names.records, where)
    return {p["seconds"]: p["notes"] for record in records if (p := record.payload)}


def store_deletions(
    engine: Engine, deletions: Mapping[int, int], state: EngineState, left: models.Filter
) -> None:
    """Store how many notes are gone from a generation on; `left` are those of no generation."""
    records = engine.names.records
    engine.remove(records, all_of(is_value("kind", "deletions"), left))
    engine.put(
        records,
        [
            models.PointStruct(
                id=record_id("deletions", str(seconds)),
                vector={},
                payload={
                    "kind": "deletions",
                    "seconds": seconds,
                    "notes": notes,
                    "since": state.generation,
                },
            )
            for seconds, notes in deletions.items()
        ],
    )
