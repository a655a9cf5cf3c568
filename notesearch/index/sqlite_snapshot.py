"""Answer what a search asks from one state of catalog.sqlite and its segments."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from notesearch.index.bm25 import (
    best_of_notes,
    count_phrase,
    count_word,
    score_counts,
    score_phrase,
)
from notesearch.index.catalog import Catalog, Value
from notesearch.index.note_reader import NoteReader, json_of
from notesearch.index.passage_table import (
    PassageTableCache,
    read_numbers,
)
from notesearch.index.segments import Segment, Segments, first_of, read_passage_table
from notesearch.index.snapshot import (
    Asked,
    ColumnWeights,
    Matches,
    Nearest,
    PassageTable,
    StoredNote,
    StoredPassage,
    TagCount,
)
from notesearch.index.state import IndexState
from notesearch.number_sets import run_starts
from notesearch.query.filters import Filter

if TYPE_CHECKING:
    from notesearch.index.filter_sql import Condition

# So many of the nearest passages are compared by vectors that were not rounded to 8 bits.
_EXACT = 32


@dataclass(frozen=True)
class KeptParts:
    """What the snapshots of one index share."""

    tables: PassageTableCache = field(default_factory=PassageTableCache)
    threads: Executor | None = None  # that search several segments at once


class SqliteSnapshot(NoteReader):
    """One generation of an index, for one thread, as long as its `with` block lasts.

    `snapshot.Snapshot` says what each method gives.
    """

    def __init__(
        self,
        catalog: Catalog,
        segments: Sequence[Segment],
        state: IndexState,
        kept: KeptParts,
    ) -> None:
        super().__init__(catalog)
        self._opened = segments
        self._kept = kept
        self.state = state

    @cached_property
    def _segments(self) -> Segments:
        return Segments(self._opened, self.table, self._kept.threads)

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
    def table(self) -> PassageTable:
        """The passages and notes there are, by number."""
        return self._kept.tables.get(self.state, self._read_table)

    def _read_table(self) -> PassageTable:
        last_note = self._catalog.number("SELECT max(id) FROM notes")
        return read_passage_table(self._opened, last_note)

    def narrowed(self, asked: Asked) -> SqliteSnapshot:
        """Return itself: all passages are at hand."""
        return self

    @property
    def background(self) -> None:
        """None: all passages are here."""

    @property
    def note_count(self) -> int:
        """How many notes have any text."""
        return self.table.notes

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return the passages that a filter lets through."""
        return self.ids_meeting(self._condition(where))

    def _condition(self, where: Filter) -> Condition:
        from notesearch.index.filter_sql import to_condition  # most questions have no filter

        return to_condition(where, self._ids_with_phrase)

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the passages that have the words side by side."""
        return self._ids_with_phrase(" ".join(words))

    def _ids_with_phrase(self, phrase: str) -> NDArray[np.int64]:
        ids, _ = self._segments.places_of_phrase(self._stems(phrase))
        return ids[run_starts(ids)]

    def _stems(self, text: str) -> list[str]:
        return self._catalog.stems_of(text)

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return the passages of some notes."""
        return self.table.passages_in(np.array(notes, dtype=np.int64))

    def notes_of(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the notes that passages are from."""
        return self.table.note_of[passage_ids]

    def ids_meeting(self, condition: Condition) -> NDArray[np.int64]:
        """Return the passages that meet an SQL condition, in ascending order."""
        if condition.notes:
            return self._passages_of_notes(condition)
        # From the notes to their passages: SQLite alone would go through all passages.
        text = self._catalog.rows(
            f"""SELECT group_concat(p.id) FROM notes n JOIN files f ON f.id = n.file
            CROSS JOIN passages p ON p.note = n.id WHERE {condition.sql}""",
            condition.values,
        )[0][0]
        return np.sort(read_numbers(text))

    def _passages_of_notes(self, condition: Condition) -> NDArray[np.int64]:
        """Return all passages of the notes that meet a condition, in ascending order."""
        text = self._catalog.rows(
            f"SELECT group_concat(note) FROM ({condition.notes})", condition.values
        )[0][0]
        meets = np.full(len(self.table.passages_of), condition.leaves_out)
        meets[read_numbers(text)] = not condition.leaves_out
        return self.table.passages_in(np.flatnonzero(meets))

    def known_words(self, words: Sequence[str]) -> set[str]:
        """Return those of some words, of letters alone, that a passage or a note's name has."""
        stems = self._stems(" ".join(words))
        known = self._segments.has(stems)
        return {word for word, stem in zip(words, stems, strict=True) if stem in known}

    def word_scores(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches]:
        """Score every passage and every note that has a word."""
        counted = self.word_counts(word, weights)
        if counted is None:
            return self.phrase_scores([word], weights)
        return score_counts(*counted, self.table)

    def word_counts(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches] | None:
        """Count how often passages and notes have a word; None for what is no single word."""
        stems = self._stems(word)
        if len(stems) != 1:
            return None
        return count_word(self._segments, stems[0], weights, self.table)

    def phrase_counts(self, words: Sequence[str], weights: ColumnWeights) -> Matches:
        """Count how often passages have words side by side."""
        return count_phrase(self._segments, self._stems(" ".join(words)), weights)

    def phrase_scores(
        self, words: Sequence[str], weights: ColumnWeights
    ) -> tuple[Matches, Matches]:
        """Score every passage that has the words side by side; a note as its best passage."""
        passages = score_phrase(self.phrase_counts(words, weights), self.table)
        return passages, best_of_notes(passages, self.table)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Find the k allowed passages of greatest cosine, best first; `query` has length 1."""
        if self._opened:
            self.state.require_dimension(len(query), self._catalog.path.parent)
        near = self._segments.nearest(query, k, allowed_ids)
        if not len(near.ids):
            return near
        # The first are put in order by the vectors themselves, and stay the first.
        exact = self.vectors_of(near.ids[:_EXACT].tolist()) @ query
        first = first_of(near.ids[:_EXACT], exact, k)
        others = np.minimum(near.cosines[_EXACT:], first.cosines[-1])
        return Nearest(
            np.concatenate([first.ids, near.ids[_EXACT:]]),
            np.concatenate([first.cosines, others]),
        )

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some passages, ascending, by vectors rounded to 8 bits."""
        if self._opened:
            self.state.require_dimension(len(query), self._catalog.path.parent)
        return self._segments.cosines(query, passage_ids)

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError when the vectors of this generation are another model's."""
        self.state.require_embedder(fingerprint, self._catalog.path.parent)

    def vectors_of(self, passage_ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of some passages in their order: (passages, dimension) float32."""
        rows = self._catalog.rows(
            """SELECT p.id, v.vector FROM passages p JOIN vectors v ON v.id = p.vector
            WHERE p.id IN (SELECT value FROM json_each(?))""",
            (json_of(passage_ids),),
        )
        by_id: dict[int, bytes] = dict(rows)
        try:
            joined = b"".join(by_id[number] for number in map(int, passage_ids))
            vectors = np.frombuffer(joined, dtype="<f2").astype(np.float32)
            return vectors.reshape(len(passage_ids), self.state.dimension)
        except (KeyError, TypeError, ValueError) as error:
            raise self._catalog.damaged(error) from error

    def list_notes(self, where: Filter | None, limit: int) -> list[StoredNote]:
        """Return the notes of which a filter lets something through, the newest first."""
        numbers = self._newest_where(*self._notes_where(where), limit)
        found = self.notes(numbers)
        return [found[number] for number in numbers]

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return the passages of a note, in the order of the note."""
        return self.passages(self.passages_in([note]).tolist())

    def tags(self, where: Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; a tag is not counted as its parent."""
        sql, values = self._notes_where(where)
        spellings = self._catalog.rows(
            """SELECT normal, written FROM tags WHERE whole GROUP BY normal, written
            ORDER BY count(*), written DESC"""
        )
        commonest: dict[str, str] = dict(spellings)  # the last one stays
        rows = self._catalog.rows(
            f"""SELECT normal, min(folder), count(DISTINCT note) AS notes FROM tags
            WHERE whole AND note IN (SELECT n.id FROM notes n JOIN files f ON f.id = n.file
                WHERE {sql}) GROUP BY normal ORDER BY notes DESC, normal""",
            values,
        )
        return [TagCount(normal, commonest[normal], bool(f), n) for normal, f, n in rows]

    def _notes_where(self, where: Filter | None) -> tuple[str, tuple[Value, ...]]:
        """Return the SQL for the notes of which a filter lets something through, and its values."""
        if where is None:
            return "1", ()
        condition = self._condition(where)
        if condition.notes:
            return condition.sql, condition.values
        meets = f"EXISTS (SELECT 1 FROM passages p WHERE p.note = n.id AND ({condition.sql}))"
        return meets, condition.values
