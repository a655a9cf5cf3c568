"""What one writes in an afternoon instead of an engine, and exact search, for `peers.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_passages import DIMENSION, ROWS_PER_BATCH, K, Passage, PassageFiles, passes

DEPTH = 100  # what each ranking hands to the mix


class Script:
    """Faiss and bm25s mixed by rank, texts in SQLite."""

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
        self._allowed: dict[str, tuple[Any, NDArray[np.float32]]] = {}

    def build(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._vectors = (
            self._faiss.IndexHNSWFlat(DIMENSION, 32, self._faiss.METRIC_INNER_PRODUCT)
            if self._hnsw
            else self._faiss.IndexFlatIP(DIMENSION)
        )
        self._texts = sqlite3.connect(self._folder / "texts.sqlite")
        self._texts.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, text TEXT)")
        for batch in self._files.batches():
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
        by_meaning = self._rank_by_meaning(question, where)
        for ranking in (by_meaning, self._rank_by_words(question, where)):
            for rank, number in enumerate(ranking, start=1):
                scores[number] = scores.get(number, 0.0) + 1 / (60 + rank)
        first = sorted(scores, key=lambda number: -scores[number])[:K]
        for number in first:
            self._texts.execute("SELECT text FROM passages WHERE number = ?", (number,)).fetchone()
        return first

    def nearest(self, question: str) -> list[int]:
        return self._rank_by_meaning(question, "none")[:K]

    def by_words(self, question: str) -> list[int]:
        return self._rank_by_words(question, "none")[:K]

    def _rank_by_meaning(self, question: str, where: str) -> list[int]:
        kind = self._faiss.SearchParametersHNSW if self._hnsw else self._faiss.SearchParameters
        options: dict[str, object] = {"efSearch": DEPTH} if self._hnsw else {}
        if where != "none":
            options["sel"], _ = self._let_through(where)
        vector = self._files.embed([question])
        _, found = self._vectors.search(vector, DEPTH, params=kind(**options))
        numbers = self._numbers[found[0][found[0] >= 0]]
        return [int(number) for number in numbers if number >= 0]

    def _rank_by_words(self, question: str, where: str) -> list[int]:
        tokens = self._bm25s.tokenize(question, return_ids=False, show_progress=False)
        numbers, scores = self._words.retrieve(
            tokens,
            k=DEPTH,
            show_progress=False,
            weight_mask=None if where == "none" else self._let_through(where)[1],
        )
        return [int(number) for number in numbers[0][scores[0] > 0]]

    def _let_through(self, where: str) -> tuple[Any, NDArray[np.float32]]:
        """Give what faiss and bm25s each want to know of a filter; it is kept."""
        if where not in self._allowed:
            mask = np.array([passes(number, where) for number in range(self._files.count)])
            rows = np.packbits(mask[self._numbers] & (self._numbers >= 0), bitorder="little")
            self._allowed[where] = self._faiss.IDSelectorBitmap(rows), mask.astype(np.float32)
        return self._allowed[where]

    def replace(self, passages: Sequence[Passage]) -> None:
        numbers = [passage.number for passage in passages]
        self._numbers[np.isin(self._numbers, numbers)] = -1
        self._numbers = np.concatenate([self._numbers, numbers])
        self._vectors.add(self._files.embed([passage.text for passage in passages]))
        rows = [(passage.text, passage.number) for passage in passages]
        self._texts.executemany("UPDATE passages SET text = ? WHERE number = ?", rows)
        self._texts.commit()
        self._allowed.clear()
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
