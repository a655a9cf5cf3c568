"""Write one change of an index into an engine: new notes first, one switch, then the old ones go.

New points say that they are there from the next generation on, and old ones that they end with it:
readers notice neither before the state names that generation. Those that have ended stay until the
next change, for the readers that are still at work. What a writer left that was cut short is never
in force: the next one takes its vectors over, and removes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.errors import LockedError
from notesearch.index.changes import SeenFile, as_read
from notesearch.index.qdrant.engine_client import MEANING, WORDS, Engine, Payload
from notesearch.index.qdrant.engine_records import read_files
from notesearch.index.qdrant.engine_schema import create_passages
from notesearch.index.qdrant.engine_state import (
    COUNTERS_ID,
    ENDLESS,
    EngineState,
    read_engine_state,
)
from notesearch.index.qdrant.mean_lengths import means_of, weigh_anew, words_in
from notesearch.index.qdrant.note_points import (
    Means,
    NewNote,
    make_points,
    name_texts,
    passage_texts,
    vector_key,
)
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_value, is_within
from notesearch.index.qdrant.word_coding import WordSplitter, each_word, record_id
from notesearch.index.qdrant.word_numbers import WordNumbers
from notesearch.index.qdrant.writer_lease import WriterLease
from notesearch.records import AddedNote, Finding, ReadFile

_HASHES_PER_REQUEST = 500
_PATHS_PER_REQUEST = 200


class EngineWriter:
    """Writes within one change; `note_writer.NoteWriter` says what each method does."""

    def __init__(
        self,
        engine: Engine,
        state: EngineState,
        lease: WriterLease,
        embedder: str,
        *,
        is_new: bool,
        splitter: WordSplitter | None = None,
    ) -> None:
        """Begin a change of what `state` says is in force."""
        self._engine = engine
        self._before = state
        self._lease = lease
        self._is_new = is_new
        self._splitter = splitter or WordSplitter()
        counters = engine.read(engine.names.records, [COUNTERS_ID]).get(COUNTERS_ID, {})
        self._counters = {"generation": 0, "file": 0, "note": 1, "passage": 1, "word": 1} | {
            name: value for name, value in counters.items() if name != "kind"
        }
        self._counters["generation"] = max(self._counters["generation"], state.generation) + 1
        self.generation: int = self._counters["generation"]
        self._keep_counters()
        self._words = WordNumbers(engine, state.generation, lambda count: self._take("word", count))
        self._totals = replace(state)
        self._is_anew = is_new or not state.passages
        self._means: Means | None = None
        if not self._is_anew:
            self._means = Means(state.passage_tokens, state.note_tokens)
        self._embedder = embedder
        self.dimension = engine.dimension()  # of passages; 0: there is no place for them yet
        self._takes_over = True  # vectors that are there
        self._files: dict[str, Payload | None] = {}  # None: forgotten
        self._added: dict[str, Payload | None] = {}
        self._probes: dict[str, str] = {}
        self._to_end: list[str] = []
        self._rows: dict[int, tuple[bytes, bytes]] = {}  # by number: hash, float16
        self._row_of: dict[bytes, int] = {}
        self._undo_cut_short()

    def _undo_cut_short(self) -> None:
        """Have nothing end that a writer before this one has not put an end to after all."""
        marked = all_of(is_within("until", least=self._before.generation + 1, most=ENDLESS - 1))
        for collection in self._collections():
            if self._engine.count(collection, marked):
                self._engine.set(collection, {"until": ENDLESS}, marked)

    def _collections(self) -> list[str]:
        names = self._engine.names
        return [names.notes, *([names.passages] if self.dimension else [])]

    def _take(self, kind: str, count: int) -> int:
        """Return the first of so many numbers that nobody else gets."""
        first: int = self._counters[kind]
        self._counters[kind] = first + count
        return first

    def _keep_counters(self) -> None:
        point = models.PointStruct(
            id=COUNTERS_ID, vector={}, payload={"kind": "counters", **self._counters}
        )
        self._engine.put(self._engine.names.records, [point])

    # ------------------------------------------------------------ files

    def clear(self) -> None:
        """Have all notes end, and forget all files."""
        for path in self.known_files():
            self._files[path] = None
        for collection in self._collections():
            self._engine.set(collection, {"until": self.generation}, self._unended())
        # From nothing, not by what is taken away: something may have been lost.
        self._totals = replace(self._totals, notes=0, passages=0, tokens=0)
        self._words.begin_anew()
        self._is_anew = True
        self._takes_over = False
        self._means = None

    def known_files(self) -> dict[str, Payload]:
        """Return what is kept of each file, by its path."""
        return read_files(self._engine)

    def put_unread(self, seen: SeenFile, skipped: Finding) -> None:
        """Keep that a file cannot be read; its earlier notes stay."""
        self._put_file(seen, (), skipped)

    def touch_file(self, seen: SeenFile) -> None:
        """Update the size and time of a file whose bytes are the same."""
        record = record_id("file", seen.path)
        known = self._engine.read(self._engine.names.records, [record]).get(record, {})
        changed = {"size": seen.size, "mtime_ns": seen.mtime_ns, "settled": seen.settled}
        self._files[seen.path] = {**known, **changed}

    def remove_file(self, path: str) -> None:
        """Forget a file, or a note that was added, with all that was read in it."""
        self._files[path] = None
        self._added[path] = None
        self._end_notes_of(path)

    def replace_file(self, seen: SeenFile, read: ReadFile) -> int:
        """Put what a file holds now in the place of what it held, all but the notes themselves."""
        reading = read.reading
        self._put_file(as_read(seen, reading.stamp), reading.findings, reading.skipped)
        if reading.skipped is None or reading.notes:
            self._end_notes_of(seen.path)
        return 0

    def _put_file(
        self, seen: SeenFile, findings: Iterable[Finding], skipped: Finding | None
    ) -> None:
        rows = [[False, f.line, f.reason] for f in findings]
        if skipped is not None:
            rows.append([True, skipped.line, skipped.reason])
        self._files[seen.path] = {
            "kind": "file",
            **asdict(seen),
            "failed": skipped is not None,
            "findings": rows,
        }

    def keep_added(self, notes: Iterable[AddedNote]) -> None:
        """Keep notes that are no files as they were handed in."""
        for note in notes:
            self._added[note.id] = {"kind": "added", **asdict(note), "tags": list(note.tags)}

    def _end_notes_of(self, path: str) -> None:
        self._to_end.append(path)
        if len(self._to_end) >= _PATHS_PER_REQUEST:
            self._end_waiting()

    def _end_waiting(self) -> None:
        if self._to_end and not self._is_new:
            self._end(all_of(self._unended(), is_any("path", self._to_end)))
        self._to_end.clear()

    def _unended(self) -> models.Filter:
        """Return the condition that a point is in force, and that nothing here has ended it."""
        return all_of(
            is_within("since", most=self._before.generation), is_within("until", least=ENDLESS)
        )

    def _end(self, where: models.Filter) -> None:
        """Have notes end with this change, and count their words less."""
        names, totals = self._engine.names, self._totals
        notes = passages = tokens = 0
        for record in self._engine.scroll(names.notes, where, ["passages"], vectors=[WORDS]):
            notes += bool(record.payload and record.payload["passages"])
            self._words.count(words_in(record), notes=-1)
        if self.dimension:
            keys = ["tokens"]
            for record in self._engine.scroll(names.passages, where, keys, vectors=[WORDS]):
                payload = record.payload or {}
                passages += 1
                tokens += max(payload["tokens"], 1)
                self._words.count(words_in(record), passages=-1)
        self._totals = replace(
            totals,
            notes=totals.notes - notes,
            passages=totals.passages - passages,
            tokens=totals.tokens - tokens,
        )
        for collection in self._collections():
            self._engine.set(collection, {"until": self.generation}, where)

    # ------------------------------------------------------------ notes

    def put_notes(self, files: Iterable[tuple[int, ReadFile]], vectors: Iterable[int]) -> None:
        """Store the notes of some files; `vectors` numbers the vector of each passage in turn."""
        vector = iter(vectors)
        pairs = [
            (note, own, [self._rows[next(vector)] for _ in own])
            for _, read in files
            for note, own in zip(read.reading.notes, read.passages, strict=True)
        ]
        names = self._splitter.split([name_texts(note) for note, _, _ in pairs])
        texts = iter(
            self._splitter.split([passage_texts(p) for _, passages, _ in pairs for p in passages])
        )
        new = [
            NewNote(
                note,
                own,
                vectors=[row for _, row in rows],
                text_hashes=[key for key, _ in rows],
                names=columns,
                texts=[next(texts) for _ in own],
                embedder=self._embedder,
            )
            for (note, own, rows), columns in zip(pairs, names, strict=True)
        ]
        self._put_new(new)
        self._rows.clear()
        self._row_of.clear()

    def _put_new(self, new: Sequence[NewNote]) -> None:
        numbers = self._words.number(
            each_word([columns for one in new for columns in (one.names, *one.texts)])
        )
        if self._means is None:
            self._means = means_of(new)
        first_note = self._take("note", len(new))
        first = self._take("passage", sum(len(one.passages) for one in new))
        self._keep_counters()  # before anything has them: no other writer gives them again
        notes: list[models.PointStruct] = []
        passages: list[models.PointStruct] = []
        for note_number, one in enumerate(new, start=first_note):
            points = make_points(
                one,
                numbers,
                self._means,
                note_number=note_number,
                first_passage=first + len(passages),
                generation=self.generation,
            )
            notes.append(points.note)
            passages.extend(points.passages)
            self._words.count(words_in(points.note), notes=1)
            for passage in points.passages:
                self._words.count(words_in(passage), passages=1)
            totals = self._totals
            self._totals = replace(
                totals,
                notes=totals.notes + bool(points.passages),
                passages=totals.passages + len(points.passages),
                tokens=totals.tokens + points.tokens,
            )
        self._engine.put(self._engine.names.passages, passages)
        self._engine.put(self._engine.names.notes, notes)

    # ------------------------------------------------------------ vectors

    def known_vectors(self, text_hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Find the texts among these that have a vector, in force or left by a writer before."""
        found = {key: self._row_of[key] for key in text_hashes if key in self._row_of}
        keys = {
            vector_key(self._embedder, text_hash): text_hash
            for text_hash in text_hashes
            if text_hash not in found
        }
        wanted = list(keys) if self.dimension and self._takes_over else []
        for start in range(0, len(wanted), _HASHES_PER_REQUEST):
            where = all_of(is_any("vector_of", wanted[start : start + _HASHES_PER_REQUEST]))
            records = self._engine.scroll(
                self._engine.names.passages, where, ["vector_of"], vectors=[MEANING]
            )
            for record in records:
                if record.payload and isinstance(record.vector, dict):
                    text_hash = keys[record.payload["vector_of"]]
                    row = np.asarray(record.vector[MEANING], dtype="<f2").tobytes()
                    found[text_hash] = self._keep_row(text_hash, row)
        return found

    def put_vectors(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> list[int]:
        """Keep float16 rows by the hash of their text, until their passages are written."""
        if rows and self.dimension != len(rows[0]) // 2:
            if self.dimension:  # of another model: nothing of it can be asked any more
                self._engine.drop(self._engine.names.passages)
            self.dimension = len(rows[0]) // 2
            create_passages(self._engine, self.dimension)
        return [self._keep_row(key, row) for key, row in zip(text_hashes, rows, strict=True)]

    def _keep_row(self, key: bytes, row: bytes) -> int:
        number = self._row_of.setdefault(key, len(self._rows))
        self._rows[number] = key, row
        return number

    def known_probes(self) -> dict[str, bytes]:
        """Return the float16 rows of the probes that have one, by their texts."""
        if not self._takes_over:
            return {}
        where = all_of(is_value("kind", "probe"))
        found = self._engine.scroll(self._engine.names.records, where)
        return {p["text"]: bytes.fromhex(p["vector"]) for r in found if (p := r.payload)}

    def put_probes(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store float16 rows of probes."""
        self._probes.update((text, row.hex()) for text, row in rows)

    # ------------------------------------------------------------ the switch

    def publish(
        self, *, embedder: str, reading: str, dimension: int, probes: Sequence[NDArray[np.float32]]
    ) -> EngineState:
        """Put this change in force at once; LockedError where another writer came before.

        `probes` are vectors of questions about something else.
        """
        self._end_waiting()
        state = replace(
            self._totals,
            embedder=embedder,
            reading=reading,
            generation=self.generation,
            dimension=dimension,
            stamp=secrets.token_hex(8),
            updated=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )
        if self._is_anew and state.passages:
            assert self._means is not None
            state = weigh_anew(self._engine, state, self._means)
        self._words.write(self.generation)
        # What a writer left that was cut short would come into force with this change.
        left = all_of(
            is_within("since", least=self._before.generation + 1, most=self.generation - 1)
        )
        for collection in self._collections():
            self._engine.remove(collection, left)
        state = replace(state, probe_cosines=self._probe_cosines(state, probes))
        self._lease.require()
        before = None if self._is_new else all_of(is_value("stamp", self._before.stamp))
        self._engine.put(self._engine.names.records, [state.to_point()], only_where=before)
        found = read_engine_state(self._engine)
        if found is None or found.stamp != state.stamp:
            raise LockedError(
                f"{self._engine.address.text}: another writer has published meanwhile, and nothing "
                "of this update was; update again"
            )
        self._clear_up(state)
        return state

    def _probe_cosines(
        self, state: EngineState, probes: Sequence[NDArray[np.float32]]
    ) -> tuple[float, ...]:
        """Return the cosine of the nearest passage to each probe."""
        if not state.passages:
            return ()
        found = (self._engine.nearest(probe, state.in_force(), 1) for probe in probes)
        return tuple(hits[0].score for hits in found if hits)

    def keep_files(self) -> None:
        """Store what is kept of files, without another generation: nothing else has changed."""
        for kind, changed in (("file", self._files), ("added", self._added)):
            gone = [record_id(kind, name) for name, value in changed.items() if value is None]
            if gone:
                self._engine.remove(
                    self._engine.names.records,
                    all_of(models.HasIdCondition(has_id=list(gone))),
                )
            self._engine.put(
                self._engine.names.records,
                [
                    models.PointStruct(id=record_id(kind, name), vector={}, payload=value)
                    for name, value in changed.items()
                    if value is not None
                ],
            )

    def _clear_up(self, state: EngineState) -> None:
        """Store what belongs to the new generation, and remove what ended before the last one."""
        # Only now: until the switch, the files are as the generation before has read them.
        self.keep_files()
        probes = [
            models.PointStruct(
                id=record_id("probe", text),
                vector={},
                payload={"kind": "probe", "text": text, "vector": row},
            )
            for text, row in self._probes.items()
        ]
        self._engine.put(self._engine.names.records, probes)
        for collection in self._collections():
            self._engine.remove(
                collection, all_of(is_within("until", most=self._before.generation))
            )
