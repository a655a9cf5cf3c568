"""Find other ways to say some words of a question.

Acronyms and their long forms are those that the notes themselves explain. Compounds and
spellings are tried by rule: what nobody wrote finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from notesearch.index.snapshot import Snapshot
from notesearch.search.question_words import STOP_WORDS, Wording

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
    rewordings = [*_acronyms(snapshot, wording), *_compounds(wording), *_spellings(wording)]
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


def _compounds(wording: Wording) -> Iterator[Rewording]:
    for first, second in wording.pairs:
        joined = first + second
        if joined not in wording.counts:
            yield Rewording((first, second), (first + second,))
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
