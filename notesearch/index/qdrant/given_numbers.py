"""Give notes, passages, words and generations numbers that nothing else ever gets."""

from __future__ import annotations

from qdrant_client import models

from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.word_coding import record_id

_ID = record_id("counters", "")


class GivenNumbers:
    """The last numbers that were given, whoever wrote, and whether or not it came into force."""

    def __init__(self, engine: Engine, in_force: int) -> None:
        """Take the generation in force; the next one gets a number at once."""
        self._engine = engine
        kept = engine.read(engine.names.records, [_ID]).get(_ID, {})
        self._next = {"note": 1, "passage": 1, "word": 1} | {
            name: value for name, value in kept.items() if name != "kind"
        }
        self.generation: int = max(self._next.get("generation", 0), in_force) + 1
        self._next["generation"] = self.generation
        self.store()

    def take(self, kind: str, count: int) -> int:
        """Return the first of so many numbers; `store` has to follow before anything has them."""
        first: int = self._next[kind]
        self._next[kind] = first + count
        return first

    def store(self) -> None:
        """Store what was given: no other writer gives it again."""
        point = models.PointStruct(id=_ID, vector={}, payload={"kind": "counters", **self._next})
        self._engine.put(self._engine.names.records, [point])
