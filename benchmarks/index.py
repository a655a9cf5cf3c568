"""What the index costs: build, update, open and query, each in a fresh process.

    python -m benchmarks.index                         # 1,000 to 250,000 passages
    python -m benchmarks.index --sizes 1000000         # needs 8 GB of disk
    python -m benchmarks.index --plot                  # index.svg from the figures kept so far

Texts are the paragraphs of real notes (../shared/data/wild, or NOTESEARCH_DATA), drawn at random
and put 25 to a file, one passage a line; without them, words by a Zipf law. Vectors are random:
the embedder is ready at once, so that the index alone is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.note_words import all_words
from benchmarks.plot import draw
from notesearch.index.check import check_index
from notesearch.index.reports import UpdateReport
from notesearch.index.snapshot import ColumnWeights
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
from notesearch.query.filters import Tag, YearBetween
from notesearch.records import FileReading, ListedFile, Listing, Note, NoteKind, Passage, ReadFile

DIMENSION = 384
PASSAGES_PER_FILE = 25
WORDS_PER_PASSAGE = 100
RARE = Tag("tag7")  # 2 % of the notes
HERE = Path(__file__).parent
FIGURES = HERE / "index.json"


class RandomEmbedder:
    """Rows of length 1 from a pool; every text gets its own by its hash."""

    fingerprint = "random-384"
    dimension = DIMENSION
    max_tokens = 256

    def __init__(self) -> None:
        pool = np.random.default_rng(0).standard_normal((8192, DIMENSION), dtype=np.float32)
        self._pool = pool / np.linalg.norm(pool, axis=1, keepdims=True)

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give each text a row, the same for the same text."""
        rows: NDArray[np.float32] = self._pool[[hash(text) % len(self._pool) for text in texts]]
        return rows

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Give a question the row of its text."""
        row: NDArray[np.float32] = self.embed_passages([text])[0]
        return row


class LineFiles:
    """A folder of files with one passage a line."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list_files(self) -> Listing:
        """List by stat."""
        files = []
        for folder in sorted(os.scandir(self._root), key=lambda entry: entry.name):
            for entry in os.scandir(folder):
                stat = entry.stat()
                path = f"{folder.name}/{entry.name}"
                files.append(ListedFile(path, stat.st_size, stat.st_mtime_ns))
        return Listing(tuple(files))

    def hash_file(self, path: str) -> str:
        """Hash the bytes."""
        return hashlib.sha256((self._root / path).read_bytes()).hexdigest()

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read one file after the other."""
        for path in paths:
            yield read_file(path, (self._root / path).read_text(encoding="utf-8"))


def read_file(path: str, text: str) -> ReadFile:
    """One note a file, one passage a line."""
    lines = tuple(text.splitlines())
    folder = path.split("/")[0]
    note = Note(
        id=path,
        path=path,
        title=f"Note {path}",
        kind=NoteKind.NOTE,
        line_start=1,
        line_end=len(lines),
        lines=lines,
        markup=lines,
        line_numbers=range(1, len(lines) + 1),
        sections=(),
        tags=(f"tag{len(lines[0]) % 50}",),
        folder_tags=(folder,),
        year=2000 + len(text) % 25,
    )
    passages = tuple(
        Passage(
            id=f"{hash((path, number)) & 0xFFFFFFFFFFFFFFFF:016x}",
            note_id=path,
            section=("Method",),
            roles=(),
            line_start=number,
            line_end=number,
            text=line,
            search_text=f"{note.title}\n{line}",
            tokens=130,
        )
        for number, line in enumerate(lines, start=1)
    )
    return ReadFile(FileReading(path, (note,)), (passages,))


def plan_for(corpus: Path) -> UpdatePlan:
    """Join the corpus with the ready embedder."""
    return UpdatePlan(
        source=LineFiles(corpus),
        embedder=Lazy(RandomEmbedder),
        embedder_fingerprint=RandomEmbedder.fingerprint,
        reading="lines-1",
    )


# ------------------------------------------------------------------ the corpus


def make_corpus(root: Path, passages: int) -> None:
    """Write files that were last changed an hour ago."""
    words = all_words()
    dice = random.Random(1)
    for number in range(passages // PASSAGES_PER_FILE):
        folder = root / f"topic{number % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for _ in range(PASSAGES_PER_FILE):
            start = dice.randrange(len(words) - WORDS_PER_PASSAGE)
            lines.append(" ".join(words[start : start + WORDS_PER_PASSAGE]))
        (folder / f"note{number}.md").write_text("\n".join(lines), encoding="utf-8")
    past = time.time() - 3600
    for path in root.rglob("*.md"):
        os.utime(path, (past, past))


# ------------------------------------------------------------------ what is measured


def measure_update(corpus: Path, index_dir: Path) -> dict[str, float]:
    """Update once."""
    before = peak_mb()
    start, cpu_start = time.perf_counter(), time.process_time()
    report = update_index(index_dir, plan_for(corpus))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "passages_embedded": report.passages_embedded,
        "passages": report.passages,
        "peak_mb_above_imports": peak_mb() - before,
        **stages(report),
    }


def stages(report: UpdateReport) -> dict[str, float]:
    """Name the seconds of each stage."""
    return {f"s_{stage.value}": round(seconds, 3) for stage, seconds in report.seconds.items()}


def measure_first_answer(_: Path, index_dir: Path) -> dict[str, float]:
    """Open the index and answer one vector query."""
    query = np.full(DIMENSION, DIMENSION**-0.5, dtype=np.float32)
    start = time.perf_counter()
    with Store(index_dir) as store, store.snapshot() as snapshot:
        nearest = snapshot.nearest(query, 10)
        snapshot.passages(nearest.ids.tolist())
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb()}


def measure_warm(_: Path, index_dir: Path) -> dict[str, float]:
    """Ask one open snapshot again and again; medians in processor ms."""
    query = RandomEmbedder().embed_passages(["query"])[0]
    broad = YearBetween(2003, None)
    words = ("policy", "gradient", "reward", "learning")
    figures: dict[str, float] = {}
    with Store(index_dir) as store, store.snapshot() as snapshot:
        few, many = snapshot.passage_ids(RARE), snapshot.passage_ids(broad)
        cases: dict[str, Callable[[], object]] = {
            "nearest": lambda: snapshot.nearest(query, 1000),
            "nearest_rare": lambda: snapshot.nearest(query, 1000, few),
            "nearest_broad": lambda: snapshot.nearest(query, 1000, many),
            "matches": lambda: [snapshot.word_scores(word, ColumnWeights())[0] for word in words],
            "ids_rare": lambda: snapshot.passage_ids(RARE),
            "ids_broad": lambda: snapshot.passage_ids(broad),
            "passages_10": lambda: snapshot.passages(few[:10].tolist()),
        }
        for name, case in cases.items():
            figures[f"ms_{name}"] = 1000 * median_seconds(case)
        figures["rare_share"] = len(few) / snapshot.state.passages
        figures["broad_share"] = len(many) / snapshot.state.passages
    return figures


def median_seconds(case: Callable[[], object]) -> float:
    """Run nine times; processor seconds, since other work on the machine is not ours."""
    times = []
    for _ in range(9):
        start = time.process_time()
        case()
        times.append(time.process_time() - start)
    return statistics.median(times)


def measure_mend(_: Path, index_dir: Path) -> dict[str, float]:
    """Lose a file of each segment and have it made again."""
    for path in index_dir.glob("vectors-*.faiss"):
        path.unlink()
    start = time.perf_counter()
    problems = check_index(index_dir, fix=True)
    return {"seconds": time.perf_counter() - start, "fixed": sum(p.fixed for p in problems)}


def measure_disk(_: Path, index_dir: Path, *, case: str) -> dict[str, float]:
    """Ask one question of an index of which nothing is in memory; MB read from the disk.

    PermissionError where this user may not empty the system's memory of files.
    """
    from notesearch.search.answer import Mode
    from notesearch.search.searcher import Searcher

    def ask(folder: Path) -> tuple[float, float]:
        mode = Mode.LEXICAL if case == "words" else Mode.HYBRID
        where = RARE if case == "rare" else None
        before = disk_mb()
        with Store(folder) as store, store.snapshot() as snapshot:
            opened = disk_mb()
            words = "policy gradient reward learning"
            Searcher(Lazy(RandomEmbedder)).search(snapshot, words, where=where, mode=mode)
        return opened - before, disk_mb() - opened

    with tempfile.TemporaryDirectory() as scratch:  # the program itself is in memory by then
        make_corpus(Path(scratch, "corpus"), PASSAGES_PER_FILE)
        update_index(Path(scratch, "index"), plan_for(Path(scratch, "corpus")))
        ask(Path(scratch, "index"))
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
    opened, asked = ask(index_dir)
    return {"mb_opened": opened, "mb_asked": asked}


def disk_mb() -> float:
    """Give what this process has had read from the disk."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["read_bytes"]) / 1e6


def peak_mb() -> float:
    """Give the greatest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MEASURES: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "update": measure_update,
    "first_answer": measure_first_answer,
    "warm": measure_warm,
    "mend": measure_mend,
    **{f"disk_{case}": partial(measure_disk, case=case) for case in ("words", "rare", "all")},
}


def run_cold(measure: str, corpus: Path, index_dir: Path) -> dict[str, float]:
    """Measure in a new process; the figures of the process count its start and imports too.

    On a busy machine the processor seconds say more than those of the clock.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, __file__, "--measure", measure, str(corpus), str(index_dir)]
    start, cpu_start = time.perf_counter(), cpu_of_children()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds, cpu_seconds = time.perf_counter() - start, cpu_of_children() - cpu_start
    figures: dict[str, float] = json.loads(done.stdout)
    return {"process_seconds": seconds, "process_cpu_seconds": cpu_seconds, **figures}


def cpu_of_children() -> float:
    """Give the processor seconds of all finished children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure_size(passages: int, folder: Path) -> dict[str, dict[str, float]]:
    """Measure everything at one size."""
    corpus, index_dir = folder / "corpus", folder / "index"
    make_corpus(corpus, passages)
    build = run_cold("update", corpus, index_dir)
    build["passages_per_cpu_second"] = passages / build["cpu_seconds"]
    unchanged = run_cold("update", corpus, index_dir)
    touched = next(corpus.rglob("*.md"))
    touched.write_text(touched.read_text(encoding="utf-8") + "\none more line", encoding="utf-8")
    one_note = run_cold("update", corpus, index_dir)
    figures = {
        "build": build,
        "unchanged": unchanged,
        "one_note": one_note,
        "first_answer": run_cold("first_answer", corpus, index_dir),
        "warm": run_cold("warm", corpus, index_dir),
        "mend": run_cold("mend", corpus, index_dir),
    }
    for case in ("words", "rare", "all"):
        with suppress(subprocess.CalledProcessError):  # where the cache cannot be dropped
            figures[f"disk_{case}"] = run_cold(f"disk_{case}", corpus, index_dir)
    sizes = {path.name: path.stat().st_size / 1e6 for path in index_dir.iterdir()}
    figures["disk"] = {
        "catalog_mb": sizes["catalog.sqlite"],
        "vectors_mb": sum(size for name, size in sizes.items() if name.endswith(".faiss")),
        "files": passages / PASSAGES_PER_FILE,
    }
    return figures


# ------------------------------------------------------------------ the plot

LINES = {
    "build": ("build", "cpu_seconds", 1.0),
    "one note changed, cold process": ("one_note", "process_cpu_seconds", 1.0),
    "nothing changed, cold process": ("unchanged", "process_cpu_seconds", 1.0),
    "open and first answer, cold process": ("first_answer", "process_cpu_seconds", 1.0),
    "four common words, warm": ("warm", "ms_matches", 1e-3),
    "nearest, warm": ("warm", "ms_nearest", 1e-3),
}


def lines(kept: dict[str, dict[str, dict[str, float]]]) -> dict[str, list[tuple[int, float]]]:
    """Give what is drawn: the points of each line."""
    return {
        label: [(size, kept[str(size)][part][name] * unit) for size in sorted(map(int, kept))]
        for label, (part, name, unit) in LINES.items()
    }


def main() -> None:
    """Measure, keep the figures, print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000, 250_000])
    parser.add_argument("--measure", nargs=3, metavar=("NAME", "CORPUS", "INDEX"))
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    parser.add_argument("--plot", action="store_true")
    options = parser.parse_args()
    if options.measure:
        name, corpus, index_dir = options.measure
        print(json.dumps(MEASURES[name](Path(corpus), Path(index_dir))))
        return
    kept = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    if options.plot:
        (HERE / "index.svg").write_text(draw(lines(kept)), encoding="utf-8")
        return
    for size in options.sizes:
        folder = options.keep or Path(tempfile.mkdtemp(prefix="notesearch-bench-"))
        try:
            kept[str(size)] = measure_size(size, folder)
        finally:
            if options.keep is None:
                shutil.rmtree(folder)
        print(size, json.dumps(kept[str(size)], indent=2))
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
