"""Say what the notes of one generation of an index in an engine are: names, lists, links, tags.

What is asked of all notes reads all of them, as an index on disk does, only from further away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.index.qdrant.conditions import (
    ConditionMaker,
    NotePatterns,
    says_nothing_of_passages,
)
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_errors import EngineError
from notesearch.index.qdrant.engine_memory import EngineMemory
from notesearch.index.qdrant.engine_state import EngineState, rebuild_of
from notesearch.index.qdrant.engine_words import EngineWords
from notesearch.index.qdrant.note_points import (
    NAME_KEYS,
    NOTE_KEYS,
    PAIR_SEPARATOR,
    read_links,
    read_names,
    read_stored_note,
)
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_one_of, is_value
from notesearch.index.qdrant.seen_texts import read_new_texts
from notesearch.index.snapshot import (
    NewTexts,
    NoteNames,
    PassageTable,
    StoredNote,
    TagCount,
)
from notesearch.number_sets import numbers_in
from notesearch.query.filters import Filter
from notesearch.records import NoteLink
from notesearch.spelling import normalise_name

_MOST_VALUES = 1_000_000  # of tags, and of acronyms
_BY_NAME = {"note_id": "note_id", "path": "path", "name": "names"}


class EngineNotes(EngineWords):
    """The notes of one generation; `snapshot.Snapshot` says what each method gives."""

    def __init__(self, engine: Engine, state: EngineState, memory: EngineMemory) -> None:
        super().__init__(engine, state, memory)
        self.conditions = ConditionMaker(self._patterns, self.code_of)

    @property
    def note_count(self) -> int:
        """How many notes have any text."""
        return self.state.notes

    @cached_property
    def table(self) -> PassageTable:
        """The passages and notes there are, by number, read from all notes."""

        def read() -> PassageTable:
            keys = ("first_passage", "passages", "sizes")
            rows = [
                (int(note.id), *(note.payload[key] for key in keys))
                for note in self._notes_where(None, keys)
                if note.payload
            ]
            return _table_of(rows, self.state)

        return self.memory.tables.get("", read)

    # ------------------------------------------------------------ conditions

    def may_be(self, where: Filter | None, phrases: Iterable[Sequence[str]] = ()) -> models.Filter:
        """Return the condition that a filter and phrases let a passage through."""
        having = [self.conditions.having(words) for words in phrases]
        let = [] if where is None else [self.conditions.of_passages(where)]
        return self.in_force(*let, *having)

    def notes_let_through(self, where: Filter | None) -> models.Filter:
        """Return the condition that a filter lets something of a note through."""
        if where is None:
            return self.in_force()
        if says_nothing_of_passages(where):
            return self.in_force(self.conditions.of_notes(where))
        found = self.engine.scroll(self.engine.names.passages, self.may_be(where), ["note"])
        owners = {record.payload["note"] for record in found if record.payload}
        return all_of(is_one_of(sorted(owners)))

    def _patterns(self) -> NotePatterns:
        def read() -> NotePatterns:
            names = map(_named, self._notes_where(None, NAME_KEYS))
            return NotePatterns(names)

        found = self.memory.patterns.get("", read)
        assert isinstance(found, NotePatterns)
        return found

    # ------------------------------------------------------------ what they are

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return notes by their numbers."""
        found = self.engine.read(self.engine.names.notes, [*map(int, numbers)], NOTE_KEYS)
        try:
            return {int(number): read_stored_note(payload) for number, payload in found.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise self.damaged(error) from error

    def find_notes(self, name: str, by: str = "note_id") -> dict[int, StoredNote]:
        """Return the notes of a name, `by` note_id, passage_id, path or name."""
        if by == "passage_id":
            where = self.in_force(is_value("passage_id", name))
            found = self.engine.scroll(self.engine.names.passages, where, ["note"])
            return self.notes(sorted({r.payload["note"] for r in found if r.payload}))
        asked = normalise_name(name) if by == "name" else name
        records = self.engine.scroll(
            self.engine.names.notes, self.in_force(is_value(_BY_NAME[by], asked)), NOTE_KEYS
        )
        return {int(record.id): read_stored_note(record.payload or {}) for record in records}

    def note_names(self) -> list[NoteNames]:
        """Return what all notes are called."""
        return [
            read_names(int(record.id), record.payload or {})
            for record in self._notes_where(None, NAME_KEYS)
        ]

    def note_links(self) -> list[tuple[int, NoteLink]]:
        """Return the links of all notes, as they are written, each with the number of its note."""
        return [
            (int(record.id), link)
            for record in self._notes_where(None, ["links"])
            for link in read_links(record.payload or {})
        ]

    def new_texts(self, after_s: Sequence[int]) -> NewTexts:
        """Return what was first seen after a time, in seconds since 1970."""
        (after,) = after_s
        return read_new_texts(self.engine, self.state, after)

    def list_notes(self, where: Filter | None, limit: int) -> list[StoredNote]:
        """Return the notes of which a filter lets something through, the newest first."""
        numbers = self._newest(self.notes_let_through(where), limit)
        found = self.notes(numbers)
        return [found[number] for number in numbers]

    def newest(self, notes: Sequence[int], limit: int) -> list[int]:
        """Return the newest of some notes in the order of `list_notes`."""
        return self._newest(all_of(is_one_of(map(int, notes))), limit)

    def _newest(self, where: models.Filter, limit: int) -> list[int]:
        keys = ["path", "line_start", "date"]
        found = self.engine.scroll(self.engine.names.notes, where, keys)
        rows = [(int(record.id), record.payload or {}) for record in found]
        rows.sort(key=lambda row: (row[1]["path"], row[1]["line_start"]))
        rows.sort(key=lambda row: row[1].get("date") or "", reverse=True)
        return [number for number, _ in rows[:limit]]

    def tags(self, where: Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; a tag is not counted as its parent."""

        def count(key: str, condition: models.Filter) -> dict[str, int]:
            return self.engine.facet(self.engine.names.notes, key, condition, _MOST_VALUES)

        meets = self.notes_let_through(where)
        written = count("written_tags", self.in_force())
        commonest: dict[str, str] = {}
        for pair in sorted(written, key=lambda pair: (-written[pair], pair)):
            normal, _, spelled = pair.partition(PAIR_SEPARATOR)
            commonest.setdefault(normal, spelled)
        own = count("own_tags", meets)
        found = sorted(count("whole_tags", meets).items(), key=lambda tag: (-tag[1], tag[0]))
        return [TagCount(tag, commonest[tag], tag not in own, notes) for tag, notes in found]

    def has_tag(self, normal: str) -> bool:
        """Return whether a note has a tag, in its normal form, or one below it."""
        where = self.in_force(is_value("tags", normal))
        return any(self.engine.scroll(self.engine.names.notes, where, False, limit=1))

    def _notes_where(
        self, where: models.Filter | None, keys: Sequence[str]
    ) -> Iterable[models.Record]:
        return self.engine.scroll(self.engine.names.notes, where or self.in_force(), keys)

    def acronyms(self, words: Sequence[str], phrases: Sequence[str]) -> list[tuple[str, str]]:
        """Return acronyms with their long forms: of the words, or for the phrases."""
        either: list[models.Condition] = []
        either += [is_any("shorts", words)] if words else []
        either += [is_any("longs", phrases)] if phrases else []
        if not either:
            return []
        where = self.in_force(models.Filter(should=either))
        found = self.engine.facet(self.engine.names.notes, "acronyms", where, _MOST_VALUES)
        asked: list[tuple[int, str, str]] = []
        for pair, notes in found.items():
            short, _, long = pair.partition(PAIR_SEPARATOR)
            if short in words or long in phrases:
                asked.append((-notes, short, long))
        return [(short, long) for _, short, long in sorted(asked)]

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return the passages of some notes."""
        found = self.engine.read(
            self.engine.names.notes, [*map(int, notes)], ["first_passage", "passages"]
        )
        spans = sorted((p["first_passage"], p["passages"]) for p in found.values())
        return numbers_in(*np.array(spans, dtype=np.int64).reshape(-1, 2).T)

    def damaged(self, error: Exception) -> EngineError:
        """Return the error for values that are none of a note or a passage."""
        address = self.engine.address
        return EngineError(f"{address.text} is damaged ({error})", rebuild_of(address))


def _named(record: models.Record) -> tuple[int, str, str, Sequence[str], Sequence[str]]:
    payload = record.payload or {}
    facts = payload["facts"]
    return (
        int(record.id),
        payload["path"],
        payload["title"],
        facts.get("authors") or (),
        facts.get("aliases") or (),
    )


def _table_of(
    rows: Sequence[tuple[int, int, int, Sequence[int]]], state: EngineState
) -> PassageTable:
    """Return the table of notes with their first passages, numbers and sizes of passages."""
    last = max((first + count for _, first, count, _ in rows), default=0)
    last_note = max((number for number, *_ in rows), default=0)
    note_of = np.zeros(last + 1, dtype=np.int32)
    lengths = np.zeros(last + 1, dtype=np.int32)
    note_lengths = np.zeros(last_note + 1, dtype=np.int64)
    passages_of = np.zeros(last_note + 1, dtype=np.int64)
    for number, first, count, sizes in rows:
        note_of[first : first + count] = number
        lengths[first : first + count] = sizes
        note_lengths[number] = sum(sizes)
        passages_of[number] = count
    return PassageTable(
        note_of,
        passage_lengths=lengths,
        note_lengths=note_lengths,
        passages_of=passages_of,
        passage_ids=np.flatnonzero(note_of),
        passages=state.passages,
        notes=state.notes,
        tokens=state.tokens,
    )
