"""Answer what a search asks from one generation of an index in an engine.

A question is answered from a part of it, which `narrowed` chooses. What is asked of all notes, such
as a list or the map, reads all of them, as an index on disk does, only from further away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.errors import UsageError
from notesearch.index.qdrant.conditions import (
    ConditionMaker,
    NotePatterns,
    says_nothing_of_passages,
)
from notesearch.index.qdrant.engine_client import MEANING, Engine, EngineError
from notesearch.index.qdrant.engine_memory import EngineMemory, Run
from notesearch.index.qdrant.engine_state import EngineState, rebuild_of
from notesearch.index.qdrant.engine_words import NO_MATCHES, EngineWords, run_condition
from notesearch.index.qdrant.note_points import (
    NAME_KEYS,
    NOTE_KEYS,
    PAIR_SEPARATOR,
    PASSAGE_KEYS,
    rarity_of,
    read_links,
    read_names,
    read_stored_note,
    read_stored_passage,
)
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_one_of, is_value
from notesearch.index.snapshot import (
    Asked,
    Background,
    ColumnWeights,
    Matches,
    Nearest,
    NewTexts,
    NoteNames,
    PassageTable,
    Snapshot,
    StoredNote,
    StoredPassage,
    TagCount,
)
from notesearch.query.filters import Filter
from notesearch.records import NoteLink
from notesearch.spelling import normalise_name

_MOST_VALUES = 1_000_000  # of tags, and of acronyms
# Passages with some words side by side that are listed: to look at some, and to tell few from many.
_MOST_WITH_RUN = 10_000
_BY_NAME = {"note_id": "note_id", "path": "path", "name": "names"}

_Found = TypeVar("_Found")


class EngineSnapshot(EngineWords):
    """One generation of an index in an engine; `snapshot.Snapshot` says what each method gives."""

    def __init__(self, engine: Engine, state: EngineState, memory: EngineMemory) -> None:
        super().__init__(engine, state, memory)
        self.conditions = ConditionMaker(self._patterns, self.code_of)

    @property
    def stamp(self) -> str:
        """A name of the contents."""
        return self.state.stamp

    @property
    def embedder(self) -> str:
        """The fingerprint of the model that made the vectors."""
        return self.state.embedder

    @property
    def probe_cosines(self) -> tuple[float, ...]:
        """The cosines that the update found."""
        return self.state.probe_cosines

    @property
    def note_count(self) -> int:
        """How many notes have any text."""
        return self.state.notes

    @property
    def background(self) -> Background | None:
        """None: all passages can be asked for."""
        return None

    @property
    def table(self) -> PassageTable:
        """The passages and notes there are, by number, read from all notes."""
        keys = ("first_passage", "passages", "sizes")
        rows = [
            (int(note.id), *(note.payload[key] for key in keys))
            for note in self._notes_where(None, keys)
            if note.payload
        ]
        return _table_of(rows, self.state)

    def narrowed(self, asked: Asked) -> Snapshot:
        """Return the part that can matter for a question."""
        from notesearch.index.qdrant.narrowed_snapshot import narrow

        return narrow(self, asked)

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

    def word_scores(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches]:
        """Score every passage and every note that has a word, weighed as it was stored."""
        stems = self.split([word])
        if len(stems) != 1:
            return self.phrase_scores([word], weights)
        counts = self.counts_of(stems).get(stems[0])
        if counts is None:
            return NO_MATCHES, NO_MATCHES
        names, state = self.engine.names, self.state
        return (
            self._best(names.passages, counts.number, counts.passages, state.passages),
            self._best(names.notes, counts.number, counts.notes, state.notes),
        )

    def _best(self, collection: str, word: int, having: int, count: int) -> Matches:
        weight = {word: rarity_of(having, count)}
        hits = self.engine.best_by_words(collection, weight, self.in_force(), having, ())
        found = sorted((int(hit.id), hit.score) for hit in hits)
        return Matches(
            np.array([number for number, _ in found], dtype=np.int64),
            np.array([score for _, score in found], dtype=np.float32),
        )

    def phrase_scores(
        self, words: Sequence[str], weights: ColumnWeights
    ) -> tuple[Matches, Matches]:
        """Score every passage that has the words side by side; a note as its best passage."""
        code = self.code_of(" ".join(words))
        if code is None:
            return NO_MATCHES, NO_MATCHES
        run = self._scored_run(code, self.in_force(run_condition(code)), None)
        return Matches(run.ids, run.scores, run.in_all), best_of_owners(run)

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

    # ------------------------------------------------------------ which passages

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return the passages that a filter lets through."""
        return self._ids(self.may_be(where))

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the passages that have the words side by side, the first 10,000 of them."""
        return self._ids(self.may_be(None, [words]), limit=_MOST_WITH_RUN)

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return the passages of some notes."""
        found = self.engine.read(
            self.engine.names.notes, [*map(int, notes)], ["first_passage", "passages"]
        )
        spans = sorted((p["first_passage"], p["passages"]) for p in found.values())
        return np.array([first + n for first, count in spans for n in range(count)], dtype=np.int64)

    def notes_of(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the notes that passages are from."""
        ids = passage_ids.tolist()
        found = self.engine.read(self.engine.names.passages, ids, ["note"])
        return np.array([self._there(found, number)["note"] for number in ids], dtype=np.int32)

    def _ids(self, where: models.Filter, limit: int | None = None) -> NDArray[np.int64]:
        found = self.engine.scroll(self.engine.names.passages, where, False, limit=limit)
        return np.array([record.id for record in found], dtype=np.int64)

    # ------------------------------------------------------------ how near

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError when the vectors are another model's."""
        self.state.require_embedder(fingerprint, self.engine.address)

    def verify_vectors(self, allowed_ids: NDArray[np.int64] | None) -> None:
        """Do nothing: the engine looks after its own files."""

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Return the k allowed passages of greatest cosine, as near to exact as the engine is."""
        if not self.state.passages:
            return nearest_of([])
        allowed = () if allowed_ids is None else (is_one_of(allowed_ids.tolist()),)
        where = self.in_force(*allowed)
        hits = self.engine.nearest(query, where, k)
        return nearest_of([(int(hit.id), hit.score) for hit in hits])

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some passages, in their order."""
        ids = passage_ids.tolist()
        found = self.engine.cosines(query, ids)
        return np.array([self._there(found, number) for number in ids], dtype=np.float32)

    def vectors_of(self, passage_ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of passages in their order."""
        ids = [*map(int, passage_ids)]
        found = self.engine.vectors(self.engine.names.passages, ids, MEANING)
        rows = [self._there(found, number) for number in ids]
        return np.array(rows, dtype=np.float32).reshape(len(ids), self.state.dimension)

    # ------------------------------------------------------------ what they are

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Return passages with their notes, in the order in which the numbers are given."""
        ids = [*map(int, passage_ids)]
        found = self.engine.read(self.engine.names.passages, ids, PASSAGE_KEYS)
        payloads = [self._there(found, number) for number in ids]
        try:
            notes = self._read_notes(sorted({payload["note"] for payload in payloads}))
            return [
                read_stored_passage(number, payload, notes[payload["note"]])
                for number, payload in zip(ids, payloads, strict=True)
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(error) from error

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return notes by their numbers."""
        return self._read_notes([*map(int, numbers)])

    def _read_notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        found = self.engine.read(self.engine.names.notes, numbers, NOTE_KEYS)
        try:
            return {int(number): read_stored_note(payload) for number, payload in found.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(error) from error

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
        """Raise UsageError: an engine does not keep when a text was first seen."""
        raise UsageError(
            f"{self.engine.address.text} does not know what is new; ask an index in a folder"
        )

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

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return the passages of a note, in the order of the note."""
        return self.passages(self.passages_in([note]).tolist())

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

    def _there(self, found: Mapping[Any, _Found], number: int) -> _Found:
        try:
            return found[number]
        except KeyError as error:
            raise EngineError(
                f"{self.engine.address.text} no longer has passage {number}: it was changed twice "
                "while it answered; ask again"
            ) from error

    def _damaged(self, error: Exception) -> EngineError:
        address = self.engine.address
        return EngineError(f"{address.text} is damaged ({error})", rebuild_of(address))


def best_of_owners(run: Run) -> Matches:
    """Return each note the score of its best passage."""
    best: dict[int, float] = {}
    for owner, score in zip(run.owners.tolist(), run.scores.tolist(), strict=True):
        best[owner] = max(best.get(owner, 0.0), score)
    notes = sorted(best)
    scores = np.array([best[number] for number in notes], dtype=np.float32)
    return Matches(np.array(notes, dtype=np.int64), scores, run.in_all)


def nearest_of(found: Sequence[tuple[int, float]]) -> Nearest:
    """Return passages with their cosines, the best first; of equals the first."""
    ordered = sorted(found, key=lambda hit: (-hit[1], hit[0]))
    return Nearest(
        np.array([number for number, _ in ordered], dtype=np.int64),
        np.array([cosine for _, cosine in ordered], dtype=np.float32),
    )


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
