"""Notesearch side by side with other engines, on the same passages and the same vectors.

    python -m benchmarks.peers --keep FOLDER --python PYTHON [--sizes N …] [--peers NAME …]

PYTHON is the interpreter of an environment with the other engines, such as one made by
`python -m venv PEERS; PEERS/bin/pip install txtai lancedb faiss-cpu bm25s numba`. An engine that
is not there is left out. Every step runs in a process of its own, and what it measured is kept in
FOLDER with the index: a run that was ended goes on where it was, and `--again` measures all but
the building anew. The last lines are a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peer_engines import PEERS
from benchmarks.peer_passages import FILTERS, write_passages

ROOT = Path(__file__).parent.parent
STEPS = ("build", *(f"ask {where}" for where in FILTERS), "overlap", "change")

Figures = dict[str, Any]


class StepError(Exception):
    """A step of an engine failed, or took too long."""


class Comparison:
    """Measures engines at one size, and keeps the figures."""

    def __init__(self, folder: Path, python: str, limit_s: float) -> None:
        self._folder = folder
        self._python = python
        self._limit_s = limit_s

    @property
    def passages(self) -> Path:
        """Where the passages are that all engines get."""
        return self._folder / "passages"

    def find_exactly(self) -> None:
        """Keep what exact search answers, unless an earlier run has done so."""
        kept = self.passages / "exact.json"
        if not kept.exists():
            found = self._run("-", "exact", self.passages)
            kept.write_text(json.dumps(found), encoding="utf-8")

    def missing(self, name: str) -> Sequence[str]:
        """Give the modules that an engine's interpreter lacks."""
        missing: Sequence[str] = self._run(name, "check", self.passages)["missing"]
        return missing

    def figures(self, name: str) -> Figures:
        """Give what is known of an engine, by step."""
        kept = self._figures_of(name)
        figures: Figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        return figures

    def forget_answers(self, name: str) -> None:
        """Have all but the building measured again."""
        figures = self.figures(name)
        self._keep(name, {step: figures[step] for step in ("build",) if step in figures})

    def measure(self, name: str) -> list[str]:
        """Take the steps that no earlier run has taken; give what went wrong."""
        try:
            self._ensure_index(name)
        except StepError as error:
            return [str(error)]
        failures = []
        for step in STEPS[1:]:
            if step in self.figures(name):
                continue
            try:
                found = self._change(name) if step == "change" else self._ask(name, step)
            except StepError as error:
                failures.append(str(error))
            else:
                self._keep(name, self.figures(name) | {step: found})
        return failures

    def _ask(self, name: str, step: str) -> Figures:
        return self._run(name, step, self._index_of(name))

    def _change(self, name: str) -> Figures:
        """Change a copy: the index stays as the others are asked."""
        copy = self._folder / f"{name}.changed"
        _remove(copy)
        try:
            shutil.copytree(self._index_of(name), copy)
            os.sync()  # or the first change waits until the copy is on the disk
            return self._run(name, "change", copy)
        finally:
            _remove(copy)

    def _ensure_index(self, name: str) -> None:
        own = PEERS[name].index or name
        if "build" not in self.figures(own) or not self._index_of(own).exists():
            self._build(own)
        if own != name:
            self._keep(name, self.figures(name) | {"build": self.figures(own)["build"]})

    def _build(self, name: str) -> None:
        index, unfinished = self._index_of(name), self._folder / f"{name}.unfinished"
        _remove(unfinished)
        found = self._run(name, "build", unfinished)
        _remove(index)
        unfinished.rename(index)
        found["disk_mb"] = sum(p.stat().st_size for p in index.rglob("*") if p.is_file()) / 1e6
        found["versions"] = self._run(name, "check", self.passages)["versions"]
        self._keep(name, {"build": found})

    def _run(self, name: str, step: str, index: Path) -> Figures:
        """Take a step in a new process, and give what it prints last."""
        python = sys.executable if name == "notesearch" else self._python
        worker = [python, "-m", "benchmarks.peer_worker"]
        place = f"{self._folder.name} passages, {name}, {step}"
        print(place, file=sys.stderr, flush=True)
        try:
            done = subprocess.run(
                [*worker, name, step, self.passages, index, "--started", str(time.time())],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                timeout=self._limit_s,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise StepError(f"{place}: more than {self._limit_s:.0f} s") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines()[-1:] or [f"exit status {error.returncode}"]
            raise StepError(f"{place}: {said[0]}") from error
        found: Figures = json.loads(done.stdout.splitlines()[-1])
        return found

    def _index_of(self, name: str) -> Path:
        return self._folder / (PEERS[name].index or name)

    def _figures_of(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _keep(self, name: str, figures: Figures) -> None:
        self._figures_of(name).write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


# ------------------------------------------------------------------ the table

COLUMNS = {
    "build, s": "{build[seconds]:,.0f}",
    "on disk, MB": "{build[disk_mb]:,.0f}",
    "memory to build, MB": "{build[peak_mb]:,.0f}",
    "cold, s": "{ask none[cold_seconds]:.2f}",
    "question, ms (90 %)": "{ask none[ms]:.1f} ({ask none[ms_p90]:.1f})",
    "2 % pass, ms (hits)": "{ask 2 %[ms]:.1f} ({ask 2 %[hits]:.1f})",
    "50 % pass, ms (hits)": "{ask 50 %[ms]:.1f} ({ask 50 %[hits]:.1f})",
    "memory, MB": "{ask none[peak_mb]:,.0f}",
    "a note changed, s": "{change[seconds]:.2f}",
    "written, MB": "{change[written_mb]:,.2f}",
    "as exact by meaning": "{overlap[meaning]:.3f}",
    "as bm25s by words": "{overlap[words]:.3f}",
}


def table(measured: dict[int, dict[str, Figures]]) -> Iterator[str]:
    """Write a row for each size and engine; how many times as long as here a question takes."""
    titles = ["passages", "engine", *COLUMNS, "question, times notesearch's"]
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for size, by_name in measured.items():
        own = by_name.get("notesearch", {}).get("ask none")
        for name, figures in by_name.items():
            cells = [_cell(form, figures) for form in COLUMNS.values()]
            asked = figures.get("ask none")
            ratio = f"{asked['ms'] / own['ms']:.1f}" if own and asked else "–"
            versions = figures.get("build", {}).get("versions", {}).values()
            yield _row([f"{size:,}", " ".join([name, *list(versions)[:1]]), *cells, ratio])


def _cell(form: str, figures: Figures) -> str:
    try:
        return form.format_map(figures)
    except KeyError:
        return "–"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[50_000, 250_000, 1_000_000])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--python", default=sys.executable, help="has the other engines")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    parser.add_argument("--again", action="store_true", help="measure all but building anew")
    parser.add_argument("--limit", type=float, default=7200.0, help="seconds of a step")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="notesearch-peers-"))
    measured: dict[int, dict[str, Figures]] = {}
    failures: list[str] = []
    try:
        for size in options.sizes:
            comparison = Comparison((folder / str(size)).resolve(), options.python, options.limit)
            write_passages(comparison.passages, size)
            measured[size] = {}
            for name in options.peers:
                try:
                    if missing := comparison.missing(name):
                        failures.append(f"{name}: left out, no {' and no '.join(missing)}")
                        continue
                    comparison.find_exactly()
                    if options.again:
                        comparison.forget_answers(name)
                    failures += comparison.measure(name)
                except StepError as error:
                    failures.append(str(error))
                measured[size][name] = comparison.figures(name)
    finally:
        print("\n".join(table(measured)))
        print("\n".join(failures), file=sys.stderr)
        if options.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
