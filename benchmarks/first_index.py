"""What a first index costs beside its model alone: passages a second, in one process.

    python -m benchmarks.first_index [--data FOLDER] [--files N] [--rounds N]

The notes of wild (../shared/data, or NOTESEARCH_DATA) are indexed with the model of the package,
and the same texts are then embedded by it alone, in one call: that is what cannot be saved. A round
is both, and an index first; the embedder is opened anew each time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from notesearch import Index
from notesearch.embedding import load_embedder

DATA = Path(os.environ.get("NOTESEARCH_DATA", Path(__file__).parents[2] / "shared" / "data"))


class Cost(NamedTuple):
    """What something took."""

    seconds: float
    processor_s: float


def cost_of(work: Callable[[], object]) -> Cost:
    """Do it once."""
    start, start_cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - start, time.process_time() - start_cpu)


def copy_notes(source: Path, target: Path, most: int) -> None:
    """Copy files, spread over all collections."""
    files = sorted(path for path in source.rglob("*.md") if path.is_file())
    step = max(1, len(files) // most)
    for path in files[::step]:
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)


def index_notes(notes: Path, index_dir: Path) -> dict[str, float]:
    """Make an index; return the seconds of each stage."""
    with Index.open(index_dir, create=True) as index:
        report = index.update(notes)
    return {stage.value: seconds for stage, seconds in report.seconds.items()}


def texts_in(index_dir: Path) -> list[str]:
    """Return what was embedded, in the order of the notes."""
    with sqlite3.connect(f"file:{index_dir / 'catalog.sqlite'}?immutable=1", uri=True) as catalog:
        rows = catalog.execute("SELECT search_text FROM passages ORDER BY id").fetchall()
    return list(dict.fromkeys(text for (text,) in rows))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--files", type=int, default=1_000_000, help="of the notes, about so many")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    shares, processor_shares = [], []
    with tempfile.TemporaryDirectory(prefix="notesearch-first-") as folder:
        notes = Path(folder, "notes")
        copy_notes(options.data / "wild" / "notes", notes, options.files)
        for number in range(options.rounds):
            index_dir = Path(folder, f"index{number}")
            stages: dict[str, float] = {}
            whole = cost_of(lambda: stages.update(index_notes(notes, index_dir)))  # noqa: B023
            texts = texts_in(index_dir)
            alone = cost_of(lambda: load_embedder().embed_passages(texts))  # noqa: B023
            shares.append(alone.seconds / whole.seconds)
            processor_shares.append(alone.processor_s / whole.processor_s)
            print(
                f"{len(texts)} passages: index {len(texts) / whole.seconds:.1f}/s, model alone "
                f"{len(texts) / alone.seconds:.1f}/s, share {shares[-1]:.3f}; processor seconds "
                f"{whole.processor_s:.1f} and {alone.processor_s:.1f}, share "
                f"{processor_shares[-1]:.3f}; cores busy {whole.processor_s / whole.seconds:.2f} "
                f"and {alone.processor_s / alone.seconds:.2f}"
            )
            print("  stages:", {name: round(seconds, 2) for name, seconds in stages.items()})
    print(
        f"median share of the model's speed: {statistics.median(shares):.3f} by the clock, "
        f"{statistics.median(processor_shares):.3f} by the processor"
    )


if __name__ == "__main__":
    main()
