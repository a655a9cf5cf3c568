"""The words of a question in, other ways to say some of them out.

Acronyms and their long forms are those that the notes themselves explain. Compounds and
spellings are tried by rule: what nobody wrote finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from notesearch.index.sqlite_snapshot import Snapshot
from notesearch.search.question_words import STOP_WORDS, Wording, quote

# "reinforcement learning from human feedback" has five words; longer ones are rare.
_LONGEST_RUN = 8
# TPO is short for two methods in one library: the forms that most notes explain are taken.
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
class Form:
    """Words of a question, and others that mean the same."""

    terms: tuple[str, ...]  # FTS5 phrases of the question, each a word
    other: tuple[str, ...]  # the words that can stand for all of them


def find_forms(snapshot: Snapshot, wording: Wording) -> list[Form]:
    """Find other forms; those that stand for most words first."""
    forms = [*_acronyms(snapshot, wording), *_compounds(wording), *_spellings(wording)]
    useful = [form for form in dict.fromkeys(forms) if _is_useful(form, wording)]
    return sorted(useful, key=lambda form: -len(form.terms))


def _is_useful(form: Form, wording: Wording) -> bool:
    """Leave out what the question says itself, and forms of words that are not looked for."""
    is_said = set(form.other) <= set(wording.said)
    return bool(form.terms) and not is_said and wording.counts.keys() >= set(form.terms)


def _acronyms(snapshot: Snapshot, wording: Wording) -> Iterator[Form]:
    said = wording.said
    words = [word for word in said if quote([word]) in wording.counts]
    runs = {
        " ".join(said[start : start + size])
        for size in range(2, _LONGEST_RUN + 1)
        for start in range(len(said) - size + 1)
    }
    long_forms: dict[str, int] = {}
    for short, long in snapshot.acronyms(words, sorted(runs)) if runs or words else ():
        if short in words:
            long_forms[short] = long_forms.get(short, 0) + 1
            if long_forms[short] <= _MOST_LONG_FORMS:
                yield Form((quote([short]),), tuple(long.split()))
        if long in runs and short not in STOP_WORDS:
            terms = [quote([word]) for word in long.split() if word not in STOP_WORDS]
            yield Form(tuple(dict.fromkeys(terms)), (short,))


def _compounds(wording: Wording) -> Iterator[Form]:
    for first, second in wording.pairs:
        joined = quote([first + second])
        if joined not in wording.counts:
            yield Form((quote([first]), quote([second])), (first + second,))
    for word in wording.said:
        apart = _PREFIX.fullmatch(word)
        if apart:
            yield Form((quote([word]),), (apart[1], apart[2]))


def _spellings(wording: Wording) -> Iterator[Form]:
    for word in wording.said:
        for ending, other in _SPELLINGS:
            if ending.search(word):
                yield Form((quote([word]),), (ending.sub(other, word),))
        greek = _GREEK.fullmatch(unicodedata.name(word, "")) if len(word) == 1 else None
        if greek:  # notes in LaTeX spell the letter out
            name = greek[1].lower().replace("lamda", "lambda")  # which Unicode writes so
            yield Form((quote([word]),), (name,))
