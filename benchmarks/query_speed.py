"""What a warm query costs by the number of passages, with and without filters.

    python -m benchmarks.query_speed                          # 1,000 to 250,000 passages
    python -m benchmarks.query_speed --sizes 250000 --keep FOLDER

Texts are stretches of real notes (../shared/data/wild, or the folder that NOTESEARCH_DATA names)
or words by a Zipf law, vectors are random; the embedding of a query is measured by itself, with
the default model. Queries are all different. "first" are the first questions of a process, "new"
are those after 300 others, "again" are the same ones asked once more.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.note_words import all_words
from benchmarks.plot import draw
from notesearch import Index
from notesearch.embedding import load_embedder
from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
from notesearch.records import FileReading, ListedFile, Listing, Note, NoteKind, Passage, ReadFile

HERE = Path(__file__).parent
FIGURES = HERE / "query_speed.json"
DIMENSION = 384
PASSAGES_PER_NOTE = 10
WORDS_PER_PASSAGE = 100
WORDS_PER_QUERY = 5
QUERIES = 60
BETWEEN = 300

FILTERS = {"none": None, "50 %": "year:..2011", "2 %": "tag:rare", "0.01 %": "date:2026-05-12"}


class RandomEmbedder:
    """Gives directions drawn at random, so that the search alone is measured."""

    fingerprint = f"random-{DIMENSION}"
    dimension = DIMENSION
    max_tokens = 254

    def __init__(self) -> None:
        self._dice = np.random.default_rng(0)

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension) float32, rows of length 1."""
        rows = self._dice.standard_normal((len(texts), DIMENSION), dtype=np.float32)
        units: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return units

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of length 1."""
        unit: NDArray[np.float32] = self.embed_passages([text])[0]
        return unit


# ------------------------------------------------------------------ the index


class DrawnNotes:
    """Notes made of stretches of words; one in fifty is tagged, one in ten thousand dated."""

    def __init__(self, passages: int) -> None:
        self._words = all_words()
        self._count = passages // PASSAGES_PER_NOTE

    def list_files(self) -> Listing:
        """Name all notes."""
        return Listing(tuple(ListedFile(f"{n}.md", 0, 0) for n in range(self._count)))

    def hash_file(self, path: str) -> str:
        """Give the path: no note ever changes."""
        return path

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Draw notes, each always the same."""
        for path in paths:
            yield self._draw(path, int(path.removesuffix(".md")))

    def _draw(self, path: str, number: int) -> ReadFile:
        dice = random.Random(number)
        title = " ".join(self._stretch(dice, 6))
        lines = [" ".join(self._stretch(dice, WORDS_PER_PASSAGE)) for _ in range(PASSAGES_PER_NOTE)]
        note = Note(
            id=path,
            path=path,
            title=title,
            kind=NoteKind.NOTE,
            line_start=1,
            line_end=len(lines),
            lines=tuple(lines),
            markup=tuple(lines),
            line_numbers=range(1, len(lines) + 1),
            sections=(),
            tags=("rare",) if number % 50 == 0 else (),
            date="2026-05-12" if number % 10_000 == 7 else None,
            year=2000 + number % 24,
        )
        passages = tuple(_passage(path, at, title, line) for at, line in enumerate(lines, start=1))
        return ReadFile(FileReading(path, (note,)), (passages,))

    def _stretch(self, dice: random.Random, count: int) -> list[str]:
        start = dice.randrange(len(self._words) - count)
        return self._words[start : start + count]


def _passage(path: str, at: int, title: str, line: str) -> Passage:
    return Passage(
        id=f"{hash((path, at)) & 0xFFFFFFFFFFFFFFFF:016x}",
        note_id=path,
        section=(),
        roles=(),
        line_start=at,
        line_end=at,
        text=line,
        search_text=f"{title}\n{line}",
        tokens=130,
    )


def ensure_index(folder: Path, passages: int) -> Path:
    """Build an index, unless an earlier run has done so."""
    index_dir = folder / str(passages)
    if not (index_dir / "catalog.sqlite").exists():
        embedder = RandomEmbedder()
        plan = UpdatePlan(
            source=DrawnNotes(passages),
            embedder=Lazy(lambda: embedder),
            embedder_fingerprint=embedder.fingerprint,
            reading="drawn",
        )
        update_index(index_dir, plan)
    return index_dir


# ------------------------------------------------------------------ what is measured


def draw_queries() -> list[str]:
    """Give stretches of words, as a person would ask about what a note says.

    Without the signs of the query language.
    """
    words = [word for text in all_words() for word in re.findall(r"[^\W_]+", text.lower())]
    dice = random.Random(2)
    starts = [dice.randrange(len(words) - WORDS_PER_QUERY) for _ in range(BETWEEN + 2 * QUERIES)]
    return [" ".join(words[start : start + WORDS_PER_QUERY]) for start in starts]


def measure(index_dir: Path, queries: Sequence[str]) -> dict[str, dict[str, float]]:
    """Give the median milliseconds of a query by filter and moment."""
    figures = {}
    for name, where in FILTERS.items():
        with Index.open(index_dir, embedder=RandomEmbedder()) as index:
            index.search("warm up")
            ask = _asker(index, where)
            figures[name] = {"first": median_ms(ask, queries[:QUERIES])}
            for query in queries[QUERIES:-QUERIES]:
                ask(query)
            for moment in ("new", "again"):
                figures[name][moment] = median_ms(ask, queries[-QUERIES:])
    return figures


def _asker(index: Index, where: str | None) -> Callable[[str], object]:
    return lambda query: index.search(query, where=where)


def median_ms(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    """Give the median milliseconds of a call."""
    times = []
    for query in queries:
        start = time.perf_counter()
        ask(query)
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 1)


def lines(kept: dict[str, dict[str, dict[str, float]]]) -> dict[str, list[tuple[int, float]]]:
    """Give what is drawn: for each filter, questions with new words and with known ones."""
    return {
        f"filter: {name}, words {moment}": [
            (size, kept[str(size)][name][moment] / 1000) for size in sorted(map(int, kept))
        ]
        for name in ("none", "2 %", "0.01 %")
        for moment in ("new", "again")
    }


def main() -> None:
    """Measure the sizes asked for, print them and keep them beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 50_000, 250_000])
    parser.add_argument("--keep", type=Path, help="keep the indexes in this folder")
    options = parser.parse_args()
    queries = draw_queries()
    embedder = load_embedder()
    embedder.embed_query("warm up")
    print("embedding of a query:", median_ms(embedder.embed_query, queries[:QUERIES]), "ms")
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    folder = options.keep or Path(tempfile.mkdtemp(prefix="notesearch-speed-"))
    try:
        for size in options.sizes:
            kept[str(size)] = measure(ensure_index(folder, size), queries)
            print(f"{size:>9,}", json.dumps(kept[str(size)]))
            FIGURES.write_text(json.dumps(kept, indent=1) + "\n")
            (HERE / "query_speed.svg").write_text(draw(lines(kept)), encoding="utf-8")
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
