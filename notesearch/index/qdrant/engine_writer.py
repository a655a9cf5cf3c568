"""Write one change of an index into an engine: new notes first, one switch, then the old ones go.

New points say that they are there from the next generation on, and old ones that they end with it:
readers notice neither before the state names that generation. Those that have ended stay until the
next change, for the readers that are still at work. What a writer left that was cut short is never
in force: the next one takes its vectors over, and removes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.errors import LockedError
from notesearch.index.changes import SeenFile, as_read
from notesearch.index.first_seen import FirstSeen
from notesearch.index.qdrant.engine_client import WORDS, Engine
from notesearch.index.qdrant.engine_records import ChangedRecords, file_hashes
from notesearch.index.qdrant.engine_state import (
    ENDLESS,
    EngineState,
    read_engine_state,
)
from notesearch.index.qdrant.given_numbers import GivenNumbers
from notesearch.index.qdrant.mean_lengths import means_of, weigh_anew, words_in
from notesearch.index.qdrant.note_points import (
    Means,
    NewNote,
    make_points,
    name_texts,
    passage_texts,
)
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_value, is_within
from notesearch.index.qdrant.seen_texts import (
    SEEN_NOTE_KEYS,
    SEEN_PASSAGE_KEYS,
    SeenTexts,
    read_seen_texts,
    store_deletions,
)
from notesearch.index.qdrant.waiting_vectors import WaitingVectors
from notesearch.index.qdrant.word_coding import WordSplitter, each_word
from notesearch.index.qdrant.word_numbers import WordNumbers
from notesearch.index.qdrant.writer_lease import WriterLease
from notesearch.records import AddedNote, Finding, ReadFile

_PATHS_PER_REQUEST = 200


class EngineWriter:
    """Writes within one change; `note_writer.NoteWriter` says what each method does."""

    def __init__(
        self,
        engine: Engine,
        state: EngineState,
        lease: WriterLease,
        embedder: str,
        first_seen: FirstSeen,
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
        self._numbers = GivenNumbers(engine, state.generation)
        self.generation = self._numbers.generation
        self._words = WordNumbers(
            engine, state.generation, lambda count: self._numbers.take("word", count)
        )
        self._totals = replace(state)
        self._is_anew = is_new or not state.passages
        self._means: Means | None = None
        if not self._is_anew:
            self._means = Means(state.passage_tokens, state.note_tokens)
        self._embedder = embedder
        self._first_seen = first_seen
        self._records = ChangedRecords(engine)
        self._vectors = WaitingVectors(engine, embedder)
        self._to_end: dict[str, str | None] = {}  # paths, with the hash of the bytes that follow
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

    # ------------------------------------------------------------ files

    def clear(self) -> None:
        """Have all notes end, and forget all files."""
        for texts in read_seen_texts(self._engine, self._before):
            self._first_seen.take(texts)
        self._records.forget_files()
        for collection in self._collections():
            self._engine.set(collection, {"until": self.generation}, self._unended())
        # From nothing, not by what is taken away: something may have been lost.
        self._totals = replace(self._totals, notes=0, passages=0, tokens=0)
        self._words.begin_anew()
        self._is_anew = True
        self._vectors.begin_anew()
        self._means = None

    def put_unread(self, seen: SeenFile, skipped: Finding) -> None:
        """Keep that a file cannot be read; its earlier notes stay."""
        self._records.put_file(seen, (), skipped)

    def touch_file(self, seen: SeenFile) -> None:
        """Update the size and time of a file whose bytes are the same."""
        self._records.touch_file(seen)

    def remove_file(self, path: str) -> None:
        """Forget a file, or a note that was added, with all that was read in it."""
        self._records.forget(path)
        self._end_notes_of(path)

    def replace_file(self, seen: SeenFile, read: ReadFile) -> int:
        """Put what a file holds now in the place of what it held, all but the notes themselves."""
        reading = read.reading
        as_it_was = as_read(seen, reading.stamp)
        self._records.put_file(as_it_was, reading.findings, reading.skipped)
        if reading.skipped is None or reading.notes:
            self._end_notes_of(seen.path, as_it_was.hash)
        return 0

    def keep_added(self, notes: Iterable[AddedNote]) -> None:
        """Keep notes that are no files as they were handed in."""
        self._records.keep_added(notes)

    def keep_files(self) -> None:
        """Store what is kept of files, without another generation: nothing else has changed."""
        self._records.store()

    def _end_notes_of(self, path: str, new_hash: str | None = None) -> None:
        self._to_end[path] = new_hash
        if len(self._to_end) >= _PATHS_PER_REQUEST:
            self._end_waiting()

    def _end_waiting(self) -> None:
        """Have the notes of the waiting files end, and remember their texts."""
        if self._to_end and not self._is_new:
            where = all_of(self._unended(), is_any("path", list(self._to_end)))
            seen = SeenTexts(file_hashes(self._engine, list(self._to_end)))
            self._end(where, seen)
            for path, texts in seen.by_path.items():
                self._first_seen.take_file(texts, self._to_end[path])
        self._to_end.clear()

    def _unended(self) -> models.Filter:
        """Return the condition that a point is in force, and that nothing here has ended it."""
        return all_of(
            is_within("since", most=self._before.generation), is_within("until", least=ENDLESS)
        )

    def _end(self, where: models.Filter, seen: SeenTexts) -> None:
        """Have notes end with this change, and count their words less."""
        names, totals = self._engine.names, self._totals
        notes = passages = tokens = 0
        ended: set[str] = set()
        keys = ["passages", *SEEN_NOTE_KEYS]
        for record in self._engine.scroll(names.notes, where, keys, vectors=[WORDS]):
            payload = record.payload or {}
            ended.add(names.notes)
            notes += bool(payload["passages"])
            seen.add_note(int(record.id), payload)
            self._words.count(words_in(record), notes=-1)
        if self.dimension:
            keys = ["tokens", *SEEN_PASSAGE_KEYS]
            for record in self._engine.scroll(names.passages, where, keys, vectors=[WORDS]):
                payload = record.payload or {}
                ended.add(names.passages)
                passages += 1
                tokens += max(payload["tokens"], 1)
                seen.add_passage(payload)
                self._words.count(words_in(record), passages=-1)
        self._totals = replace(
            totals,
            notes=totals.notes - notes,
            passages=totals.passages - passages,
            tokens=totals.tokens - tokens,
        )
        for collection in sorted(ended):
            self._engine.set(collection, {"until": self.generation}, where)

    # ------------------------------------------------------------ notes

    def put_notes(self, files: Iterable[tuple[int, ReadFile]], vectors: Iterable[int]) -> None:
        """Store the notes of some files; `vectors` numbers the vector of each passage in turn."""
        self._end_waiting()  # whose texts may stand in these
        vector = iter(vectors)
        read_notes = [
            (note, own, [self._vectors.row(next(vector)) for _ in own], *times)
            for _, read in files
            for note, own, times in zip(
                read.reading.notes, read.passages, self._first_seen.put(read), strict=True
            )
        ]
        names = self._splitter.split([name_texts(note) for note, *_ in read_notes])
        texts = iter(
            self._splitter.split([passage_texts(p) for _, own, *_ in read_notes for p in own])
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
                first_seen_s=note_seen_s,
                parts=parts,
            )
            for (note, own, rows, note_seen_s, parts), columns in zip(
                read_notes, names, strict=True
            )
        ]
        self._put_new(new)
        self._vectors.drop_rows()

    def _put_new(self, new: Sequence[NewNote]) -> None:
        numbers = self._words.number(
            each_word([columns for one in new for columns in (one.names, *one.texts)])
        )
        if self._means is None:
            self._means = means_of(new)
        first_note = self._numbers.take("note", len(new))
        first = self._numbers.take("passage", sum(len(one.passages) for one in new))
        self._numbers.store()
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

    @property
    def dimension(self) -> int:
        """How long the vectors of passages are; 0 where there is no place for any yet."""
        return self._vectors.dimension

    def known_vectors(self, text_hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Find the texts among these that have a vector, in force or left by a writer before."""
        return self._vectors.find(text_hashes)

    def put_vectors(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> list[int]:
        """Keep float16 rows by the hash of their text, until their passages are written."""
        return self._vectors.keep(text_hashes, rows)

    def known_probes(self) -> dict[str, bytes]:
        """Return the float16 rows of the probes that have one, by their texts."""
        return self._vectors.known_probes()

    def put_probes(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store float16 rows of probes."""
        self._vectors.put_probes(rows)

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
            created=self._first_seen.made if self._is_new else self._totals.created,
            updated=self._first_seen.now,
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
        store_deletions(self._engine, self._first_seen.deletions(), state, left)
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

    def _clear_up(self, state: EngineState) -> None:
        """Store what belongs to the new generation, and remove what ended before the last one."""
        # Only now: until the switch, the files are as the generation before has read them.
        self._records.store()
        self._vectors.store_probes()
        for collection in self._collections():
            self._engine.remove(
                collection, all_of(is_within("until", most=self._before.generation))
            )
