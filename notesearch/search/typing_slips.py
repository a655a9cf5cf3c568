"""Find the word that was meant, where no note has the one that was typed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.search.answer import Correction
from notesearch.search.question_words import (
    STOP_WORDS,
    find_rewordings,
    read_wording,
    read_words,
)
from notesearch.spelling import without_accents

_WORD = re.compile(r"[^\W\d_]+")
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
)
# A shorter word, so changed, is often another word. With 4, 4 and 5 letters, 13 of 400 questions
# without a slip had a word taken for another one: sway for say, lawns for laws, spits for splits.
_SHORTEST = 4  # where two letters changed places
_SHORTEST_MORE_OR_LESS = 6  # where a letter was left out, or is one too many
_SHORTEST_REPLACED = 8
# So long a word may stand for another form of it: normalization where notes say normalised.
_SHORTEST_FORM = 10
_LONGEST = 30  # a longer one is no word, and has many neighbours
_LOOKED_AT = 50  # passages, for the word itself
# A question of a page may be in another language: each of these takes a few milliseconds.
_MOST_UNKNOWN = 8


def correct_words(
    snapshot: Snapshot, text: str, phrases: Sequence[str]
) -> tuple[str, tuple[Correction, ...]]:
    """Return a text with the words corrected that no note has, and what was corrected.

    A word is taken for one that is a letter away and that notes have: for one in which two letters
    changed places, else for the one that most passages have. The first letter is hardly ever wrong.
    Words of phrases stay as they are, and so do those in capitals, which are names.
    """
    kept = {word for phrase in phrases for word in read_words(phrase)}
    typed = [found for found in _WORD.finditer(text) if _may_be_a_slip(found[0], kept)]
    unknown = _unknown(snapshot, text, {without_accents(found[0]) for found in typed})
    if not unknown or snapshot.find_notes(text, by="name"):
        return text, ()
    meant = {word: _meant(snapshot, word) for word in unknown[:_MOST_UNKNOWN]}
    pieces: list[str] = []
    corrections: list[Correction] = []
    end = 0
    for found in typed:
        if taken := meant.get(without_accents(found[0])):
            pieces += [text[end : found.start()], taken]
            end = found.end()
            corrections.append(Correction(found[0], taken))
    return "".join([*pieces, text[end:]]), tuple(dict.fromkeys(corrections))


def _may_be_a_slip(word: str, kept: Collection[str]) -> bool:
    return (
        _SHORTEST <= len(word) <= _LONGEST
        and not word.isupper()
        and word.casefold() not in STOP_WORDS
        and word.casefold() not in kept
        and bool(_alphabet_of(without_accents(word)))
    )


def _alphabet_of(word: str) -> str:
    """Return the letters of a word's script; "" where another letter of it makes another word."""
    return next((letters for letters in _ALPHABETS if set(word) <= set(letters)), "")


def _unknown(snapshot: Snapshot, text: str, words: Iterable[str]) -> list[str]:
    """Return the words that no passage has, in this form or another, in alphabetical order."""
    words = sorted(words)
    known = snapshot.known_words(words)
    if len(known) == len(words):
        return []
    known |= {
        term
        for rewording in find_rewordings(snapshot, read_wording(text))
        if snapshot.passages_with_phrase(rewording.other).size
        for term in rewording.terms
    }
    return [word for word in words if word not in known]


def _meant(snapshot: Snapshot, word: str) -> str | None:
    """Return the word that is likeliest to be meant; None where none is a letter away."""
    swapped = set(_swapped(word))
    near = snapshot.known_words(sorted(swapped.union(_changed(word))))

    def likelihood(other: str) -> tuple[bool, bool, int]:
        ids = snapshot.passages_with_phrase([other])
        return _is_said(snapshot, other, ids), other in swapped, ids.size

    def may_be_a_form(other: str) -> bool:
        return len(word) >= _SHORTEST_FORM and len(other) != len(word)

    found = {other: likelihood(other) for other in sorted(near)}
    likely = {other: how for other, how in found.items() if how[0] or may_be_a_form(other)}
    return max(likely, key=lambda other: likely[other], default=None)


def _is_said(snapshot: Snapshot, word: str, ids: NDArray[np.int64]) -> bool:
    """Return whether some of the passages that have the stem of a word have the word itself.

    By its stem alone "atention" would be "agention", which has that of "agents", and "applu" would
    be "appli".
    """
    few = ids[:: -(-len(ids) // _LOOKED_AT) or 1].tolist()
    texts = (stored.passage.search_text for stored in snapshot.passages(few))
    whole = re.compile(rf"\b{word}\b")
    return any(whole.search(without_accents(text)) for text in texts)


def _swapped(word: str) -> Iterator[str]:
    """Yield the words in which two letters side by side changed places."""
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _changed(word: str) -> Iterator[str]:
    """Yield the words with one letter less, more, or another one, behind the first letter."""
    if len(word) < _SHORTEST_MORE_OR_LESS:
        return
    for at in range(1, len(word) + 1):
        before, behind = word[:at], word[at:]
        yield before + behind[1:]
        for letter in _alphabet_of(word):
            yield before + letter + behind
            if len(word) >= _SHORTEST_REPLACED:
                yield before + letter + behind[1:]
