"""Find the acronyms that a note explains, each with its long form.

A person writes "Direct Preference Optimization (DPO)" or "DPO (Direct Preference Optimization)"
once, and one of the two from then on. The words are known to belong to the acronym by their
letters: each gives its first, and may give some of those that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

_IN_BRACKETS = re.compile(r"\(([^()]{2,80})\)")
_WORD = re.compile(r"[^\W_]+")
_ACRONYM = re.compile(r"[^\W\d_][\w+&/-]{1,9}")
# What stands before a bracket is looked at so far, and no further than a sign that ends a clause.
_BEFORE = 120
_MOST_NAMES = 50
_LONGEST = 20  # of an acronym, with emphasis and room around it
_LIST_SIGN = re.compile("[,;]")
_CLAUSE_END = re.compile(r"[.;:!?()|\n]")
# Small words give no letter where the others give all.
_SMALL = frozenset(
    ["a", "an", "and", "as", "by", "for", "from", "in", "of", "on", "the", "to", "via", "with"]
)
# A word gives so many letters at most: "eXtreme" two, "ReLU" of "rectified linear unit" two.
_MOST_LETTERS = 3


def find_acronyms(text: str, names: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Find short and long forms in lower case, each pair once, in their order.

    `names` are the title and aliases of the note: one may be short for another.
    The first of them are looked at, each with each.
    """
    listed = tuple(islice(names, _MOST_NAMES))
    pairs = [*_in_names(listed), *_in_brackets(text)]
    return tuple(dict.fromkeys(pairs))


def _in_names(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for short in filter(_is_acronym, names):
        for name in names:
            words = _WORD.findall(name)
            for end in range(2, len(words) + 1):
                yield from _explained(short, words[:end])


def _in_brackets(text: str) -> Iterator[tuple[str, str]]:
    for match in _IN_BRACKETS.finditer(text):
        inside, start = match[1].strip(), match.start()
        if "://" in inside:
            continue
        short = _LIST_SIGN.split(inside, maxsplit=1)[0].strip()
        if _is_acronym(short):
            before = _CLAUSE_END.split(text[max(0, start - _BEFORE) : start])[-1]
            yield from _explained(short, _WORD.findall(before))
        *_, last = text[max(0, start - _LONGEST) : start].rpartition("\n")[2].split() or [""]
        last = last.strip("*_`\"'“”")
        if _is_acronym(last):
            words = _WORD.findall(inside)
            yield from (
                pair for pair in _explained(last, words) if len(pair[1].split()) == len(words)
            )


def _is_acronym(text: str) -> bool:
    """Recognise an acronym by its capitals: at least two, and half of its letters."""
    if _ACRONYM.fullmatch(text) is None:
        return False
    capitals = sum(char.isupper() for char in text)
    return capitals >= 2 and 2 * capitals >= sum(char.isalpha() for char in text)


def _explained(short: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return the last words, as few as will do, whose letters the short form is made of."""
    short = "".join(_WORD.findall(short.removesuffix("s"))).casefold()
    lower = [word.casefold() for word in words]
    for count in range(2, min(len(lower), len(short) + 3) + 1):
        last = lower[-count:]
        if last[0] not in _SMALL and "".join(last) != short and _spell(short, last):
            yield short, " ".join(last)
            return


def _spell(letters: str, words: Sequence[str]) -> bool:
    """Return whether words give letters, all of them in their order."""
    if not words:
        return not letters
    word, rest = words[0], words[1:]
    if word in _SMALL and _spell(letters, rest):
        return True
    at = 0
    for count in range(1, min(_MOST_LETTERS, len(letters)) + 1):
        at = word.find(letters[count - 1], at)
        if at < 0 or (count == 1 and at > 0):
            return False
        if _spell(letters[count:], rest):
            return True
        at += 1
    return False
