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
from pathlib import Path

from benchmarks.engine_asking import KnownQuestions, ask, embed
from benchmarks.engine_tables import tables
from benchmarks.engine_writing import Figures, build

ROOT = Path(__file__).parent.parent
STEPS = ("embed", "build", "ask")


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the index of real notes, a folder")
    parser.add_argument("--keep", type=Path, required=True, help="works in this folder")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000])
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
