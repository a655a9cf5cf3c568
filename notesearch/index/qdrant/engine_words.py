"""Look words up in one generation of an index in an engine, alone and side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from notesearch.index.qdrant.engine_client import WORDS, Engine, Payload
from notesearch.index.qdrant.engine_memory import NO_WORDS, EngineMemory, Run, WeighedWords
from notesearch.index.qdrant.engine_state import EngineState
from notesearch.index.qdrant.note_points import K1, OF_PASSAGE, damping_of, rarity_of
from notesearch.index.qdrant.point_conditions import all_of, is_any
from notesearch.index.qdrant.word_coding import (
    WordCounts,
    code_words,
    count_run,
    record_of_word,
)
from notesearch.index.snapshot import Matches

# Passages with some words side by side that are scored whatever the question is, and remembered.
_MOST_SCORED = 3000
_NO_SCORES = np.empty(0, np.float32)
NO_MATCHES = Matches(np.empty(0, np.int64), np.empty(0, np.float32), 0)


class EngineWords:
    """The words of one generation, and what is remembered of them."""

    def __init__(self, engine: Engine, state: EngineState, memory: EngineMemory) -> None:
        self.engine = engine
        self.state = state
        self.memory = memory

    def in_force(self, *conditions: models.Condition) -> models.Filter:
        """Return the condition that a point is of this generation, and these hold too."""
        return all_of(self.state.in_force(), *conditions)

    def split(self, words: Sequence[str]) -> list[str]:
        """Return words as the index has them."""
        return self.memory.splitter.words_of(" ".join(words))

    def counts_of(self, stems: Iterable[str]) -> dict[str, WordCounts]:
        """Return how many have each of some words, of those that any has."""

        def read(missing: list[str]) -> dict[str, WordCounts | None]:
            ids = {record_of_word(stem): stem for stem in missing}
            found = self.engine.read(self.engine.names.records, list(ids))
            known: dict[str, WordCounts | None] = dict.fromkeys(missing)
            for record, payload in found.items():
                known[ids[str(record)]] = counts_at(payload, self.state.generation)
            return known

        found = self.memory.words.get_all(stems, read)
        return {stem: counts for stem, counts in found.items() if counts is not None}

    def words_in(self, collection: str, ids: Sequence[int]) -> list[WeighedWords]:
        """Return the words of passages or notes, in the order of their numbers."""

        def fetch(missing: list[tuple[str, int]]) -> dict[tuple[str, int], WeighedWords]:
            found = self.engine.vectors(collection, [number for _, number in missing], WORDS)
            return dict.fromkeys(missing, NO_WORDS) | {
                (collection, number): WeighedWords(
                    np.array(vector.indices, np.int64), np.array(vector.values, np.float32)
                )
                for number, vector in found.items()
            }

        weighed = self.memory.weighed.get_all([(collection, number) for number in ids], fetch)
        return [weighed[collection, number] for number in ids]

    def code_of(self, text: str) -> str | None:
        """Code words that stand side by side; None where no text has one of them."""
        stems = self.split([text])
        counts = self.counts_of(stems)
        if not stems or len(counts) < len(set(stems)):
            return None
        return code_words(counts[stem].number for stem in stems)

    def run_of(self, code: str) -> Run:
        """Return the passages that have coded words side by side; none of them where many do.

        How many there are is known in either case.
        """

        def find() -> Run:
            few = self._scored_run(code, self.in_force(run_condition(code)), _MOST_SCORED + 1)
            if few.in_all <= _MOST_SCORED:
                return few
            where = self.in_force(run_condition(code))
            in_all = self.engine.count(self.engine.names.passages, where)
            return Run(in_all, NO_MATCHES.ids, NO_MATCHES.ids, _NO_SCORES)

        return self.memory.runs.get(code, find)

    def run_in_notes(self, code: str, notes: NDArray[np.int64]) -> Run:
        """Return the passages of some notes that have coded words side by side."""
        run = self.run_of(code)
        if run.in_all == len(run.ids):
            return run
        where = self.in_force(run_condition(code), is_any("note", notes.tolist()))
        return self._scored_run(code, where, None, run.in_all)

    def _scored_run(
        self, code: str, where: models.Filter, limit: int | None, in_all: int | None = None
    ) -> Run:
        """Score passages that have words side by side by how often they have them."""
        payloads, times = self._times(code, where, limit)
        lengths = np.array([max(p["tokens"], 1) for p in payloads.values()], dtype=np.float64)
        mean = self.state.tokens / max(self.state.passages, 1)
        damping = damping_of(lengths, mean)
        having = len(payloads) if in_all is None else in_all
        rarity = rarity_of(having, self.state.passages)
        return Run(
            having,
            np.array(list(payloads), dtype=np.int64),
            np.array([p["note"] for p in payloads.values()], dtype=np.int64),
            _as_scores(rarity * times * (K1 + 1) / (times + damping)) if payloads else _NO_SCORES,
        )

    def times_of_run(self, code: str) -> Matches:
        """Count how often passages have coded words side by side."""
        payloads, times = self._times(code, self.in_force(run_condition(code)), None)
        return Matches(np.array(list(payloads), dtype=np.int64), times.astype(np.float32))

    def _times(
        self, code: str, where: models.Filter, limit: int | None
    ) -> tuple[dict[int, Payload], NDArray[np.float64]]:
        """Return passages by number, and how often each has words side by side."""
        keys = ["words", "tokens", "note"]
        found = self.engine.scroll(self.engine.names.passages, where, keys, limit=limit)
        payloads = {int(record.id): record.payload or {} for record in found}
        times = [count_run(p["words"], code, OF_PASSAGE) for p in payloads.values()]
        return payloads, np.array(times, dtype=np.float64)

    def known_words(self, words: Sequence[str]) -> set[str]:
        """Return those of some words, of letters alone, that a passage or a note's name has."""
        texts = self.memory.splitter.split([(word,) for word in words])
        stems = {word: columns[0] for word, columns in zip(words, texts, strict=True)}
        counts = self.counts_of(stem for of_word in stems.values() for stem in of_word)
        return {word for word, found in stems.items() if found and counts.keys() >= set(found)}


def counts_at(payload: Payload, generation: int) -> WordCounts | None:
    """Return how many had a word in a generation; None where none had."""
    passages, notes = payload["is"] if payload["since"] <= generation else payload["was"]
    return WordCounts(payload["number"], passages, notes) if passages or notes else None


def run_condition(code: str) -> models.FieldCondition:
    """Return the condition that a passage has coded words side by side."""
    return models.FieldCondition(key="words", match=models.MatchPhrase(phrase=code))


def _as_scores(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)
