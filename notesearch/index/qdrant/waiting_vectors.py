"""Find the vectors that an engine has, and hold new ones until their passages are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from qdrant_client import models

from notesearch.index.qdrant.engine_client import MEANING, Engine
from notesearch.index.qdrant.engine_schema import create_passages
from notesearch.index.qdrant.note_points import vector_key
from notesearch.index.qdrant.point_conditions import all_of, is_any, is_value
from notesearch.index.qdrant.word_coding import record_id

_HASHES_PER_REQUEST = 500


class WaitingVectors:
    """The vectors of one change, by numbers of its own; a passage takes its own with it."""

    def __init__(self, engine: Engine, embedder: str) -> None:
        self._engine = engine
        self._embedder = embedder
        self.dimension = engine.dimension()  # of passages; 0: there is no place for them yet
        self._takes_over = True  # vectors that are there
        self._probes: dict[str, str] = {}
        self._rows: dict[int, tuple[bytes, bytes]] = {}  # by number: hash, float16
        self._row_of: dict[bytes, int] = {}

    def begin_anew(self) -> None:
        """Take over nothing that is there."""
        self._takes_over = False

    def row(self, number: int) -> tuple[bytes, bytes]:
        """Return a vector with the hash of its text."""
        return self._rows[number]

    def drop_rows(self) -> None:
        """Forget the vectors whose passages are written."""
        self._rows.clear()
        self._row_of.clear()

    def find(self, text_hashes: Sequence[bytes]) -> dict[bytes, int]:
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

    def keep(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> list[int]:
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
        """Keep float16 rows of probes until `store_probes`."""
        self._probes.update((text, row.hex()) for text, row in rows)

    def store_probes(self) -> None:
        """Store the probes that were put."""
        probes = [
            models.PointStruct(
                id=record_id("probe", text),
                vector={},
                payload={"kind": "probe", "text": text, "vector": row},
            )
            for text, row in self._probes.items()
        ]
        self._engine.put(self._engine.names.records, probes)
