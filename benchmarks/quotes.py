"""How often `notesearch quote` finds a sentence of real notes again that was changed.

    python benchmarks/quotes.py                   # of the notes in ../shared/data/wild
    python benchmarks/quotes.py --index FOLDER    # of an index of them that is there

Sentences are taken out of passages by chance, and a share of their words is changed in one way or
in all of them. Found is the passage that the sentence is from, or one with the same sentence.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.relevance import DATA
from notesearch import Index
from notesearch.evaluation.judged import read_queries
from notesearch.records import Hit
from notesearch.search.comparable_words import ComparedText, read_comparable
from notesearch.search.word_agreement import find_exactly
from notesearch.settings import Settings

_LEAST_WORDS, _MOST_WORDS = 8, 40
_SENTENCES = 200
_SEED = 17

Change = Callable[[list[str], Sequence[int], "_Words"], list[str]]


class _Words:
    """Words of the whole collection, as often as it has them, and what is left to chance."""

    def __init__(self, words: Sequence[str], chance: random.Random) -> None:
        self._words = words
        self.chance = chance

    def other(self) -> str:
        return self.chance.choice(self._words)


def _delete(words: list[str], at: Sequence[int], _: _Words) -> list[str]:
    return [word for number, word in enumerate(words) if number not in at]


def _replace(words: list[str], at: Sequence[int], others: _Words) -> list[str]:
    return [others.other() if number in at else word for number, word in enumerate(words)]


def _swap(words: list[str], at: Sequence[int], _: _Words) -> list[str]:
    """Let words change places with the one behind them; two are changed by each."""
    words = list(words)
    for number in at[::2]:
        beside = number + 1 if number + 1 < len(words) else number - 1
        words[number], words[beside] = words[beside], words[number]
    return words


def _reorder(words: list[str], at: Sequence[int], others: _Words) -> list[str]:
    """Take words out, and put each in anywhere."""
    left = _delete(words, at, others)
    for number in at:
        left.insert(others.chance.randint(0, len(left)), words[number])
    return left


def _mixed(words: list[str], at: Sequence[int], others: _Words) -> list[str]:
    """Change words in all ways, as many in each; those that are deleted go at last."""
    shuffled = list(at)
    others.chance.shuffle(shuffled)
    deleted, replaced, swapped, moved = (sorted(shuffled[start::4]) for start in range(4))
    words = _swap(_replace(words, replaced, others), swapped, others)
    marked = [*enumerate(words)]
    kept = [one for one in marked if one[0] not in deleted and one[0] not in moved]
    for number in moved:
        kept.insert(others.chance.randint(0, len(kept)), marked[number])
    return [word for _, word in kept]


_CHANGES: Mapping[str, Change] = {
    "deleted": _delete,
    "replaced": _replace,
    "swapped": _swap,
    "moved": _reorder,
    "mixed": _mixed,
}


@dataclass(frozen=True)
class Taken:
    """A sentence of a passage."""

    passage_id: str
    sentence: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(index=given.index or Path(scratch) / "wild")
        with Index.open(create=True, settings=settings) as index:
            if given.index is None:
                index.update(DATA / "wild" / "notes")
            chance = random.Random(_SEED)
            taken, words = take_sentences(index, chance)
            print("| words changed | share | first | among 5 | median s | worst s |")
            print("|---|---|---|---|---|---|")
            print(_row(index, "none", 0.0, taken, taken))
            for share in (1 / 3, 1 / 2):
                for name, change in _CHANGES.items():
                    others = _Words(words, random.Random(_SEED))
                    changed = [
                        Taken(one.passage_id, change_words(one.sentence, share, change, others))
                        for one in taken
                    ]
                    print(_row(index, name, share, taken, changed), flush=True)
            print("\n| half-remembered questions | first note right | among 5 |\n|---|---|---|")
            for line in _questions(index):
                print(line)


def take_sentences(index: Index, chance: random.Random) -> tuple[list[Taken], list[str]]:
    """Take sentences by chance, one a passage, and all words of some passages."""
    found: list[Taken] = []
    words: list[str] = []
    passages = list(index.passages())
    for stored in chance.sample(passages, min(len(passages), 20 * _SENTENCES)):
        text = read_comparable(stored.passage.text)
        words += text.shown.split()
        of_length = [s for s in text.sentences if _LEAST_WORDS <= len(s) <= _MOST_WORDS]
        if of_length and len(found) < _SENTENCES:
            found.append(Taken(stored.passage.id, text.of(chance.choice(of_length))))
    return found, words


def change_words(sentence: str, share: float, change: Change, others: _Words) -> str:
    words = sentence.split()
    at = sorted(others.chance.sample(range(len(words)), round(share * len(words))))
    return " ".join(change(words, at, others))


def _row(
    index: Index, name: str, share: float, taken: Sequence[Taken], asked: Sequence[Taken]
) -> str:
    seconds, places = [], []
    for source, changed in zip(taken, asked, strict=True):
        began = time.perf_counter()
        quotes = index.quote(changed.sentence, k=5)
        seconds.append(time.perf_counter() - began)
        sentence = read_comparable(source.sentence)
        right = [
            quote.hit.passage_id == source.passage_id or _says(quote.hit.text, sentence)
            for quote in quotes
        ]
        places.append(right.index(True) if True in right else None)
    first = sum(place == 0 for place in places) / len(places)
    among = sum(place is not None for place in places) / len(places)
    return (
        f"| {name} | {share:.2f} | {first:.3f} | {among:.3f} "
        f"| {median(seconds):.3f} | {max(seconds):.3f} |"
    )


def _says(text: str, sentence: ComparedText) -> bool:
    return find_exactly(read_comparable(text), sentence) is not None


def _questions(index: Index) -> Iterator[str]:
    """Compare with `query`, on questions that are no sentences of the notes."""
    queries = [
        query
        for query in read_queries(DATA / "questions" / "wild.jsonl")
        if query.kind == "half-remembered"
    ]
    asked: dict[str, Callable[[str], list[Hit]]] = {
        "query": lambda text: index.query(text, k=5),
        "quote": lambda text: [quote.hit for quote in index.quote(text, k=5)],
    }
    for name, ask in asked.items():
        found = [[hit.note_id for hit in ask(query.text)] for query in queries]
        right = [query.relevant for query in queries]
        first = sum(bool(ids) and ids[0] in r for ids, r in zip(found, right, strict=True))
        among = sum(any(one in r for one in ids) for ids, r in zip(found, right, strict=True))
        yield f"| {name} | {first} of {len(queries)} | {among} of {len(queries)} |"


if __name__ == "__main__":
    main()
