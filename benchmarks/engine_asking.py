"""Ask an index in Qdrant's engine, for `engine_scale.py`: times, memory, what its graph loses."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from benchmarks.edge_client import EdgeClient
from benchmarks.engine_copies import RARE, read_real
from benchmarks.engine_writing import ADDRESS, Figures
from notesearch import Index
from notesearch.embedding import load_embedder
from notesearch.index.qdrant import engine_store
from notesearch.index.qdrant.engine_client import MEANING, Engine
from notesearch.index.qdrant.engine_snapshot import EngineSnapshot
from notesearch.index.qdrant.note_points import rarity_of
from notesearch.index.qdrant.point_conditions import all_of, is_value

DATA = Path(
    os.environ.get("NOTESEARCH_DATA", Path(__file__).parent.parent.parent / "shared" / "data")
)
WARM_UP, MEASURED, K, DEPTH = 20, 100, 10, 1000
EFS = (32, 64, 256, 512)

Row = NDArray[np.float32]


class TimedEngine(Engine):
    """Counts its requests, and the seconds that they take."""

    def __init__(self, client: EdgeClient) -> None:
        super().__init__(ADDRESS, client)  # type: ignore[arg-type]
        self.requests = 0
        self.seconds = 0.0
        self._ask = self._ask_timed

    def _ask_timed(self, request: str, **options: Any) -> Any:  # noqa: ANN401 - as the client does
        start = time.process_time()
        answer = self._requests.ask(request, **options)
        self.seconds += time.process_time() - start
        self.requests += 1
        return answer

    def close(self) -> None:
        """Stay open: each index that is asked shares it."""


class KnownQuestions:
    """Gives the vectors of questions that were embedded before, in another process."""

    max_tokens = 1

    def __init__(self, kept: Figures) -> None:
        self.rows = {
            question: np.array(row, np.float32) for question, row in kept["questions"].items()
        }
        self.fingerprint = kept["embedder"]
        self.dimension = len(next(iter(self.rows.values())))

    def embed_query(self, text: str) -> Row:
        return self.rows[text]

    def embed_passages(self, texts: Sequence[str]) -> Row:
        raise NotImplementedError

    def count_tokens(self, text: str) -> int:
        raise NotImplementedError


def embed(index_dir: Path) -> Figures:
    """Embed the questions, by themselves: what that takes of memory is none of the engine's."""
    lines = (DATA / "questions" / "wild.jsonl").read_text(encoding="utf-8").splitlines()
    model = load_embedder()
    asked = [json.loads(line)["q"] for line in lines[: WARM_UP + MEASURED]]
    return {
        "embedder": read_real(index_dir).embedder,
        "questions": {question: model.embed_query(question).tolist() for question in asked},
    }


def ask(folder: Path, known: KnownQuestions) -> Figures:
    """Ask an index questions, and give times, memory and what the graph loses."""
    questions, rows = list(known.rows), list(known.rows.values())
    before = memory()
    client = EdgeClient(folder)
    engine = TimedEngine(client)
    figures: Figures = {"opened": more(memory(), before)}
    with engine_store.EngineStore(ADDRESS, engine).snapshot() as snapshot:
        weights = [_weights(snapshot, question) for question in questions]
        asked = list(zip(rows, weights, strict=True))
        in_force = snapshot.in_force()
        rare = all_of(in_force, is_value("tags", RARE))
        for name, where in (("all", in_force), ("2 %", rare)):
            figures[name] = _ask_each(engine, asked, where)
        figures["asked"] = more(memory(), before)
        figures["recall"] = {
            name: _recall(client, rows[-MEASURED:], where)
            for name, where in (("all", in_force), ("2 %", rare))
        }
    engine_store.connect = lambda address: engine  # type: ignore[attr-defined]
    for name, text in (("all", None), ("2 %", f"tag:{RARE}")):
        with Index.open(ADDRESS.text, embedder=known) as index:
            figures[f"search, {name}"] = _search(index, engine, questions, text)
    figures["searched"] = more(memory(), before)
    return figures


def _weights(snapshot: EngineSnapshot, question: str) -> dict[int, float]:
    counts = snapshot.counts_of(snapshot.split([question])).values()
    return {one.number: rarity_of(one.passages, snapshot.state.passages) for one in counts}


def _ask_each(
    engine: Engine, asked: Sequence[tuple[Row, dict[int, float]]], where: models.Filter
) -> Figures:
    names = engine.names

    def meaning(one: tuple[Row, dict[int, float]], k: int = K) -> int:
        return len(engine.nearest(one[0], where, k, ["note"]))

    def words(one: tuple[Row, dict[int, float]], k: int = K) -> int:
        return len(engine.best_by_words(names.passages, one[1], where, k, ["note"]))

    ways: dict[str, Callable[[tuple[Row, dict[int, float]]], int]] = {
        "meaning": meaning,
        "words": words,
        "both": lambda one: meaning(one) + words(one),
        f"meaning, {DEPTH}": lambda one: meaning(one, DEPTH),
        f"words, {DEPTH}": lambda one: words(one, DEPTH),
    }
    return {name: _times(way, asked) for name, way in ways.items()}


class Clock:
    """Takes the time of calls: of the processor, all threads together."""

    def __init__(self) -> None:
        self._seconds: list[float] = []

    def time(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the call gives
        start = time.process_time()
        answer = call()
        self._seconds.append(time.process_time() - start)
        return answer

    def figures(self) -> Figures:
        return {"ms": 1000 * statistics.median(self._seconds)}


def _times(way: Callable[[Any], object], asked: Sequence[Any]) -> Figures:
    for one in asked[:WARM_UP]:
        way(one)
    clock = Clock()
    for one in asked[WARM_UP:]:
        clock.time(partial(way, one))
    return clock.figures()


def _search(
    index: Index, engine: TimedEngine, questions: Sequence[str], where: str | None
) -> Figures:
    for question in questions[:WARM_UP]:
        index.search(question, where=where)
    engine.requests, engine.seconds = 0, 0.0
    clock, hits, asked = Clock(), 0, questions[WARM_UP:]
    for question in asked:
        hits += len(clock.time(partial(index.search, question, where=where)).hits)
    return {
        **clock.figures(),
        "hits": hits / len(asked),
        "requests": engine.requests / len(asked),
        "engine_ms": 1000 * engine.seconds / len(asked),
    }


def _recall(client: EdgeClient, rows: Sequence[Row], where: models.Filter) -> Figures:
    """Compare the first 10 with those of exact search, by how many of the graph are looked at."""
    whole = models.QuantizationSearchParams(ignore=True)
    again = models.QuantizationSearchParams(rescore=True)
    thrice = models.QuantizationSearchParams(rescore=True, oversampling=3.0)
    ways = {
        "exact": (models.SearchParams(exact=True, quantization=whole), K),
        "by a byte alone": (models.SearchParams(), K),
        "by the vectors again": (models.SearchParams(quantization=again), K),
        "30 by the vectors again": (models.SearchParams(quantization=thrice), K),
        f"{DEPTH} by the vectors again": (models.SearchParams(quantization=again), DEPTH),
        "graph over whole vectors": (models.SearchParams(quantization=whole), K),
    }
    for ef in EFS:
        ways[f"ef {ef}, 30 again"] = (models.SearchParams(hnsw_ef=ef, quantization=thrice), K)
    found: dict[str, list[set[int]]] = {}
    figures: Figures = {}
    for name, (parameters, k) in ways.items():
        found[name], clock = [], Clock()
        for row in rows:
            ask = partial(client.query_points, ADDRESS.name, row.tolist(), MEANING, where)
            hits = clock.time(partial(ask, parameters, k, False)).points
            found[name].append({int(hit.id) for hit in hits[:K]})
        pairs = zip(found[name], found["exact"], strict=True)
        figures[name] = {
            "recall": statistics.mean(len(own & right) / len(right) for own, right in pairs),
            **clock.figures(),
        }
    return figures


def memory() -> dict[str, float]:
    """Give the megabytes that are the process's own, and those of the files that it has mapped."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return {
        name: int(sizes[key].split()[0]) / 1000 * 1.024
        for name, key in (("own", "RssAnon"), ("mapped", "RssFile"))
    }


def more(now: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Give by how much memory has grown."""
    return {name: now[name] - before[name] for name in now}
