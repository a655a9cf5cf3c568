"""Answer a question from the part of an index in an engine that can matter for it.

The words of these passages are fetched, so that the search adds up what it would of all passages:
the same arithmetic, and the same scores, as long as the best are among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from notesearch.index.qdrant.engine_memory import NO_WORDS, Crowd, WeighedWords
from notesearch.index.qdrant.engine_snapshot import EngineSnapshot, best_of_owners, nearest_of
from notesearch.index.qdrant.engine_words import NO_MATCHES
from notesearch.index.qdrant.note_points import rarity_of
from notesearch.index.qdrant.word_coding import WordCounts
from notesearch.index.snapshot import (
    Asked,
    Background,
    ColumnWeights,
    Matches,
    Nearest,
    PassageTable,
    StoredNote,
    StoredPassage,
)
from notesearch.query.filters import Filter

_stamps = count(1)


class _WordTable:
    """Which of some points have a word, and what it adds to their scores."""

    def __init__(self, weighed: Sequence[WeighedWords]) -> None:
        self._points = np.repeat(
            np.arange(1, len(weighed) + 1), [len(point.words) for point in weighed]
        )
        self._words = np.concatenate([NO_WORDS.words, *(point.words for point in weighed)])
        self._values = np.concatenate([NO_WORDS.values, *(point.values for point in weighed)])

    def find(self, word: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the points that have a word, from 1 on, and what it adds."""
        places = np.flatnonzero(self._words == word)
        return self._points[places], self._values[places]


class NarrowedSnapshot(EngineSnapshot):
    """Some passages of an index and their notes, numbered from 1 on in the order of the whole's."""

    def __init__(
        self,
        whole: EngineSnapshot,
        owners: dict[int, int],
        *,
        crowd: Crowd,
        near: Sequence[tuple[int, float]] | None,
        asked: Asked,
    ) -> None:
        """Take the notes of the passages, and fetch the words of both where any are asked for."""
        super().__init__(whole.engine, whole.state, whole.memory)
        self._whole = whole
        self._stamp = f"{whole.stamp}-{next(_stamps)}"
        self._chosen = np.array(sorted(owners), dtype=np.int64)
        of_ids = np.array([owners[number] for number in self._chosen.tolist()], dtype=np.int64)
        self._notes = np.unique(of_ids)
        self._owners = np.concatenate([[0], np.searchsorted(self._notes, of_ids) + 1])
        self._crowd = crowd
        self._near = near
        self._required = asked.phrases
        names = self.engine.names
        self._passage_words, self._note_words = (
            _WordTable(whole.words_in(collection, ids.tolist()) if asked.words else [])
            for collection, ids in ((names.passages, self._chosen), (names.notes, self._notes))
        )

    def _own(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers here of passages of the whole index."""
        return np.searchsorted(self._chosen, ids) + 1

    def _of_whole(self, ids: Sequence[int] | NDArray[np.int64]) -> list[int]:
        places = np.asarray(ids, dtype=np.int64) - 1
        return [int(number) for number in self._chosen[places]]

    @property
    def stamp(self) -> str:
        """A name of these very passages."""
        return self._stamp

    @property
    def background(self) -> Background:
        """What stands for all that may be hits."""
        return Background(self._own(self._crowd.some), self._crowd.among)

    @cached_property
    def table(self) -> PassageTable:
        """These passages and their notes; the totals are of the whole index."""
        size, state = len(self._owners), self.state
        return PassageTable(
            self._owners.astype(np.int32),
            passage_lengths=np.ones(size, dtype=np.int32),
            note_lengths=np.ones(len(self._notes) + 1, dtype=np.int64),
            passages_of=np.bincount(self._owners[1:], minlength=len(self._notes) + 1),
            passage_ids=np.arange(1, size),
            passages=state.passages,
            notes=state.notes,
            tokens=state.tokens,
        )

    def narrowed(self, asked: Asked) -> NarrowedSnapshot:
        """Return itself."""
        return self

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return all of these: they were chosen by the filter."""
        return np.arange(1, len(self._owners))

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return those of these passages that have the words side by side."""
        if tuple(words) in self._required:  # all were chosen so
            return np.arange(1, len(self._owners))
        code = self.code_of(" ".join(words))
        if code is None:
            return NO_MATCHES.ids
        run = self.run_in_notes(code, self._notes)
        return self._own(run.ids[np.isin(run.ids, self._chosen)])

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return those of these passages that are of some notes."""
        return np.flatnonzero(np.isin(self._owners, np.asarray(notes)) & (self._owners > 0))

    def notes_of(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the notes that passages are from."""
        return self._owners[passage_ids].astype(np.int32)

    def _scores_of(self, counts: WordCounts) -> tuple[Matches, Matches]:
        """Score every one of these passages and notes that has a word."""
        state = self.state
        of_passages, of_notes = (
            Matches(ids, np.float32(rarity_of(having, of_all)) * values, having)
            for (ids, values), having, of_all in (
                (self._passage_words.find(counts.number), counts.passages, state.passages),
                (self._note_words.find(counts.number), counts.notes, state.notes),
            )
        )
        return of_passages, of_notes

    def phrase_scores(
        self, words: Sequence[str], weights: ColumnWeights
    ) -> tuple[Matches, Matches]:
        """Score every one of these passages that has the words side by side."""
        code = self.code_of(" ".join(words))
        if code is None:
            return NO_MATCHES, NO_MATCHES
        # A note has the words where any passage of it has, chosen or not.
        run = self.run_in_notes(code, self._notes)
        notes = best_of_owners(run)
        is_here = np.isin(notes.ids, self._notes)
        is_chosen = np.isin(run.ids, self._chosen)
        return (
            Matches(self._own(run.ids[is_chosen]), run.scores[is_chosen], run.in_all),
            Matches(
                np.searchsorted(self._notes, notes.ids[is_here]) + 1,
                notes.scores[is_here],
                run.in_all,
            ),
        )

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Return the k allowed passages of greatest cosine; of all, those the engine found."""
        is_all = allowed_ids is None or len(allowed_ids) == len(self._chosen)
        if is_all and self._near is not None:
            near = nearest_of(self._near[:k])
            return Nearest(self._own(near.ids), near.cosines)
        ids = self._chosen if allowed_ids is None else self._chosen[allowed_ids - 1]
        found = nearest_of([*self.engine.cosines(query, ids.tolist()).items()])
        return Nearest(self._own(found.ids)[:k], found.cosines[:k])

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some passages, in their order."""
        return self._whole.cosines(query, self._chosen[passage_ids - 1])

    def vectors_of(self, passage_ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of passages in their order."""
        return self._whole.vectors_of(self._of_whole(passage_ids))

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Return passages with their notes, in the order in which the numbers are given."""
        found = self._whole.passages(self._of_whole(passage_ids))
        return [
            replace(stored, id=int(number))
            for stored, number in zip(found, passage_ids, strict=True)
        ]

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return notes by their numbers here."""
        of_whole = {int(self._notes[number - 1]): int(number) for number in numbers}
        found = self._whole.notes(list(of_whole))
        return {of_whole[number]: note for number, note in found.items()}

    def find_notes(self, name: str, by: str = "note_id") -> dict[int, StoredNote]:
        """Return those of these notes that have a name."""
        found = self._whole.find_notes(name, by)
        here = {int(number): place for place, number in enumerate(self._notes, start=1)}
        return {here[number]: note for number, note in found.items() if number in here}

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return all passages of a note; those that are not among these have the number 0."""
        here = {int(number): place for place, number in enumerate(self._chosen, start=1)}
        stored = self._whole.passages_of_note(int(self._notes[note - 1]))
        return [replace(one, id=here.get(one.id, 0)) for one in stored]
