"""The engines that `peers.py` compares: each builds an index of the same passages, and is asked.

Each imports its libraries when it is made, since each may run in an environment of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_passages import DIMENSION, K, Passage, PassageFiles, is_rare, year_of
from benchmarks.peer_script import Script

if TYPE_CHECKING:
    from lancedb.query import LanceQueryBuilder
    from pyarrow import RecordBatch


class Engine(Protocol):
    """An engine with an index in a folder; passages are named by their numbers."""

    def build(self) -> None:
        """Index all passages."""

    def open(self) -> None:
        """Open the index that was built."""

    def ask(self, question: str, where: str) -> list[int]:
        """Give the first 10 by words and meaning together, with their texts read."""

    def nearest(self, question: str) -> list[int]:
        """Give the first 10 by meaning alone."""

    def by_words(self, question: str) -> list[int]:
        """Give the first 10 by words alone."""

    def replace(self, passages: Sequence[Passage]) -> None:
        """Put passages in the place of those of the same numbers, and write them to the disk."""


class LanceDB:
    """Vectors in its IVF_PQ index, which is its usual one, or in none; words in its own index."""

    def __init__(
        self, files: PassageFiles, folder: Path, *, ann: bool = True, refine: int | None = None
    ) -> None:
        # It says in three lines of each question that its columns of scores will change.
        os.environ.setdefault("LANCEDB_LOG", "error")
        import lancedb
        import pyarrow

        self._files, self._arrow = files, pyarrow
        self._ann, self._refine = ann, refine
        folder.mkdir(parents=True, exist_ok=True)
        self._db = lancedb.connect(folder)
        self._table: Any = None
        self._schema = pyarrow.schema(
            [
                ("number", pyarrow.int64()),
                ("text", pyarrow.string()),
                ("rare", pyarrow.bool_()),
                ("year", pyarrow.int32()),
                ("vector", pyarrow.list_(pyarrow.float32(), DIMENSION)),
            ]
        )

    def build(self) -> None:
        from lancedb.index import FTS, Bitmap, BTree, IvfPq

        batches = map(self._batch, self._files.batches())
        reader = self._arrow.RecordBatchReader.from_batches(self._schema, batches)
        table = self._db.create_table("passages", reader, mode="overwrite")
        table.create_index("number", config=BTree())
        table.create_index("rare", config=Bitmap())
        table.create_index("year", config=Bitmap())
        table.create_index("text", config=FTS())
        if self._ann:
            table.create_index("vector", config=IvfPq(distance_type="cosine"))

    def _batch(self, passages: Sequence[Passage]) -> RecordBatch:
        vectors = self._files.embed([passage.text for passage in passages])
        columns = [
            [passage.number for passage in passages],
            [passage.text for passage in passages],
            [is_rare(passage.number) for passage in passages],
            [year_of(passage.number) for passage in passages],
            self._arrow.FixedSizeListArray.from_arrays(vectors.reshape(-1), DIMENSION),
        ]
        arrays = [
            self._arrow.array(column, field.type) if isinstance(column, list) else column
            for column, field in zip(columns, self._schema, strict=True)
        ]
        return self._arrow.record_batch(arrays, schema=self._schema)

    def open(self) -> None:
        self._table = self._db.open_table("passages")

    def ask(self, question: str, where: str) -> list[int]:
        vector = self._files.embed([question])[0]
        query = self._table.search(query_type="hybrid").vector(vector).text(question)
        clause = {"2 %": "rare = true", "50 %": "year <= 2011"}.get(where)
        if clause:
            query = query.where(clause)
        return self._numbers(self._by_vector(query))

    def nearest(self, question: str) -> list[int]:
        return self._numbers(self._by_vector(self._table.search(self._files.embed([question])[0])))

    def by_words(self, question: str) -> list[int]:
        return self._numbers(self._table.search(question, query_type="fts"))

    def replace(self, passages: Sequence[Passage]) -> None:
        merge = self._table.merge_insert("number").when_matched_update_all()
        merge.execute(self._arrow.Table.from_batches([self._batch(passages)]))

    def _by_vector(self, query: LanceQueryBuilder) -> LanceQueryBuilder:
        query = query.distance_type("cosine")
        return query.refine_factor(self._refine) if self._refine else query

    def _numbers(self, query: LanceQueryBuilder) -> list[int]:
        rows = query.limit(K).select(["number", "text"]).to_list()
        return [row["number"] for row in rows]


# Where txtai finds the vectors of texts; it knows the function below by its name.
_txtai_files: list[PassageFiles] = []


def embed_for_txtai(texts: Sequence[str]) -> NDArray[np.float32]:
    """Give txtai the vectors of passages or of a question."""
    return _txtai_files[0].embed(texts)


class Txtai:
    """Embeddings with its defaults: faiss as it chooses it, its own BM25, texts in SQLite."""

    def __init__(self, files: PassageFiles, folder: Path) -> None:
        os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"
        from txtai import Embeddings

        _txtai_files[:] = [files]
        self._files, self._folder = files, folder
        transform = f"{embed_for_txtai.__module__}.{embed_for_txtai.__name__}"
        self._make = partial(
            Embeddings, method="external", transform=transform, hybrid=True, content=True
        )
        self._embeddings: Any = None

    def build(self) -> None:
        embeddings = self._make()
        embeddings.index(map(self._document, self._files.passages()))
        embeddings.save(str(self._folder))
        embeddings.close()

    @staticmethod
    def _document(passage: Passage) -> tuple[int, dict[str, object], None]:
        number = passage.number
        return (
            number,
            {"text": passage.text, "rare": int(is_rare(number)), "year": year_of(number)},
            None,
        )

    def open(self) -> None:
        self._embeddings = self._make()
        self._embeddings.load(str(self._folder))

    def ask(self, question: str, where: str) -> list[int]:
        clause = {"2 %": " AND rare = 1", "50 %": " AND year <= 2011"}.get(where)
        if clause is None:
            return self._numbers(question)
        sql = f"SELECT id, text, score FROM txtai WHERE similar(:question){clause}"
        return self._numbers(sql, parameters={"question": question})

    def nearest(self, question: str) -> list[int]:
        return self._numbers(question, weights=1.0)

    def by_words(self, question: str) -> list[int]:
        return self._numbers(question, weights=0.0)

    def replace(self, passages: Sequence[Passage]) -> None:
        self._embeddings.upsert(map(self._document, passages))
        self._embeddings.save(str(self._folder))

    def _numbers(self, query: str, **options: object) -> list[int]:
        return [int(row["id"]) for row in self._embeddings.search(query, K, **options)]


# ------------------------------------------------------------------ the table of peers


def _notesearch(files: PassageFiles, folder: Path) -> Engine:
    from benchmarks.peer_notesearch import Notesearch

    return Notesearch(files, folder)


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine with its settings."""

    make: Callable[[PassageFiles, Path], Engine]
    packages: tuple[str, ...] = ()  # to install; none for notesearch itself
    modules: tuple[str, ...] = ()
    index: str = ""  # the peer whose index it asks, where it has none of its own


_SCRIPT = ("faiss-cpu", "bm25s"), ("faiss", "bm25s")
_NUMBA = ("faiss-cpu", "bm25s", "numba"), ("faiss", "bm25s", "numba")
_LANCE = ("lancedb",), ("lancedb", "pyarrow")

PEERS = {
    "notesearch": Peer(_notesearch),
    "txtai": Peer(Txtai, ("txtai", "faiss-cpu"), ("txtai", "faiss")),
    "lancedb": Peer(LanceDB, *_LANCE),
    "lancedb-refined": Peer(partial(LanceDB, refine=10), *_LANCE, index="lancedb"),
    "lancedb-flat": Peer(partial(LanceDB, ann=False), *_LANCE),
    "script-flat": Peer(Script, *_SCRIPT),
    "script-hnsw": Peer(partial(Script, hnsw=True), *_SCRIPT),
    "script-hnsw-numba": Peer(partial(Script, hnsw=True, numba=True), *_NUMBA, index="script-hnsw"),
}
