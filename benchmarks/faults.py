"""Hurt the index hundreds of times and see that it never lies: kills, flipped bytes, readers.

    python -m benchmarks.faults                        # 300 kills, 200 flips, 8 readers x 200
    python -m benchmarks.faults --kills 30 --flips 20 --updates 20 --seed 7

Each part ends with its figures, or with an AssertionError that names the fault; the same seed
deals the same changes, and the moments of the kills are as the machine will have it.
The same functions run a few times each in tests/index/test_faults.py.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from notesearch.index.update import update_index
from tests.index.contents import contents_of
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import change_corpus, flip_bytes, kill_updates, read_while_writing


def flip_a_fresh_index(folder: Path, flips: int, seed: int) -> dict[str, int]:
    """Build an index of 900 passages and flip bytes in each of its files."""
    corpus, index_dir = LineCorpus(folder / "corpus"), folder / "index"
    change_corpus(corpus, random.Random(seed), files=30, lines=30)
    update_index(index_dir, plan_of(corpus))
    return flip_bytes(index_dir, contents_of(index_dir), flips, seed)


def run(name: str, part: Callable[[Path], object]) -> None:
    """Run one part in its own folder and print what came of it."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="notesearch-faults-") as folder:
        outcome = part(Path(folder))
    print(f"{name}: {outcome} in {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--flips", type=int, default=200, help="in each file of the index")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seed = options.seed
    run("kills", lambda folder: kill_updates(folder, options.kills, seed))
    run("flips", lambda folder: flip_a_fresh_index(folder, options.flips, seed))
    run(
        "queries beside a writer",
        lambda folder: read_while_writing(folder, options.readers, options.updates, seed),
    )


if __name__ == "__main__":
    main()
