"""Answer what a search asks from one generation of an index in an engine.

A question is answered from a part of it, which `narrowed` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.index.qdrant.engine_client import MEANING
from notesearch.index.qdrant.engine_errors import EngineError
from notesearch.index.qdrant.engine_memory import Run
from notesearch.index.qdrant.engine_notes import EngineNotes
from notesearch.index.qdrant.engine_words import NO_MATCHES, run_condition
from notesearch.index.qdrant.note_points import (
    K1,
    PASSAGE_KEYS,
    damping_of,
    rarity_of,
    read_stored_passage,
)
from notesearch.index.qdrant.point_conditions import is_one_of
from notesearch.index.qdrant.word_coding import WordCounts
from notesearch.index.snapshot import (
    Asked,
    Background,
    ColumnWeights,
    Matches,
    Nearest,
    Snapshot,
    StoredPassage,
)
from notesearch.query.filters import Filter

# Passages with some words side by side that are listed: to look at some, and to tell few from many.
_MOST_WITH_RUN = 10_000

_Found = TypeVar("_Found")


class EngineSnapshot(EngineNotes):
    """One generation of an index in an engine; `snapshot.Snapshot` says what each method gives."""

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
    def background(self) -> Background | None:
        """None: all passages can be asked for."""
        return None

    def narrowed(self, asked: Asked) -> Snapshot:
        """Return the part that can matter for a question."""
        from notesearch.index.qdrant.narrowing import narrow

        return narrow(self, asked)

    def word_scores(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches]:
        """Score every passage and every note that has a word, weighed as it was stored."""
        stems = self.split([word])
        if len(stems) != 1:
            return self.phrase_scores([word], weights)
        counts = self.counts_of(stems).get(stems[0])
        return (NO_MATCHES, NO_MATCHES) if counts is None else self._scores_of(counts)

    def _scores_of(self, counts: WordCounts) -> tuple[Matches, Matches]:
        names, state = self.engine.names, self.state
        of_passages = rarity_of(counts.passages, state.passages)
        of_notes = rarity_of(counts.notes, state.notes)
        return (
            self._having(names.passages, counts.number, counts.passages, of_passages),
            self._having(names.notes, counts.number, counts.notes, of_notes),
        )

    def word_counts(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches] | None:
        """Count how often passages and notes have a word; None for what is no single word.

        For a search of several indexes, which weighs them by the lengths of all their texts.
        """
        stems = self.split([word])
        if len(stems) != 1:
            return None
        counts = self.counts_of(stems).get(stems[0])
        if counts is None:
            return NO_MATCHES, NO_MATCHES
        names, state, table = self.engine.names, self.state, self.table
        return (
            _unweighed(
                self._having(names.passages, counts.number, counts.passages),
                table.passage_lengths,
                state.passage_tokens,
            ),
            _unweighed(
                self._having(names.notes, counts.number, counts.notes),
                table.note_lengths,
                state.note_tokens,
            ),
        )

    def phrase_counts(self, words: Sequence[str], weights: ColumnWeights) -> Matches:
        """Count how often passages have words side by side."""
        code = self.code_of(" ".join(words))
        return NO_MATCHES if code is None else self.times_of_run(code)

    def _having(self, collection: str, word: int, having: int, weight: float = 1.0) -> Matches:
        """Return the passages or notes that have a word, with what it is worth there."""
        weights = {word: weight}
        hits = self.engine.best_by_words(collection, weights, self.in_force(), having, ())
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

    # ------------------------------------------------------------ which passages

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return the passages that a filter lets through."""
        return self._ids(self.may_be(where))

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the passages that have the words side by side, the first 10,000 of them."""
        return self._ids(self.may_be(None, [words]), limit=_MOST_WITH_RUN)

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
            notes = self.notes(sorted({payload["note"] for payload in payloads}))
            return [
                read_stored_passage(number, payload, notes[payload["note"]])
                for number, payload in zip(ids, payloads, strict=True)
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise self.damaged(error) from error

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return the passages of a note, in the order of the note."""
        return self.passages(self.passages_in([note]).tolist())

    def _there(self, found: Mapping[Any, _Found], number: int) -> _Found:
        try:
            return found[number]
        except KeyError as error:
            raise EngineError(
                f"{self.engine.address.text} no longer has passage {number}: it was changed twice "
                "while it answered; ask again"
            ) from error


def _unweighed(matches: Matches, lengths: NDArray[np.integer[Any]], mean: float) -> Matches:
    """Return how often texts have a word, out of what it is worth in texts of some lengths."""
    damping = damping_of(lengths[matches.ids].astype(np.float64), mean)
    times = matches.scores * damping / (K1 + 1 - matches.scores)
    return Matches(matches.ids, times.astype(np.float32))


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
