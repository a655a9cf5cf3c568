"""What each part of the ranking costs a warm query: milliseconds with it, less those without.

    python -m benchmarks.gain_cost [--passages 250000] [--keep FOLDER]

On the index and with the questions of query_speed, each question put to all settings in turn.
"new" are questions whose words were not asked for before, "again" the same ones once more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.query_speed import BETWEEN, QUERIES, RandomEmbedder, draw_queries, ensure_index
from benchmarks.relevance import GAINS, PLAIN
from notesearch.index.store import Store
from notesearch.search.weights import DEFAULT_WEIGHTS
from tests.search.written import AskedStore

SETTINGS = {
    "default": DEFAULT_WEIGHTS,
    "plain mix": PLAIN,
} | {f"without {gain}": replace(DEFAULT_WEIGHTS, **{gain: 0.0}) for gain in GAINS}


def measure(index_dir: Path, queries: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Give the milliseconds of each question by setting and moment."""
    with ExitStack() as stack:
        searchers = {
            name: AskedStore(
                stack.enter_context(Store(index_dir)),
                RandomEmbedder,
                least_relevance=0.0,
                weights=weights,
            )
            for name, weights in SETTINGS.items()
        }
        first = queries[:BETWEEN]
        ask_all(searchers, first)
        asked = queries[BETWEEN : BETWEEN + QUERIES]
        return {moment: ask_all(searchers, asked) for moment in ("new", "again")}


def ask_all(searchers: dict[str, AskedStore], queries: Sequence[str]) -> dict[str, list[float]]:
    """Put each question to all searchers; who is first changes from question to question."""
    names = list(searchers)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number, query in enumerate(queries):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.perf_counter()
            searchers[name].search(query)
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def main() -> None:
    """Measure and print a row for each setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=250_000)
    parser.add_argument("--keep", type=Path, help="keep the index in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="notesearch-cost-") as scratch:
        index_dir = ensure_index(options.keep or Path(scratch), options.passages)
        figures = measure(index_dir, draw_queries())
    print("| | new words | costs | words again | costs |\n|---|---|---|---|---|")
    for name in SETTINGS:
        cells = []
        for times in figures.values():
            median = statistics.median(times[name])
            pairs = zip(times["default"], times[name], strict=True)
            cost = statistics.median(default - without for default, without in pairs)
            cells += [f"{median:.1f}", f"{cost:.1f}" if name != "default" else ""]
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
