"""What an index in an engine takes, and how fast it answers, by the number of passages.

    python -m venv ENGINE; ENGINE/bin/pip install -e '.[qdrant]' qdrant-edge-py
    ENGINE/bin/python -m benchmarks.engine_scale INDEX --keep FOLDER [--sizes N …]

INDEX is a folder with the index of real notes; of these, as many are made as are wanted
(`engine_copies.py`). They are written as notesearch writes an index in an engine, into Qdrant's
engine in this process (`edge_client.py`), and asked by `Index.search`. Each step runs in a process
of its own, and what it measured is kept in FOLDER: a run that was ended goes on where it was. The
last lines are Markdown tables. How much memory is the process's own is told by Linux alone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.engine_asking import KnownQuestions, ask, embed
from benchmarks.engine_writing import Figures, build

ROOT = Path(__file__).parent.parent
STEPS = ("embed", "build", "ask")
# Of the passages' own collection; what is not named here are the numbers and versions of points.
PARTS = {
    "vector_storage-meaning": "vector: float16, and int8",
    "vector_index-meaning": "graph of neighbours",
    "vector_storage-words": "its words, as stored",
    "vector_index-words": "index of the words",
    "payload_storage": "texts, and what filters ask (compressed)",
    "payload_index": "indexes of what filters ask",
    "phrases": "index of phrases",
}
LOG = "log of what was written last"


def run_step(step: str, index_dir: Path, folder: Path, wanted: int) -> Figures:
    """Take a step in a new process, unless an earlier run has; give its figures."""
    kept = folder / f"{step}.json"
    if not kept.exists():
        if step == "build" and (folder / "engine").exists():
            shutil.rmtree(folder / "engine")
        command = [sys.executable, "-m", "benchmarks.engine_scale", str(index_dir), "--step", step]
        place = ["--keep", str(folder), "--sizes", str(wanted)]
        done = subprocess.run(
            [*command, *place], check=True, capture_output=True, text=True, cwd=ROOT
        )
        kept.write_text(done.stdout, encoding="utf-8")
    figures: Figures = json.loads(kept.read_text(encoding="utf-8"))
    return figures


def tables(measured: dict[int, dict[str, Figures]]) -> Iterator[str]:
    """Write what the sizes take and how they answer, a column for each."""
    sizes = {f"{figures['build']['passages']:,}": figures for figures in measured.values()}
    yield from _table("bytes a passage on disk", sizes, _bytes)
    yield from _table("building, memory", sizes, _effort)
    yield from _table("processor ms: all, under a tag of 2 %", sizes, _times)
    yield from _table("of the first 10 by exact search (processor ms)", sizes, _found)


def _table(
    title: str,
    sizes: dict[str, dict[str, Figures]],
    cells_of: Callable[[dict[str, Figures]], dict[str, str]],
) -> Iterator[str]:
    columns = {size: cells_of(figures) for size, figures in sizes.items()}
    yield _row([title, *columns])
    yield _row(["---"] * (1 + len(columns)))
    for name in next(iter(columns.values())):
        yield _row([name, *(cells[name] for cells in columns.values())])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bytes(figures: dict[str, Figures]) -> dict[str, str]:
    built = figures["build"]
    parts = bytes_by_part(built)
    log = parts.pop(LOG)
    cells = {name: f"{parts[name] / built['passages']:,.0f}" for name in parts}
    cells["all"] = f"{sum(parts.values()) / built['passages']:,.0f}"
    cells[f"{LOG}, MB in all"] = f"{log / 1e6:,.0f}"
    return cells


def bytes_by_part(built: Figures) -> Counter[str]:
    """Add up the bytes on disk by what they hold."""
    sums: Counter[str] = Counter(dict.fromkeys(PARTS.values(), 0))
    for collection, parts in built["parts"].items():
        for part, size in parts.items():
            sums[_holds(collection, part)] += size
    return sums


def _holds(collection: str, part: str) -> str:
    if part == "wal":
        return LOG
    if collection == "notes-notes":
        return "its note"
    if collection == "notes-records":
        return "words by their number, and other records"
    if part.endswith("-text"):
        return PARTS["phrases"]
    return PARTS.get(part.split("/")[0], "numbers and versions of points")


def _effort(figures: dict[str, Figures]) -> dict[str, str]:
    built, asked = figures["build"], figures["ask"]

    def memory(moment: str) -> str:
        return f"{asked[moment]['own']:,.0f} + {asked[moment]['mapped']:,.0f}"

    return {
        "notes": f"{built['notes']:,}",
        "different words": f"{built['words']:,}",
        "segments of the passages": f"{built['segments']['notes']}",
        "processor s of the whole build": f"{built['processor_s']:,.0f}",
        "memory while writing, MB": f"{built['peak_mb']:,.0f}",
        "memory when opened, its own + mapped files, MB": memory("opened"),
        "… after 1,440 requests": memory("asked"),
        "… after 240 questions by notesearch": memory("searched"),
    }


def _times(figures: dict[str, Figures]) -> dict[str, str]:
    asked = figures["ask"]
    cells = {
        name: f"{asked['all'][name]['ms']:.1f}, {asked['2 %'][name]['ms']:.1f}"
        for name in asked["all"]
    }
    searches = [asked["search, all"], asked["search, 2 %"]]
    for name, key in (
        ("a whole question by notesearch", "ms"),
        ("… of these in the engine", "engine_ms"),
        ("… requests", "requests"),
    ):
        cells[name] = ", ".join(f"{search[key]:.0f}" for search in searches)
    return cells


def _found(figures: dict[str, Figures]) -> dict[str, str]:
    recall = figures["ask"]["recall"]
    return {
        name: ", ".join(f"{recall[where][name]['recall']:.3f} ({recall[where][name]['ms']:.2f})"
                        for where in recall)
        for name in recall["all"]
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the index of real notes, a folder")
    parser.add_argument("--keep", type=Path, required=True, help="works in this folder")
    parser.add_argument("--sizes", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    index_dir, keep = options.index.resolve(), options.keep.resolve()
    measured: dict[int, dict[str, Figures]] = {}
    if options.step == "embed":
        print(json.dumps(embed(index_dir)))
    elif options.step == "build":
        print(json.dumps(build(index_dir, keep / "engine", options.sizes[0])))
    elif options.step == "ask":
        kept = json.loads((keep / "embed.json").read_text(encoding="utf-8"))
        print(json.dumps(ask(keep / "engine", KnownQuestions(kept))))
    else:
        for size in options.sizes:
            folder = keep / str(size)
            folder.mkdir(parents=True, exist_ok=True)
            measured[size] = {step: run_step(step, index_dir, folder, size) for step in STEPS}
        print("\n".join(tables(measured)))


if __name__ == "__main__":
    main()
