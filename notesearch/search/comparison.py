"""Compare what two sides say, sentence by sentence: what both speak of, and what only one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import Snapshot
from notesearch.records import Hit, Role
from notesearch.search.compared_sentences import Sentence, read_sentences_of
from notesearch.search.compared_sides import MeantSide, Side
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen, make_hits
from notesearch.search.question_words import read_words
from notesearch.search.sentence_likeness import (
    ReadSentences,
    Vectors,
    find_pairs,
    least_likeness,
    measure_likeness,
    measure_rarity,
    unrelated_cosine,
)

# A sentence that is so much less like all of the other side says what only its own side does.
_ALONE = 0.1
# Of the passages that answer a question, sentences are compared that are at least this share as
# near to it as the nearest: the others are about something else.
_NEAR_THE_QUESTION = 0.5
# Of a longer side those passages are read that are nearest to the other, and the most central ones.
_MOST_PASSAGES = 40
_NEAREST_PASSAGES = 25
_MOST_SENTENCES = 250
# Of a side of more passages, so many are looked at, evenly spread over it.
_MOST_LOOKED_AT = 20_000
_OTHERS_LOOKED_AT = 500
# What so many other notes say too is the text of a form.
_FORM_NOTES = 2
_FORM_WORDS = 12  # of a sentence that are looked for: more tell no more
_COMMON_WORDS = 5  # that are named
_OF_A_ROLE = 3  # sentences that only one side says, before those of other sections


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of one side, with the passage that says it."""

    hit: Hit
    sentence: str  # as a reader sees it, on one line
    line_start: int  # in the file
    line_end: int
    role: Role | None  # what its section is for; None where the heading does not say


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two sentences that speak of the same matter, one of each side."""

    role: Role | None  # of both, or else of the first that has one
    likeness: float  # from 0 to 1, where the sentences are the same
    words: tuple[str, ...]  # that both say, those that few sentences have first
    a: Said
    b: Said


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides beside each other; what is listed goes by the kinds of sections."""

    a: Side
    b: Side
    both: tuple[AlikePair, ...]  # of a kind of section the likest first
    only_a: tuple[Said, ...]  # of a kind of section the most central first
    only_b: tuple[Said, ...]
    pairs: int  # that were found, more than are listed or as many


def compare_sides(
    snapshot: Snapshot, one: MeantSide, other: MeantSide, vectors: Vectors, most: int
) -> Comparison:
    """Compare two sides; list at most so many pairs, and so many sentences of each side alone."""
    ids_a, ids_b = _choose_passages(snapshot, one, other), _choose_passages(snapshot, other, one)
    a, b = _read(snapshot, one, ids_a, vectors), _read(snapshot, other, ids_b, vectors)
    rarity = measure_rarity(a.sentences, b.sentences)
    likeness = measure_likeness(a, b, rarity, unrelated_cosine(vectors))
    least = least_likeness(likeness.size)
    is_form = _FormFinder(snapshot, {*one.numbers, *other.numbers})
    found = [(at, of) for at, of in find_pairs(likeness, least) if not is_form(a.sentences[at])]
    shown = [
        _pair(a.sentences[at], b.sentences[of], float(likeness[at, of]), rarity)
        for at, of in found[:most]
    ]
    shown.sort(key=lambda pair: (_place_of(pair.role), -pair.likeness))
    return Comparison(
        one.described(len(ids_a)),
        other.described(len(ids_b)),
        both=tuple(
            replace(pair, a=_ranked(pair.a, rank), b=_ranked(pair.b, rank))
            for rank, pair in enumerate(shown, start=1)
        ),
        only_a=_alone(a, one, likeness.max(axis=1, initial=0.0) < least - _ALONE, is_form, most),
        only_b=_alone(b, other, likeness.max(axis=0, initial=0.0) < least - _ALONE, is_form, most),
        pairs=len(found),
    )


# ---------------------------------------------------------------- what is compared


def _read(
    snapshot: Snapshot, side: MeantSide, ids: NDArray[np.int64], vectors: Vectors
) -> ReadSentences:
    stored = snapshot.passages(ids.tolist())
    sentences = [*islice(read_sentences_of(stored), _MOST_SENTENCES)]
    if not sentences:
        return ReadSentences(sentences, np.zeros((0, 1), dtype=np.float32))
    found = vectors([sentence.shown for sentence in sentences])
    if side.vector is None:
        return ReadSentences(sentences, found)
    nearness = found @ side.vector
    near = np.flatnonzero(nearness >= _NEAR_THE_QUESTION * nearness.max())
    return ReadSentences([sentences[at] for at in near.tolist()], found[near])


def _choose_passages(snapshot: Snapshot, side: MeantSide, other: MeantSide) -> NDArray[np.int64]:
    """Return the passages of a side that are read, in its order."""
    ids = side.passage_ids
    if len(ids) <= _MOST_PASSAGES:
        return ids
    ids = _spread(ids, _MOST_LOOKED_AT)
    own = snapshot.vectors_of(ids.tolist())
    others = snapshot.vectors_of(_spread(other.passage_ids, _OTHERS_LOOKED_AT).tolist())
    by_nearness = np.argsort(-(own @ others.T).max(axis=1), kind="stable")
    by_centre = np.argsort(-(own @ own.mean(axis=0)), kind="stable")
    chosen = dict.fromkeys([*by_nearness[:_NEAREST_PASSAGES].tolist(), *by_centre.tolist()])
    return ids[sorted([*chosen][:_MOST_PASSAGES])]


def _spread(ids: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return so many of some numbers, evenly spread."""
    return ids[:: -(-len(ids) // most)]


# ---------------------------------------------------------------- what is listed


class _FormFinder:
    """Says of a sentence whether it is the text of a form, which other notes have as well."""

    def __init__(self, snapshot: Snapshot, own: Set[int]) -> None:
        self._snapshot = snapshot
        self._own = own

    def __call__(self, sentence: Sentence) -> bool:
        words = read_words(sentence.shown)[:_FORM_WORDS]
        ids = self._snapshot.passages_with_phrase(words)
        notes = {*self._snapshot.table.note_of[ids].tolist()} - self._own
        return len(notes) >= _FORM_NOTES


def _pair(a: Sentence, b: Sentence, likeness: float, rarity: Mapping[str, float]) -> AlikePair:
    common = sorted(a.words.keys() & b.words.keys(), key=lambda stem: (-rarity[stem], stem))
    return AlikePair(
        role=a.role or b.role,
        likeness=likeness,
        words=tuple(a.words[stem] for stem in common[:_COMMON_WORDS]),
        a=_said(a, likeness),
        b=_said(b, likeness),
    )


def _alone(
    said: ReadSentences,
    side: MeantSide,
    is_alone: NDArray[np.bool_],
    is_form: _FormFinder,
    most: int,
) -> tuple[Said, ...]:
    """Return what has no counterpart: of each section a few sentences, the most central first."""
    if not said.sentences:
        return ()
    centre = said.vectors.mean(axis=0) if side.vector is None else side.vector
    centrality = said.vectors @ centre
    alone = np.flatnonzero(is_alone).tolist()
    chosen: list[Said] = []
    others: list[Said] = []  # of a section that has enough
    of_role: Counter[Role | None] = Counter()
    for at in sorted(alone, key=lambda at: -float(centrality[at])):
        if len(chosen) == most:
            break
        if is_form(said.sentences[at]):
            continue
        found = _said(said.sentences[at], float(centrality[at]))
        of_role[found.role] += 1
        (chosen if of_role[found.role] <= _OF_A_ROLE else others).append(found)
    listed = sorted((chosen + others)[:most], key=lambda one: (_place_of(one.role), -one.hit.score))
    return tuple(_ranked(one, rank) for rank, one in enumerate(listed, start=1))


def _place_of(role: Role | None) -> int:
    """Return the place of a kind of section: as papers have them, the others last."""
    return len(Role) if role is None else [*Role].index(role)


def _said(sentence: Sentence, score: float) -> Said:
    unknown = np.full(1, np.nan)
    stored = sentence.stored
    ranking = Ranking(np.array([stored.id]), np.array([score]), unknown, unknown)
    return Said(
        hit=make_hits(Chosen(((0, stored),)), ranking)[0],
        sentence=sentence.shown,
        line_start=sentence.line_start,
        line_end=sentence.line_end,
        role=sentence.role,
    )


def _ranked(said: Said, rank: int) -> Said:
    return replace(said, hit=replace(said.hit, rank=rank))
