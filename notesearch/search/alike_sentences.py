"""Find of two notes the passages that are nearest, and in these the sentences most alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from notesearch.index.snapshot import Snapshot, StoredPassage
from notesearch.search.comparable_words import ComparedText, read_comparable
from notesearch.search.shared_words import Numbers, read_rare_words
from notesearch.spelling import normalise_name

# Of each note those that are nearest to one of the other: their sentences are compared.
_NEAREST = 2
# A sentence with fewer words is a heading or a label, and is shown where there is no other.
_LEAST_WORDS = 5
# Code and tables have fewer letters and spaces: a share of all signs.
_PROSE_LETTERS = 0.85
_LONGEST_SENTENCE = 60  # words that are shown of one
# Sentences are compared as if each had so many words more, or the shortest would be most alike.
_SMOOTHING = 8.0
# The signs of a list or a heading that a sentence may begin with.
_MARKS = "#*->+•|: "


@dataclass(frozen=True, slots=True)
class AlikeSentence:
    """A sentence of a note that is like one of another note, and where it stands."""

    path: str
    line: int  # in the file, where the sentence begins
    title: str
    note_id: str
    passage_id: str
    section: tuple[str, ...]  # heading path
    tags: tuple[str, ...]
    date: str | None
    paper: str | None
    sentence: str  # as a reader sees it, on one line


class _Sentence(NamedTuple):
    stored: StoredPassage
    text: ComparedText
    span: range
    words: frozenset[str]


class SentenceWorth:
    """Says how much it tells that two sentences, given by their words, share what they share."""

    def __init__(self, rarity: Mapping[str, float], common_lines: Iterable[frozenset[str]]) -> None:
        """Take how rare each word is, and the words of the lines that many notes have."""
        self._rarity = rarity
        self._common: dict[str, list[frozenset[str]]] = defaultdict(list)
        for line in common_lines:
            for word in line:
                self._common[word].append(line)

    def of(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Return 0 for what has nothing rare in common, or is part of what many notes have."""
        shared = one & other
        if not shared or self._is_common(one) or self._is_common(other):
            return 0.0
        both, own, others = (
            sum(self._rarity.get(word, 0.0) for word in words) for words in (shared, one, other)
        )
        return float(both / np.sqrt((own + _SMOOTHING) * (others + _SMOOTHING)))

    def _is_common(self, words: frozenset[str]) -> bool:
        return any(words <= line for line in self._common.get(next(iter(words)), ()))


def find_alike_sentences(
    snapshot: Snapshot, one: Numbers, other: Numbers, worth: SentenceWorth
) -> tuple[AlikeSentence, AlikeSentence]:
    """Return of two notes, given by their passages, the two sentences that are most alike.

    A sentence that many notes have is shown where there is no other.
    """
    cosines = snapshot.vectors_of(one.tolist()) @ snapshot.vectors_of(other.tolist()).T
    ids = one[_largest(cosines.max(axis=1))], other[_largest(cosines.max(axis=0))]
    sentences = [_read(snapshot.passages(some.tolist())) for some in ids]
    pairs = [(a, b) for a in sentences[0] for b in sentences[1]]
    best = max(pairs, key=lambda pair: worth.of(pair[0].words, pair[1].words))
    return _shown(best[0]), _shown(best[1])


def _largest(values: np.typing.NDArray[np.float32]) -> Numbers:
    return np.argsort(-values, kind="stable")[:_NEAREST]


def _read(passages: Sequence[StoredPassage]) -> list[_Sentence]:
    """Return the sentences of some passages, the short ones where there is none besides."""
    found = []
    for stored in passages:
        text = read_comparable(stored.passage.text)
        for span in text.sentences or (range(0),):
            said = text.of(span) if span else ""
            found.append(_Sentence(stored, text, span, frozenset(read_rare_words(said))))
    return [one for one in found if _is_prose(one)] or found


def _is_prose(one: _Sentence) -> bool:
    """Return whether a sentence says something, and is no heading, no code and not the title."""
    said = one.text.of(one.span) if one.span else ""
    if normalise_name(said) == normalise_name(one.stored.note.title):
        return False
    letters = sum(sign.isalpha() or sign.isspace() for sign in said)
    return len(one.span) >= _LEAST_WORDS and letters >= _PROSE_LETTERS * len(said)


def _shown(one: _Sentence) -> AlikeSentence:
    note, passage = one.stored.note, one.stored.passage
    line, shown = passage.line_start, ""
    if one.span:
        # Where a text leaves out lines of its file, it cannot be told which one a word is from.
        if passage.text.count("\n") == passage.line_end - passage.line_start:
            line += one.text.words[one.span.start].line
        cut = one.span[:_LONGEST_SENTENCE]
        shown = one.text.of(cut).lstrip(_MARKS) + (" …" if len(cut) < len(one.span) else "")
    return AlikeSentence(
        path=note.path,
        line=line,
        title=note.title,
        note_id=note.note_id,
        passage_id=passage.id,
        section=passage.section,
        tags=tuple(dict.fromkeys(note.tags + note.folder_tags)),
        date=note.date,
        paper=note.paper,
        sentence=shown,
    )
