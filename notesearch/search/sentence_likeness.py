"""Measure how alike the sentences of two sides are, by their meaning and their words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.records import Role
from notesearch.search.compared_sentences import Sentence
from notesearch.search.verdict import UNRELATED

# Two sentences are alike as far as they are near in meaning, from 0 for two that have nothing to do
# with each other, and as their words agree, which counts so much. Sections that are for the same
# thing add a little.
_WORDS = 0.5
_SAME_ROLE = 0.03
# A model that finds all texts alike says little, and words decide.
_MOST_UNRELATED = 0.9
# From here on both speak of the same matter. The more sentences there are, the liker two of them
# are by chance, so more is asked for with each tenfold of the pairs that may be: of notes taken by
# chance, short or long, 2 to 8 % of the likest pairs are as like as that.
_LEAST, _MORE_EACH_TENFOLD = 0.29, 0.04

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class ReadSentences:
    """The sentences of one side with their vectors: (sentences, dimension)."""

    sentences: Sequence[Sentence]
    vectors: NDArray[np.float32]


def unrelated_cosine(vectors: Vectors) -> float:
    """Return the cosine that the model gives to sentences that have nothing to do with each other.

    Models differ: of one it is 0.05, of another 0.7.
    """
    found = vectors(UNRELATED)
    median = float(np.median((found @ found.T)[np.triu_indices(len(found), 1)]))
    return min(median, _MOST_UNRELATED)


def measure_rarity(*sides: Sequence[Sentence]) -> Mapping[str, float]:
    """Return for each word how few of the sentences have it: all speak of the topic itself."""
    sentences = [sentence for side in sides for sentence in side]
    count = Counter(stem for sentence in sentences for stem in sentence.words)
    return {stem: math.log1p(len(sentences) / number) for stem, number in count.items()}


def measure_likeness(
    a: ReadSentences, b: ReadSentences, rarity: Mapping[str, float], unrelated: float
) -> NDArray[np.float64]:
    """Return how alike each sentence of one side is to each of the other."""
    if not (a.sentences and b.sentences):
        return np.zeros((len(a.sentences), len(b.sentences)))
    nearness = np.clip((a.vectors @ b.vectors.T - unrelated) / (1 - unrelated), 0.0, 1.0)
    agreement = _word_agreement(a.sentences, b.sentences, rarity)
    likeness = (nearness + _WORDS * agreement) / (1 + _WORDS)
    for role in Role:
        likeness[np.ix_(_having(a.sentences, role), _having(b.sentences, role))] += _SAME_ROLE
    whole: NDArray[np.float64] = np.clip(likeness, 0.0, 1.0).astype(np.float64)
    return whole


def _having(sentences: Sequence[Sentence], role: Role) -> list[int]:
    return [at for at, one in enumerate(sentences) if one.role is role]


def _word_agreement(
    a: Sequence[Sentence], b: Sequence[Sentence], rarity: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the share of its words that each sentence of one side has in common with the others.

    Words count by their rarity.
    """
    having: dict[str, list[int]] = defaultdict(list)
    for at, sentence in enumerate(b):
        for stem in sentence.words:
            having[stem].append(at)
    common = np.zeros((len(a), len(b)))
    for at, sentence in enumerate(a):
        for stem in sentence.words:
            common[at, having.get(stem, [])] += rarity[stem]
    totals = [
        np.array([sum(rarity[stem] for stem in one.words) for one in side]) for side in (a, b)
    ]
    agreement: NDArray[np.float64] = 2 * common / (totals[0][:, None] + totals[1])
    return agreement


def least_likeness(pairs: int) -> float:
    """Return how alike two sentences are, of so many pairs, that speak of the same matter."""
    return _LEAST + _MORE_EACH_TENFOLD * math.log10(max(pairs, 1))


def find_pairs(likeness: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    """Return the sentences that are each other's likest and so alike, the likest pairs first."""
    if not likeness.size:
        return []
    best, best_of_other = likeness.argmax(axis=1), likeness.argmax(axis=0)
    found = [
        (at, int(of))
        for at, of in enumerate(best)
        if best_of_other[of] == at and likeness[at, of] >= least
    ]
    return sorted(found, key=lambda place: -likeness[place])
