"""Hurt the index hundreds of times and see that it never lies.

    python -m benchmarks.faults                        # everything, some 40 minutes on two cores
    python -m benchmarks.faults --only flips moves     # some parts alone
    python -m benchmarks.faults --share 0.1 --seed 7   # a tenth of each

Each part ends with its figures, or with an AssertionError that names the fault; the same seed
deals the same changes, and the moments of the kills are as the machine will have it. A full disk
is a small file system, which needs the right to mount one. The same functions run a few times each
in tests/index/test_faults.py and tests/test_command_faults.py.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from notesearch import load_embedder
from notesearch.index.update import update_index
from tests.command_faults import fill_disks, kill_commands, read_beside_rebuilds, write_together
from tests.index.contents import contents_of
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import (
    change_corpus,
    flip_bytes,
    kill_updates,
    move_all,
    read_while_writing,
)


def hurt_a_fresh_index(
    folder: Path, hurt: Callable[..., dict[str, int]], times: int, seed: int
) -> dict[str, int]:
    """Build an index of 900 passages and hurt each of its files so many times."""
    corpus, index_dir = LineCorpus(folder / "corpus"), folder / "index"
    change_corpus(corpus, random.Random(seed), files=30, lines=30)
    update_index(index_dir, plan_of(corpus))
    return hurt(index_dir, contents_of(index_dir), times, seed)


def kill_with_the_shipped_model(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill the command as it stands; its model is the one in the package."""
    return kill_commands(folder, kills, seed, load_embedder(), files=12, paragraphs=8)


# Each part, what it does with a folder, a number and a seed, and the number.
PARTS: dict[str, tuple[Callable[[Path, int, int], object], int]] = {
    "kills of the library": (kill_updates, 150),
    "kills of the command": (kill_commands, 100),
    "kills of the command with the shipped model": (kill_with_the_shipped_model, 50),
    "flips in each file": (
        lambda folder, times, seed: hurt_a_fresh_index(folder, flip_bytes, times, seed),
        500,
    ),
    "moves in each file": (
        lambda folder, times, seed: hurt_a_fresh_index(folder, move_all, times, seed),
        100,
    ),
    "full disks": (fill_disks, 100),
    "two writers": (write_together, 50),
    "8 readers beside updates": (
        lambda folder, times, seed: read_while_writing(folder, 8, times, seed),
        200,
    ),
    "8 readers beside updates and rebuilds": (
        lambda folder, times, seed: read_beside_rebuilds(folder, 8, times, seed),
        100,
    ),
}


def run(name: str, times: int, seed: int) -> None:
    """Run one part in its own folder and print what came of it."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="notesearch-faults-") as folder:
        outcome = PARTS[name][0](Path(folder), times, seed)
    print(f"{times} {name}: {outcome} in {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="parts whose names have this")
    parser.add_argument("--share", type=float, default=1.0, help="of the number of each")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name, (_, times) in PARTS.items():
        if any(wanted in name for wanted in options.only):
            run(name, max(1, round(times * options.share)), options.seed)


if __name__ == "__main__":
    main()
