"""The words that the made-up notes of the benchmarks consist of."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def all_words() -> list[str]:
    """Give the words of real notes in their order, or made-up ones."""
    data = Path(os.environ.get("NOTESEARCH_DATA", HERE.parent.parent / "shared" / "data"))
    paths = sorted((data / "wild" / "notes").rglob("*.md"))
    words: list[str] = []
    for path in random.Random(0).sample(paths, min(1500, len(paths))):
        words.extend(path.read_text(encoding="utf-8", errors="replace").split())
    if words:
        return words
    ranks = np.random.default_rng(0).zipf(1.3, 1_000_000) % 50_000
    return [f"word{rank}" for rank in ranks]
