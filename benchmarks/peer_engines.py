"""The engines that `peers.py` compares: each builds an index of the same passages, and is asked.

Each imports its libraries when it is made, since each may run in an environment of its own.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_passages import (
    DIMENSION,
    Passage,
    PassageFiles,
    is_rare,
    passes,
    year_of,
)

if TYPE_CHECKING:
    from lancedb.query import LanceQueryBuilder
    from pyarrow import RecordBatch

K = 10
DEPTH = 100  # what each ranking of the script hands to the mix
ROWS_PER_BATCH = 10_000


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
        os.environ.setdefault("RUST_LOG", "error")
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

        batches = map(self._batch, in_batches(self._files.passages(), ROWS_PER_BATCH))
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


class Script:
    """What one writes in an afternoon: faiss and bm25s mixed by rank, texts in SQLite."""

    def __init__(
        self, files: PassageFiles, folder: Path, *, hnsw: bool = False, numba: bool = False
    ) -> None:
        import bm25s
        import faiss

        self._files, self._folder = files, folder
        self._faiss: Any = faiss
        self._bm25s = bm25s
        self._hnsw, self._backend = hnsw, "numba" if numba else "numpy"
        self._vectors: Any = None
        self._words: Any = None
        self._texts: Any = None
        self._numbers = np.empty(0, np.int64)  # of each row of the vectors; -1 was replaced
        self._masks: dict[str, NDArray[np.bool_]] = {}

    def build(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._vectors = (
            self._faiss.IndexHNSWFlat(DIMENSION, 32, self._faiss.METRIC_INNER_PRODUCT)
            if self._hnsw
            else self._faiss.IndexFlatIP(DIMENSION)
        )
        self._texts = sqlite3.connect(self._folder / "texts.sqlite")
        self._texts.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, text TEXT)")
        for batch in in_batches(self._files.passages(), ROWS_PER_BATCH):
            self._vectors.add(self._files.embed([passage.text for passage in batch]))
            rows = ((passage.number, passage.text) for passage in batch)
            self._texts.executemany("INSERT INTO passages VALUES (?, ?)", rows)
        self._numbers = np.arange(self._files.count)
        self._texts.commit()
        self._index_words()
        self._write()

    def _index_words(self) -> None:
        rows = self._texts.execute("SELECT text FROM passages ORDER BY number")
        tokens = self._bm25s.tokenize([text for (text,) in rows], show_progress=False)
        self._words = self._bm25s.BM25(backend=self._backend)
        self._words.index(tokens, show_progress=False)

    def _write(self) -> None:
        self._faiss.write_index(self._vectors, str(self._folder / "vectors.faiss"))
        np.save(self._folder / "numbers.npy", self._numbers)
        self._words.save(self._folder / "words", show_progress=False)

    def open(self) -> None:
        self._vectors = self._faiss.read_index(str(self._folder / "vectors.faiss"))
        self._numbers = np.load(self._folder / "numbers.npy")
        self._words = self._bm25s.BM25.load(
            self._folder / "words", mmap=True, override_params={"backend": self._backend}
        )
        self._texts = sqlite3.connect(self._folder / "texts.sqlite")

    def ask(self, question: str, where: str) -> list[int]:
        scores: dict[int, float] = {}
        mask = None if where == "none" else self._mask(where)
        for ranking in (self._rank_by_meaning(question, mask), self._rank_by_words(question, mask)):
            for rank, number in enumerate(ranking, start=1):
                scores[number] = scores.get(number, 0.0) + 1 / (60 + rank)
        first = sorted(scores, key=lambda number: -scores[number])[:K]
        for number in first:
            self._texts.execute("SELECT text FROM passages WHERE number = ?", (number,)).fetchone()
        return first

    def _mask(self, where: str) -> NDArray[np.bool_]:
        if where not in self._masks:
            count = self._words.scores["num_docs"]
            self._masks[where] = np.array([passes(number, where) for number in range(count)])
        return self._masks[where]

    def nearest(self, question: str) -> list[int]:
        return self._rank_by_meaning(question, None)[:K]

    def by_words(self, question: str) -> list[int]:
        return self._rank_by_words(question, None)[:K]

    def _rank_by_meaning(self, question: str, mask: NDArray[np.bool_] | None) -> list[int]:
        kind = self._faiss.SearchParametersHNSW if self._hnsw else self._faiss.SearchParameters
        options: dict[str, object] = {"efSearch": DEPTH} if self._hnsw else {}
        if mask is not None:
            rows = np.packbits(mask[self._numbers] & (self._numbers >= 0), bitorder="little")
            options["sel"] = self._faiss.IDSelectorBitmap(rows)
        vector = self._files.embed([question])
        _, found = self._vectors.search(vector, DEPTH, params=kind(**options))
        numbers = self._numbers[found[0][found[0] >= 0]]
        return [int(number) for number in numbers if number >= 0]

    def _rank_by_words(self, question: str, mask: NDArray[np.bool_] | None) -> list[int]:
        tokens = self._bm25s.tokenize(question, return_ids=False, show_progress=False)
        numbers, scores = self._words.retrieve(
            tokens,
            k=DEPTH,
            show_progress=False,
            weight_mask=None if mask is None else mask.astype(np.float32),
        )
        return [int(number) for number in numbers[0][scores[0] > 0]]

    def replace(self, passages: Sequence[Passage]) -> None:
        numbers = [passage.number for passage in passages]
        self._numbers[np.isin(self._numbers, numbers)] = -1
        self._numbers = np.concatenate([self._numbers, numbers])
        self._vectors.add(self._files.embed([passage.text for passage in passages]))
        rows = [(passage.text, passage.number) for passage in passages]
        self._texts.executemany("UPDATE passages SET text = ? WHERE number = ?", rows)
        self._texts.commit()
        self._index_words()  # it has no way to add to an index
        self._write()


class Exact:
    """Every cosine worked out with numpy, and bm25s as it is: what the others are held to."""

    def __init__(self, files: PassageFiles) -> None:
        self._files = files

    def nearest(self, questions: Sequence[str]) -> list[list[int]]:
        """Give the first 10 of each question by the cosine."""
        asked = self._files.embed(questions)
        cosines = np.full((len(questions), K), -2, np.float32)
        numbers = np.zeros((len(questions), K), np.int64)
        for start in range(0, self._files.count, ROWS_PER_BATCH):
            rows = self._files.vectors[start : start + ROWS_PER_BATCH].astype(np.float32)
            all_cosines = np.hstack([cosines, asked @ rows.T])
            of_rows = np.broadcast_to(
                np.arange(start, start + len(rows)), (len(questions), len(rows))
            )
            all_numbers = np.hstack([numbers, of_rows])
            best = np.argsort(-all_cosines, axis=1, kind="stable")[:, :K]
            cosines = np.take_along_axis(all_cosines, best, axis=1)
            numbers = np.take_along_axis(all_numbers, best, axis=1)
        found: list[list[int]] = numbers.tolist()
        return found

    def by_words(self, questions: Sequence[str]) -> list[list[int]]:
        """Give the first 10 of each question by the default BM25 of bm25s."""
        import bm25s

        texts = [passage.text for passage in self._files.passages()]
        words = bm25s.BM25()
        words.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
        asked = bm25s.tokenize(list(questions), return_ids=False, show_progress=False)
        numbers, scores = words.retrieve(asked, k=K, show_progress=False)
        return [
            [int(number) for number in row[own > 0]]
            for row, own in zip(numbers, scores, strict=True)
        ]


def in_batches(passages: Iterator[Passage], size: int) -> Iterator[list[Passage]]:
    """Give passages in lists of a size."""
    batch: list[Passage] = []
    for passage in passages:
        batch.append(passage)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


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
