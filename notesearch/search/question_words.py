"""Take a question apart into the words to look for, and find other ways to say them.

Acronyms and their long forms are those that the notes themselves explain. Compounds and
spellings are tried by rule: what nobody wrote finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from notesearch.index.snapshot import Snapshot

# What an index takes for a word, or nearly: letters and digits.
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
    """The words that are looked for."""

    counts: Mapping[str, int]  # by word, in their order: how often the question has it
    all_words: tuple[str, ...]  # in their order, stop words too
    pairs: tuple[Pair, ...]  # telling words side by side, each pair once
    compounds: tuple[tuple[str, ...], ...]  # the words of each compound, stop words too

    @property
    def terms(self) -> tuple[str, ...]:
        """The words to look for."""
        return tuple(self.counts)


NO_WORDING = Wording({}, (), (), ())


def read_wording(text: str) -> Wording:
    """Take a text apart; stop words are looked for only where there is nothing else."""
    words = read_words(text)
    telling = [word for word in words if word not in STOP_WORDS]
    return Wording(
        counts=dict(list(Counter(telling or words).items())[:MAX_TERMS]),
        all_words=tuple(words[:MAX_TERMS]),
        pairs=tuple(dict.fromkeys(_pairs(text)))[:MAX_TERMS],
        compounds=tuple(dict.fromkeys(_compounds(text)))[:MAX_TERMS],
    )


def _pairs(text: str) -> Iterator[Pair]:
    """Yield telling words with nothing but a space or a hyphen between them."""
    found = list(_WORD.finditer(text))
    for first, second in pairwise(found):
        pair = (first[0].casefold(), second[0].casefold())
        if _BESIDE.fullmatch(text, first.end(), second.start()) and STOP_WORDS.isdisjoint(pair):
            yield pair


def _compounds(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each compound, such as "fine-tuning"."""
    for found in _COMPOUND.findall(text):
        words = tuple(read_words(found))
        if len(words) > 1:
            yield words


# "reinforcement learning from human feedback" has five words; longer ones are rare.
_LONGEST_RUN = 8
# TPO is short for two methods in one library: the rewordings that most notes explain are taken.
_MOST_LONG_FORMS = 2
# Words that others are written together with, apart or with a hyphen.
_PREFIX = re.compile(
    r"(co|cross|fine|few|hyper|inter|mid|multi|non|off|on|open|over|post|pre|self|semi|sub|super|"
    r"under|zero)(\w{4,})"
)
_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")
_SPELLINGS = (
    (re.compile(r"is(e[ds]?|ers?|ing|ations?)\Z"), r"iz\1"),
    (re.compile(r"iz(e[ds]?|ers?|ing|ations?)\Z"), r"is\1"),
    (re.compile(r"ys(e[ds]?|ers?|ing)\Z"), r"yz\1"),
    (re.compile(r"yz(e[ds]?|ers?|ing)\Z"), r"ys\1"),
    (re.compile(r"(?<=\w\w)our(s|ed|ing|al|ally|able|ful)?\Z"), r"or\1"),
    (re.compile(r"(?<=\w\w[bdlv])or(s|ed|ing|al|ally|able|ful)?\Z"), r"our\1"),
)


@dataclass(frozen=True, slots=True)
class Rewording:
    """Words of a question, and others that mean the same."""

    terms: tuple[str, ...]  # words of the question
    other: tuple[str, ...]  # the words that can stand for all of them


def find_rewordings(snapshot: Snapshot, wording: Wording) -> list[Rewording]:
    """Find rewordings; those that stand for most words first."""
    rewordings = [*_acronyms(snapshot, wording), *_other_compounds(wording), *_spellings(wording)]
    useful = [
        rewording for rewording in dict.fromkeys(rewordings) if _is_useful(rewording, wording)
    ]
    return sorted(useful, key=lambda rewording: -len(rewording.terms))


def _is_useful(rewording: Rewording, wording: Wording) -> bool:
    """Leave out what the question says itself, and rewordings of words that are not looked for."""
    is_there = set(rewording.other) <= set(wording.all_words)
    return bool(rewording.terms) and not is_there and wording.counts.keys() >= set(rewording.terms)


def _acronyms(snapshot: Snapshot, wording: Wording) -> Iterator[Rewording]:
    question = wording.all_words
    words = [word for word in question if word in wording.counts]
    runs = {
        " ".join(question[start : start + size])
        for size in range(2, _LONGEST_RUN + 1)
        for start in range(len(question) - size + 1)
    }
    long_forms: dict[str, int] = {}
    for short, long in snapshot.acronyms(words, sorted(runs)) if runs or words else ():
        if short in words:
            long_forms[short] = long_forms.get(short, 0) + 1
            if long_forms[short] <= _MOST_LONG_FORMS:
                yield Rewording((short,), tuple(long.split()))
        if long in runs and short not in STOP_WORDS:
            terms = [word for word in long.split() if word not in STOP_WORDS]
            yield Rewording(tuple(dict.fromkeys(terms)), (short,))


def _other_compounds(wording: Wording) -> Iterator[Rewording]:
    """Yield compounds written as one word, and such words written apart."""
    for words in (*wording.compounds, *wording.pairs):
        terms = dict.fromkeys(word for word in words if word in wording.counts)
        yield Rewording(tuple(terms), ("".join(words),))
    for word in wording.all_words:
        apart = _PREFIX.fullmatch(word)
        if apart:
            yield Rewording((word,), (apart[1], apart[2]))


def _spellings(wording: Wording) -> Iterator[Rewording]:
    for word in wording.all_words:
        for ending, other in _SPELLINGS:
            if ending.search(word):
                yield Rewording((word,), (ending.sub(other, word),))
        greek = _GREEK.fullmatch(unicodedata.name(word, "")) if len(word) == 1 else None
        if greek:  # notes in LaTeX spell the letter out
            name = greek[1].lower().replace("lamda", "lambda")  # which Unicode writes so
            yield Rewording((word,), (name,))
