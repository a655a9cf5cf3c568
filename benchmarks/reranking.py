"""Measures what a cross-encoder costs a question, compiled and through sentence-transformers.

    python benchmarks/reranking.py [--passages N] [--rounds N]

Prints the table that stands in benchmarks/README.md. The model has the shape and the tokenizer of
all-MiniLM-L6-v2, which the usual small cross-encoders share, and random weights: these change the
scores, not the time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from notesearch.embedding import ModelChoice, RerankerChoice, load_counter, load_reranker
from notesearch.embedding.compile.pretrained import quiet
from notesearch.embedding.model_files import find_source

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
QUESTION = "why DPO avoids reward model"
PASSAGE_TOKENS = 224


def main() -> None:
    """Time both engines in turn and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    passages = cut_passages(arguments.passages)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "random-pairs")
        save_random_model(folder)
        engines = {
            "sentence-transformers": open_plain(folder),
            "compiled float32": open_compiled(folder, Path(scratch, "cache")),
        }
        best = dict.fromkeys(engines, float("inf"))
        for _ in range(arguments.rounds):
            for name, score in engines.items():
                best[name] = min(best[name], processor_seconds(score, passages))
    slowest = best["sentence-transformers"]
    print(f"| {len(passages)} passages of {PASSAGE_TOKENS} tokens | processor s | times as fast |")
    print("|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {seconds:.2f} | {slowest / seconds:.2f} |")


def cut_passages(count: int) -> list[str]:
    """Give stretches of the notes in `corpus/`, as long as passages of the index may be."""
    words = [
        word
        for path in sorted(CORPUS.rglob("*.md"))
        for word in path.read_text(encoding="utf-8").split()
    ]
    sizes = load_counter().count_many(words)
    passages: list[str] = []
    part: list[str] = []
    room = PASSAGE_TOKENS
    for word, size in zip(words, sizes, strict=True):
        if size > room:
            passages.append(" ".join(part))
            part, room = [], PASSAGE_TOKENS
        part.append(word)
        room -= size
    return passages[:count]


def save_random_model(folder: Path) -> None:
    """Save a cross-encoder with one label that was never trained."""
    import torch
    from transformers import AutoConfig, AutoTokenizer, BertForSequenceClassification

    source = find_source(ModelChoice("all-MiniLM-L6-v2"))
    if source is None:
        raise SystemExit("the default model is not installed")
    torch.manual_seed(0)
    with quiet():
        config = AutoConfig.from_pretrained(source.folder, num_labels=1)
        BertForSequenceClassification(config).save_pretrained(folder)
        AutoTokenizer.from_pretrained(source.folder).save_pretrained(folder)


def open_plain(folder: Path) -> Callable[[list[str]], object]:
    """Open the CrossEncoder of sentence-transformers at its defaults."""
    from sentence_transformers import CrossEncoder

    with quiet():
        model = CrossEncoder(str(folder), device="cpu")
    return lambda passages: model.predict([(QUESTION, passage) for passage in passages])


def open_compiled(folder: Path, cache_dir: Path) -> Callable[[list[str]], object]:
    """Open the compiled form."""
    reranker = load_reranker(RerankerChoice(str(folder)), cache_dir=cache_dir)
    return lambda passages: reranker.score_passages(QUESTION, passages)


def processor_seconds(score: Callable[[list[str]], object], passages: list[str]) -> float:
    """Time of all threads: what else runs on the machine counts little."""
    start = time.process_time()
    score(passages)
    return time.process_time() - start


if __name__ == "__main__":
    main()
