"""How well `notesearch compare` tells notes on one paper from others of the same collection.

    python benchmarks/comparison.py                   # of the notes in ../shared/data/wild
    python benchmarks/comparison.py --index FOLDER    # of an index of them that is there

Of each paper with several notes two are compared, and the first with one taken by chance out of the
collection that the second is from. Copies stay out.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance import DATA
from notesearch import Index, Paper, StoredNote, StoredPassage
from notesearch.embedding import load_embedder
from notesearch.lazy import Lazy
from notesearch.search.compared_sentences import read_sentences_of
from notesearch.search.sentence_likeness import (
    ReadSentences,
    find_pairs,
    least_likeness,
    measure_likeness,
    measure_rarity,
    unrelated_cosine,
)
from notesearch.search.sentence_vectors import SentenceVectors
from notesearch.settings import Settings

_SEED = 17
_MOST_PASSAGES = 40
_MOST_SENTENCES = 200
_SIZES = (1, 30, 200, 800, 1_000_000_000)  # pairs of sentences that may be, of two notes
# Sentences that are the same but for a word or two are found at any threshold.
_COPIED = 0.9


@dataclass(frozen=True)
class ReadNote:
    """A note with what is compared of it."""

    passages: NDArray[np.float32]  # (passages, dimension)
    sentences: ReadSentences


@dataclass
class Compared:
    """What comparing found: of notes on one paper, or of notes taken by chance."""

    passages: list[float] = field(default_factory=list)  # cosines, of those nearest to each other
    cosines: list[float] = field(default_factory=list)  # of sentences nearest to each other
    likeness: list[float] = field(default_factory=list)  # of sentences likest to each other
    of_notes: list[tuple[int, list[float]]] = field(default_factory=list)  # by two notes: how many
    # pairs of sentences may be, and how alike the likest are


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(index=given.index or Path(scratch) / "wild")
        with Index.open(create=True, settings=settings) as index:
            if given.index is None:
                index.update(DATA / "wild" / "notes")
            triples = list(choose_notes(index.papers(), index.notes(), random.Random(_SEED)))
            wanted = {note.note_id for triple in triples for note in triple}
            of_note: dict[str, list[StoredPassage]] = defaultdict(list)
            for stored in index.passages(vectors=True):
                if stored.note.note_id in wanted:
                    of_note[stored.note.note_id].append(stored)
    vectors = SentenceVectors(Lazy(load_embedder)).vectors
    unrelated = unrelated_cosine(vectors)
    read = {note_id: read_note(passages, vectors) for note_id, passages in of_note.items()}
    same, chance = Compared(), Compared()
    for one, other, stranger in triples:
        compare(read[one.note_id], read[other.note_id], unrelated, same)
        compare(read[one.note_id], read[stranger.note_id], unrelated, chance)
    for line in report(same, chance, len(triples)):
        print(line)


def choose_notes(
    papers: Sequence[Paper], notes: Sequence[StoredNote], chance: random.Random
) -> Iterator[tuple[StoredNote, StoredNote, StoredNote]]:
    """Yield two notes on each paper that has several, and a stranger of the second's collection."""
    collections: Mapping[str, list[StoredNote]] = defaultdict(list)
    for note in notes:
        collections[_collection(note)].append(note)
    for paper in papers:
        on_it = {note.note_id for note in paper.notes}
        own = [note for note in paper.notes if note.note_id not in paper.copies]
        if len(own) < 2:
            continue
        others = [n for n in collections[_collection(own[1])] if n.note_id not in on_it]
        yield own[0], own[1], chance.choice(others)


def _collection(note: StoredNote) -> str:
    return note.path.partition("/")[0]


def read_note(
    passages: Sequence[StoredPassage], vectors: Callable[[Sequence[str]], NDArray[np.float32]]
) -> ReadNote:
    passages = passages[:_MOST_PASSAGES]
    sentences = [*islice(read_sentences_of(passages), _MOST_SENTENCES)]
    texts = [sentence.shown for sentence in sentences]
    found = vectors(texts) if texts else np.zeros((0, 1), dtype=np.float32)
    own = np.stack([stored.vector for stored in passages if stored.vector is not None])
    return ReadNote(own, ReadSentences(sentences, found))


def compare(one: ReadNote, other: ReadNote, unrelated: float, into: Compared) -> None:
    into.passages += _best(one.passages @ other.passages.T)
    a, b = one.sentences, other.sentences
    if not (a.sentences and b.sentences):
        return
    into.cosines += _best(a.vectors @ b.vectors.T)
    rarity = measure_rarity(a.sentences, b.sentences)
    found = _best(measure_likeness(a, b, rarity, unrelated))
    into.likeness += found
    into.of_notes.append((len(a.sentences) * len(b.sentences), found))


def _best(alike: NDArray[np.floating]) -> list[float]:
    """Return how alike those are that are each other's likest."""
    return [float(alike[at]) for at in find_pairs(alike.astype(np.float64), -1.0)]


def report(same: Compared, chance: Compared, count: int) -> Iterator[str]:
    yield f"{count} papers; pairs of one paper, and of notes taken by chance\n"
    yield "| pairs likest to each other | one paper | by chance | AUC | AUC without copies |"
    yield "|---|---|---|---|---|"
    for name, of_one, of_other in (
        ("passages, by cosine", same.passages, chance.passages),
        ("sentences, by cosine", same.cosines, chance.cosines),
        ("sentences, by likeness", same.likeness, chance.likeness),
    ):
        own = [value for value in of_one if value < _COPIED]
        yield (
            f"| {name} | {len(of_one)} | {len(of_other)} | {area_under(of_one, of_other):.3f} "
            f"| {area_under(own, of_other):.3f} |"
        )
    yield (
        "\n| sentences × sentences | by chance: 95 % are below | asked for | kept by chance "
        "| kept of one paper | notes with a pair, by chance | of one paper |"
    )
    yield "|---|---|---|---|---|---|---|"
    for least, most in pairwise(_SIZES):
        yield _row(least, most, same, chance)


def _row(least: int, most: int, same: Compared, chance: Compared) -> str:
    shares, notes = [], []
    for found in (chance, same):
        of_size = [(size, values) for size, values in found.of_notes if least <= size < most]
        kept = [value >= least_likeness(size) for size, values in of_size for value in values]
        shares.append(float(np.mean(kept)))
        notes.append(float(np.mean([max(v) >= least_likeness(size) for size, v in of_size])))
    by_chance = [value for size, v in chance.of_notes if least <= size < most for value in v]
    asked = [least_likeness(size) for size, _ in chance.of_notes if least <= size < most]
    figures = [np.quantile(by_chance, 0.95), np.median(asked), *shares, *notes]
    name = f"{least:,} to {most - 1:,}" if most < _SIZES[-1] else f"{least:,} or more"
    return f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |"


def area_under(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return how often one of the first is above one of the others."""
    first, other = np.array(positive)[:, None], np.array(negative)
    return float((first > other).mean() + (first == other).mean() / 2)


if __name__ == "__main__":
    main()
