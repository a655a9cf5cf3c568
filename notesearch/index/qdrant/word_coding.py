"""Take texts apart into words, and number these for an engine.

The words are the stems of an index on disk. An engine is
given numbers: as the dimensions of sparse vectors, and in the place of a text that it finds words
side by side in, so that its own tokenizer has no say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from notesearch.index.stems import Stemmer

# Stands between title, section and text: words side by side never reach over it.
_PARTED = "z"

Columns = tuple[list[str], ...]  # the words of each column of a text, in their order


class WordSplitter:
    """Makes words of texts as an index on disk does; threads take turns."""

    def __init__(self) -> None:
        self._stemmer = Stemmer()

    def split(self, texts: Sequence[Sequence[str]]) -> list[Columns]:
        """Return the words of texts of several columns each."""
        return [tuple(map(self._stemmer.stems_of, text)) for text in texts]

    def words_of(self, text: str) -> list[str]:
        """Return the words of one text."""
        return self._stemmer.stems_of(text)


def record_of_word(word: str) -> str:
    """Return the id of what an engine keeps of a word."""
    return record_id("word", word)


def record_id(kind: str, name: str) -> str:
    """Return the id of a record; two names never share one."""
    digest = hashlib.blake2b(f"{kind}:{name}".encode("utf-8", "surrogatepass"), digest_size=16)
    return str(UUID(bytes=digest.digest()))


def code_text(columns: Iterable[Sequence[int]]) -> str:
    """Write the words of a text's columns by their numbers."""
    return f" {_PARTED} ".join(code_words(column) for column in columns)


def code_words(numbers: Iterable[int]) -> str:
    """Write words side by side by their numbers."""
    return " ".join(f"{number:x}" for number in numbers)


def count_run(code: str, run: str, weights: Sequence[float]) -> float:
    """Count how often a coded text has words side by side, by the weight of the column."""
    wanted = run.split()
    return sum(
        weight * sum(words[at : at + len(wanted)] == wanted for at in starts)
        for weight, column in zip(weights, code.split(_PARTED), strict=True)
        for words in (column.split(),)
        for starts in ([at for at, word in enumerate(words) if word == wanted[0]],)
    )


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How many passages and notes have a word, and its number."""

    number: int
    passages: int
    notes: int


def weigh(columns: Iterable[Sequence[int]], weights: Sequence[float]) -> dict[int, float]:
    """Count how often a text has each word, by the weight of its column."""
    counts: dict[int, float] = {}
    for numbers, weight in zip(columns, weights, strict=True):
        for number in numbers:
            counts[number] = counts.get(number, 0.0) + weight
    return counts


def each_word(texts: Iterable[Columns]) -> Iterator[str]:
    """Yield all words of texts."""
    for columns in texts:
        for column in columns:
            yield from column
