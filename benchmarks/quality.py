"""How good the answers are: nDCG@10 of each mode on judged queries.

    python benchmarks/quality.py                     # wild, Cranfield and CISI; every mode
    python benchmarks/quality.py --keep FOLDER       # keeps the indexes, to measure again at once

The collections stand in ../shared/data, or in the folder that NOTESEARCH_DATA names. `wild` is
a folder of notes and counts an answer by its file; the others are BEIR folders, one note each
document.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes
from notesearch.corpus.rules import ReadingRule
from notesearch.corpus.walk import list_files
from notesearch.embedding import Embedder, ModelChoice, load_embedder
from notesearch.index.records import LazyEmbedder
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, update_index
from notesearch.records import ListedFile, Listing, ReadFile
from notesearch.search.answer import Mode
from notesearch.search.searcher import Searcher

HERE = Path(__file__).parent
DATA = Path(os.environ.get("NOTESEARCH_DATA", HERE.parent.parent / "shared" / "data"))
MAX_TOKENS = 224
NAMES = ("wild", "cranfield", "cisi")


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and how relevant each document is to it."""

    text: str
    relevant: Mapping[str, float]
    split: str


# ------------------------------------------------------------------ the collections


def read_judged(name: str) -> list[Judged]:
    """Read the queries of a collection that have a relevant document."""
    if name == "wild":
        return [
            Judged(row["text"], dict.fromkeys(row["relevant"], 1.0), row["split"])
            for row in read_jsonl(DATA / name / "queries.jsonl")
        ]
    relevant: dict[str, dict[str, float]] = {}
    with (DATA / name / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if float(row["score"]) > 0:
                document = f"{row['corpus-id']}.md"
                relevant.setdefault(row["query-id"], {})[document] = float(row["score"])
    queries = {row["_id"]: row["text"] for row in read_jsonl(DATA / name / "queries.jsonl")}
    return [Judged(queries[key], documents, "test") for key, documents in relevant.items()]


def read_documents(name: str) -> Iterator[tuple[str, bytes]]:
    """Give the path and bytes of each note file of a collection."""
    if name == "wild":
        root = DATA / name / "notes"
        for file in list_files(root).files:
            yield file.path, (root / file.path).read_bytes()
        return
    for row in read_jsonl(DATA / name / "corpus.jsonl"):
        text = f"---\ntitle: {json.dumps(row['title'])}\n---\n\n{row['text']}\n"
        yield f"{row['_id']}.md", text.encode()


def read_jsonl(path: Path) -> Iterator[dict[str, str]]:
    """Give the objects of a file, one a line."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


class Documents:
    """A collection as an update reads it."""

    def __init__(self, name: str, count: Callable[[Sequence[str]], Sequence[int]]) -> None:
        self._documents = dict(read_documents(name))
        self._rules = () if name == "wild" else (ReadingRule(files="*", split="none"),)
        self._count = count

    def list_files(self) -> Listing:
        """Name all documents."""
        return Listing(tuple(ListedFile(path, 0, 0) for path in sorted(self._documents)))

    def hash_file(self, path: str) -> str:
        """Give the path: no document ever changes."""
        return path

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read and cut documents."""
        for path in paths:
            reading = read_notes(path, self._documents[path], rules=self._rules)
            passages = (
                tuple(chunk_note(note, max_tokens=MAX_TOKENS, count=self._count))
                for note in reading.notes
            )
            yield ReadFile(reading, tuple(passages))


def ensure_index(name: str, folder: Path, embedder: Embedder) -> Path:
    """Index a collection, unless an earlier run has done so."""
    index_dir = folder / name
    if not (index_dir / "catalog.sqlite").exists():
        plan = UpdatePlan(
            source=Documents(name, embedder.count_many),
            embedder=LazyEmbedder(embedder.fingerprint, lambda: embedder),
            reading="quality",
            tag_forms=lambda written: (written,),
        )
        report = update_index(index_dir, plan)
        print(f"{name}: {report.notes} notes, {report.passages} passages")
    return index_dir


# ------------------------------------------------------------------ the measure


def ndcg(found: Sequence[str], relevant: Mapping[str, float], depth: int = 10) -> float:
    """Discounted gain of the documents found over the greatest there can be."""
    gain = discounted(relevant.get(path, 0.0) for path in found[:depth])
    return gain / discounted(sorted(relevant.values(), reverse=True)[:depth])


def discounted(gains: Iterable[float]) -> float:
    """Add up gains, each worth less the later it comes."""
    return sum(gain / np.log2(place + 2) for place, gain in enumerate(gains))


def files_found(searcher: Searcher, query: str, mode: Mode, depth: int = 10) -> list[str]:
    """Give the files of the hits, each once, in order; a digest may be in several hits."""
    hits = searcher.search(query, k=3 * depth, mode=mode).hits
    return list(dict.fromkeys(hit.path for hit in hits))[:depth]


def measure(searcher: Searcher, judged: Sequence[Judged], mode: Mode) -> float:
    """Give the mean nDCG@10 of a mode."""
    return statistics.fmean(
        ndcg(files_found(searcher, query.text, mode), query.relevant) for query in judged
    )


def main() -> None:
    """Measure the collections asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", nargs="*", default=NAMES, choices=NAMES)
    parser.add_argument("--keep", type=Path, help="keep the indexes in this folder")
    options = parser.parse_args()
    embedder = load_embedder(ModelChoice())
    folder = options.keep or Path(tempfile.mkdtemp(prefix="notesearch-quality-"))
    try:
        print("nDCG@10   " + " ".join(f"{mode.value:>8}" for mode in Mode))
        for name in options.collections:
            with Store(ensure_index(name, folder, embedder)) as store:
                searcher = Searcher(store, lambda: embedder)
                judged = read_judged(name)
                figures = [measure(searcher, judged, mode) for mode in Mode]
            print(f"{name:10}" + " ".join(f"{figure:8.3f}" for figure in figures))
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
