"""Take a question apart into the words, compounds and pairs of words to look for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

# What the full-text table's tokenizer takes for a word, or nearly: letters and digits.
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:[-‐‑–/'’.+][^\W_]+)*")
_BESIDE = re.compile(r"[\s\-‐‑]+")

Pair = tuple[str, str]

# A question of a page is looked for by its first words.
MAX_TERMS = 64

# Measured on wild and Cranfield: nDCG@10 0.432 to 0.429 and 0.512 to 0.504 without the list.
_STOP_WORDS = """
    a about an and any are as at be been but by can could did do does for from had has have how
    i if in into is it its may me my of on or our should so some such than that the their them
    then there these they this those to was we were what when where which while who whom whose
    why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def read_words(text: str) -> list[str]:
    """Return the words of a text, in order and without case."""
    return [word.casefold() for word in _WORD.findall(text)]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is looked for in the full-text table."""

    counts: Mapping[str, int]  # by term, in their order: how often the question has it
    words: frozenset[str]  # the terms that are words of the question, no joined compounds
    all_words: tuple[str, ...]  # in their order, stop words too
    pairs: tuple[Pair, ...]  # telling words side by side, each pair once

    @property
    def terms(self) -> tuple[str, ...]:
        """What to look for: words, and compounds written as one."""
        return tuple(self.counts)


NO_WORDING = Wording({}, frozenset(), (), ())


def read_wording(text: str) -> Wording:
    """Take a text apart; stop words are looked for only where there is nothing else."""
    compounds = (compound.casefold() for compound in _COMPOUND.findall(text))
    counts = _telling([form for compound in compounds for form in _forms(compound)])
    words = frozenset(read_plain_terms(text)).intersection(counts)
    pairs = tuple(dict.fromkeys(_pairs(text)))[:MAX_TERMS]
    return Wording(counts, words, tuple(read_words(text)[:MAX_TERMS]), pairs)


def read_plain_terms(text: str) -> tuple[str, ...]:
    """Return the words themselves to look for, compounds only taken apart."""
    return tuple(_telling(read_words(text)))


def _telling(terms: Sequence[str]) -> dict[str, int]:
    telling = [term for term in terms if term not in STOP_WORDS]
    return dict(list(Counter(telling or terms).items())[:MAX_TERMS])


def _pairs(text: str) -> Iterator[Pair]:
    """Yield telling words with nothing but a space or a hyphen between them."""
    found = list(_WORD.finditer(text))
    for first, second in pairwise(found):
        pair = (first[0].casefold(), second[0].casefold())
        if _BESIDE.fullmatch(text, first.end(), second.start()) and STOP_WORDS.isdisjoint(pair):
            yield pair


def _forms(compound: str) -> list[str]:
    """Return the words of a compound, and the compound written as one word."""
    words = read_words(compound)
    return [*words, "".join(words)] if len(words) > 1 else words
