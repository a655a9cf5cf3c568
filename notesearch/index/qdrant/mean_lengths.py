"""Weigh the words of texts by how long texts are on average, which a new index knows at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qdrant_client import models

from notesearch.index.qdrant.engine_client import WORDS, Engine
from notesearch.index.qdrant.engine_state import EngineState
from notesearch.index.qdrant.note_points import Means, NewNote, weighed_anew
from notesearch.index.qdrant.point_conditions import all_of, is_within

_TEXTS_AT_A_TIME = 2000


def means_of(new: Sequence[NewNote]) -> Means:
    """Return how long these are on average, where nothing is known of the others yet."""
    sizes = [max(passage.tokens, 1) for one in new for passage in one.passages]
    filled = sum(bool(one.passages) for one in new)
    return Means(sum(sizes) / max(len(sizes), 1) or 1.0, sum(sizes) / max(filled, 1) or 1.0)


def weigh_anew(engine: Engine, state: EngineState, assumed: Means) -> EngineState:
    """Weigh the words of a new index by its own averages, which are known only now."""
    exact = Means(state.tokens / state.passages, state.tokens / max(state.notes, 1))
    if exact != assumed:
        names = engine.names
        where = all_of(is_within("since", least=state.generation, most=state.generation))
        for collection, key, mean, before in (
            (names.passages, "tokens", exact.of_passages, assumed.of_passages),
            (names.notes, "sizes", exact.of_notes, assumed.of_notes),
        ):
            batch: dict[int, models.SparseVector] = {}
            for record in engine.scroll(collection, where, [key], vectors=[WORDS]):
                size = (record.payload or {})[key]
                tokens = size if isinstance(size, int) else sum(size)
                if isinstance(record.vector, dict):
                    vector = models.SparseVector.model_validate(record.vector[WORDS])
                    batch[int(record.id)] = weighed_anew(vector, tokens, mean, before)
                if len(batch) >= _TEXTS_AT_A_TIME:
                    engine.put_words(collection, batch)
                    batch.clear()
            engine.put_words(collection, batch)
    return replace(state, passage_tokens=exact.of_passages, note_tokens=exact.of_notes)


def words_in(point: models.PointStruct | models.Record) -> Sequence[int]:
    """Return the numbers of the words of a point."""
    if not isinstance(point.vector, dict) or WORDS not in point.vector:
        return ()
    return list(models.SparseVector.model_validate(point.vector[WORDS]).indices)
