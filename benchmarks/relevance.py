"""How good the answers are, and what each part of the ranking gives, on judged queries.

    python benchmarks/relevance.py                   # every collection, every setting
    python benchmarks/relevance.py --keep FOLDER      # keeps the indexes, to measure again soon
    python benchmarks/relevance.py --collections tune --only default

wild, Cranfield and CISI stand in ../shared/data, or in the folder that NOTESEARCH_DATA names;
what is not there is left out. `tune` and `test` are the halves of corpus/queries.yaml. Settings are
chosen by all but `test`. These are measured by nDCG@10; `questions`, of that folder, and
`own-questions`, of benchmarks/questions, are asked of the notes of wild and have tables by kind.
`--only` chooses settings, and the default is measured beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.question_tables import question_lines
from notesearch import Index
from notesearch.corpus.reading_rules import ReadingRule
from notesearch.embedding import Embedder, ModelChoice, load_embedder
from notesearch.evaluation.evaluate import Evaluation, Found, compare, evaluate
from notesearch.evaluation.json_lines import read_json_lines
from notesearch.evaluation.judged import JudgedQuery, read_queries, unknown_notes
from notesearch.evaluation.metrics import DEPTH, Measure
from notesearch.index.store import Store
from notesearch.query.parser import parse_filter
from notesearch.search.answer import Mode
from notesearch.search.weights import DEFAULT_WEIGHTS, Weights
from notesearch.settings import Settings
from tests.search.written import AskedStore

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared" / "data"))
BEIR = ("cranfield", "cisi")
SHIPPED = ("tune", "test")
# By the folder that holds the questions; wild holds their notes.
QUESTIONS = {"questions": DATA / "questions", "own-questions": ROOT / "benchmarks" / "questions"}
GRADED = ROOT / "benchmarks" / "questions" / "graded.jsonl"  # passages, for some of the former
NAMES = ("wild", *QUESTIONS, *BEIR, *SHIPPED)
DEFAULT = "default"

GAINS = ("covered", "evidence", "note", "pairs", "repeats", "rewordings")
PLAIN = replace(DEFAULT_WEIGHTS, **dict.fromkeys(GAINS, 0.0))
# Reciprocal ranks are added up over this much more than the rank, as is usual.
RANK_SHIFT = 60

Search = Callable[[JudgedQuery], Sequence[Found]]


# ------------------------------------------------------------------ the collections


def notes_of(name: str) -> str:
    """Name the notes that the queries of a collection ask for."""
    if name in SHIPPED:
        return "shipped"
    return "wild" if name in QUESTIONS else name


def is_there(name: str) -> bool:
    """Whether the queries and the notes of a collection can be read."""
    notes = notes_of(name)
    return notes == "shipped" or (
        QUESTIONS.get(name, DATA / name).is_dir() and (DATA / notes).is_dir()
    )


def ensure_index(name: str, folder: Path) -> Path:
    """Index the notes of a collection; an index that is there already is brought up to date."""
    settings = Settings(index=folder / notes_of(name))
    if name in BEIR:
        settings = replace(settings, reading=(ReadingRule(files="*", split="none"),))
    with Index.open(create=True, settings=settings) as index:
        index.update(ensure_notes(name, folder))
        known = {name for note in index.notes() for name in (note.note_id, note.path)}
    if unknown := unknown_notes(read_judged(name), known):
        print(f"{name}: judged, but not in the index: {', '.join(unknown)}", file=sys.stderr)
    return settings.index


def ensure_notes(name: str, folder: Path) -> Path:
    """Give the folder of a collection's notes; the documents of BEIR are written there first."""
    if name in SHIPPED:
        return ROOT / "corpus"
    if name not in BEIR:
        return DATA / notes_of(name) / "notes"
    notes = folder / f"{name}-notes"
    if not notes.exists():
        notes.mkdir(parents=True)
        rows: Iterator[tuple[str, Any]] = read_json_lines(DATA / name / "corpus.jsonl")
        for _, row in rows:
            text = f"---\ntitle: {json.dumps(row['title'])}\n---\n\n{row['text']}\n"
            (notes / f"{row['_id']}.md").write_text(text, encoding="utf-8")
    return notes


def read_judged(name: str) -> tuple[JudgedQuery, ...]:
    """Read the judged queries of a collection, with the passages that were graded for them."""
    if name in QUESTIONS:
        paths = [QUESTIONS[name] / file for file in ("wild.jsonl", "absent.txt")]
        graded = [GRADED] if name == "questions" else []
        return read_queries(*paths, *graded)
    if name in SHIPPED:
        return read_queries(ROOT / "corpus" / "queries.yaml", split=name)
    return read_queries(DATA / name if name in BEIR else DATA / name / "queries.jsonl")


# ------------------------------------------------------------------ the settings


def make_settings() -> dict[str, tuple[Mode, Weights]]:
    """Name what is compared, each gain alone and left out; reciprocal ranks are apart."""
    settings = {
        "dense": (Mode.DENSE, DEFAULT_WEIGHTS),
        "lexical": (Mode.LEXICAL, DEFAULT_WEIGHTS),
        "plain mix": (Mode.HYBRID, PLAIN),
    }
    for gain in GAINS:
        alone = replace(PLAIN, **{gain: getattr(DEFAULT_WEIGHTS, gain)})
        settings[f"plain mix with {gain}"] = (Mode.HYBRID, alone)
    settings[DEFAULT] = (Mode.HYBRID, DEFAULT_WEIGHTS)
    for gain in GAINS:
        settings[f"default without {gain}"] = (
            Mode.HYBRID,
            replace(DEFAULT_WEIGHTS, **{gain: 0.0}),
        )
    return settings


def search_with(searcher: AskedStore, mode: Mode) -> Search:
    """Search in one mode, as `notesearch eval` does."""

    def search(query: JudgedQuery) -> list[Found]:
        where = parse_filter(query.where) if query.where else None
        hits = searcher.search(query.text, where=where, k=DEPTH, mode=mode).hits
        return list(map(Found.of, hits))

    return search


def add_reciprocal_ranks(searches: Sequence[Search]) -> Search:
    """Fuse the notes of several searches by their ranks alone."""

    def search(query: JudgedQuery) -> list[Found]:
        scores: dict[str, float] = {}
        found: dict[str, Found] = {}
        for one in searches:
            for rank, hit in enumerate(one(query), start=1):
                found.setdefault(hit.id, hit)
                scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (RANK_SHIFT + rank)
        return [found[name] for name in sorted(scores, key=lambda name: -scores[name])]

    return search


def evaluate_settings(
    name: str, folder: Path, embedder: Embedder, only: str
) -> dict[str, Evaluation]:
    """Measure each setting on a collection."""
    index_dir = ensure_index(name, folder)
    queries = read_judged(name)
    with Store(index_dir) as store:

        def search_by(mode: Mode, weights: Weights) -> Search:
            searcher = AskedStore(store, lambda: embedder, weights=weights)
            return search_with(searcher, mode)

        searches = {setting: search_by(*how) for setting, how in make_settings().items()}
        plain = [search_by(mode, PLAIN) for mode in (Mode.DENSE, Mode.LEXICAL)]
        searches["reciprocal ranks"] = add_reciprocal_ranks(plain)
        chosen = {key: search for key, search in searches.items() if only in key or key == DEFAULT}
        return {key: evaluate(queries, search) for key, search in chosen.items()}


# ------------------------------------------------------------------ the table


def print_table(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    """Print a row for each setting: nDCG@10, and success@1 of our own queries."""
    columns = [(name, Measure.NDCG_10) for name in evaluations]
    columns += [(name, Measure.SUCCESS_1) for name in evaluations if name in SHIPPED]
    print("| |", " | ".join(f"{name} {measure.value}" for name, measure in columns), "|")
    print("|---|" + "---|" * len(columns))
    for setting in next(iter(evaluations.values())):
        figures = [mean(evaluations[name][setting], measure) for name, measure in columns]
        print(f"| {setting} |", " | ".join(f"{figure:.3f}" for figure in figures), "|")


def mean(evaluation: Evaluation, measure: Measure) -> float:
    """Give the mean over all queries that have an answer."""
    return fmean(outcome.scores[measure] for outcome in evaluation.answerable)


def print_differences(evaluations: dict[str, dict[str, Evaluation]]) -> None:
    """Print what the default has over the plain mix, query by query, with its interval."""
    for name, by_setting in evaluations.items():
        if {"plain mix", DEFAULT} <= by_setting.keys():
            pair = [(setting, by_setting[setting]) for setting in ("plain mix", DEFAULT)]
            gain = compare(pair[0], pair[1]).differences[Measure.NDCG_10]
            print(f"{name}: {gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})")


def main() -> None:
    """Measure the collections asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    there = [name for name in NAMES if is_there(name)]
    parser.add_argument("--collections", nargs="*", default=there, choices=there)
    parser.add_argument("--only", default="", metavar="TEXT", help="settings with this in the name")
    parser.add_argument("--keep", type=Path, help="keep the indexes in this folder")
    options = parser.parse_args()
    embedder = load_embedder(ModelChoice())
    with tempfile.TemporaryDirectory(prefix="notesearch-relevance-") as scratch:
        folder = options.keep or Path(scratch)
        evaluations = {
            name: evaluate_settings(name, folder, embedder, options.only)
            for name in options.collections
        }
    ranked = {name: found for name, found in evaluations.items() if name not in QUESTIONS}
    if ranked:
        print_table(ranked)
        print_differences(ranked)
    for name in [name for name in evaluations if name in QUESTIONS]:
        print(f"\n{name}\n", *question_lines(evaluations[name], DEFAULT), sep="\n")


if __name__ == "__main__":
    main()
