"""Rank passages by the words of a question: by their own BM25 and that of their whole note.

A note often has the words of a question in several passages, none of which has them all; so
the whole note counts too. Within a note, the passages keep the order of their own BM25.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import ColumnWeights, PassageTable, Snapshot
from notesearch.search.candidates import NO_IDS, leave_out
from notesearch.search.question_words import Pair, Rewording, Wording, find_rewordings
from notesearch.search.term_scores import CACHE_BYTES, PostingCache, Postings
from notesearch.search.weights import DEFAULT_WEIGHTS, Weights

# To look for two words side by side, an index goes through all passages of both. The rarest pairs
# of a question are looked for until so many passages are gone through.
PAIR_POSTINGS = 60_000
# What all passages score on average is taken from so many of them: 0.003 off at most.
BACKGROUND = 1000


@dataclass(frozen=True, slots=True, eq=False)
class LexicalScores:
    """What the words of a question score in every passage, by the passage's number."""

    bm25: NDArray[np.float32]  # the passage's own, of the words alone
    own: NDArray[np.float32]  # pairs of words included
    whole: NDArray[np.float32]  # the same of whole notes, by the note's number
    rarity: NDArray[np.float32]  # of those of the question's words that it has, together
    note_of: NDArray[np.int32]
    note_weight: float
    # From 0 to 1: how much more of the words the best note has than chance gives.
    evidence: float
    asked: int = 0  # words of the question, those that say nothing by themselves left out
    covers_all: bool = False  # a passage that may be a hit has every word
    unseen: float = 0.0  # what share of the question's words no passage has, by their rarity
    pairs: tuple[str, ...] = ()  # those that were looked for
    rewordings: tuple[str, ...] = ()  # other ways to say words of the question
    # What a score is a share of: the greatest of those that may be hits, and of all words.
    greatest_own: float = 1.0
    greatest_whole: float = 1.0
    all_rarity: float = 1.0

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Score some passages from 0 to 1; those without any of the words by their note alone."""
        return self.in_short(ids).astype(np.float64)

    def in_short(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score many passages as `of` does."""
        scores = self.own.take(ids)
        scores *= np.float32((1 - self.note_weight) / (self.greatest_own or 1.0))
        whole = self.whole.take(self.note_of.take(ids))
        whole *= np.float32(self.note_weight / (self.greatest_whole or 1.0))
        scores += whole
        return np.minimum(scores, np.float32(1), out=scores)

    def covered(self, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what share of the question's words some passages have, by their rarity."""
        return self.rarity.take(ids).astype(np.float64) / self.all_rarity


@dataclass(frozen=True, slots=True, eq=False)
class LexicalMatches:
    """Passages that have some of the words, best first."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]  # from 0 to 1
    all: LexicalScores


@dataclass(frozen=True, slots=True, eq=False)
class _Totals:
    """Scores added up by number, of passages and of notes."""

    passages: NDArray[np.float32]
    notes: NDArray[np.float32]
    covered: NDArray[np.float32]  # the rarity of the question's words, by passage
    words_had: NDArray[np.int16]  # how many words of the question, by note

    @classmethod
    def of(cls, table: PassageTable) -> _Totals:
        """Begin with 0 for everything."""
        passages, notes = len(table.note_of), len(table.passages_of)
        return cls(
            np.zeros(passages, np.float32),
            np.zeros(notes, np.float32),
            np.zeros(passages, np.float32),
            np.zeros(notes, np.int16),
        )

    def copy(self) -> _Totals:
        """Return a copy to add further scores to."""
        return replace(self, passages=self.passages.copy(), notes=self.notes.copy())

    def add(self, postings: Postings, weight: float, rarity: float = 0.0) -> None:
        """Add what one term gives; a word of the question has a rarity."""
        factor = np.float32(weight)
        np.add.at(self.passages, postings.passages.ids, factor * postings.passages.scores)
        np.add.at(self.notes, postings.notes.ids, factor * postings.notes.scores)
        if rarity:
            np.add.at(self.covered, postings.passages.ids, np.float32(rarity))
            np.add.at(self.words_had, postings.notes.ids, np.int16(1))

    def raise_to(self, postings: Postings, weight: float, rarity: float, words: int) -> None:
        """Raise scores to what another wording of the same words gives, where that is more."""
        factor = np.float32(weight)
        for own, other in ((self.passages, postings.passages), (self.notes, postings.notes)):
            own[other.ids] = np.maximum(own[other.ids], factor * other.scores)
        having = postings.passages.ids
        self.covered[having] = np.maximum(self.covered[having], np.float32(rarity))
        self.words_had[postings.notes.ids] = np.maximum(self.words_had[postings.notes.ids], words)

    def join(self, part: _Totals) -> None:
        """Add up all that some words give."""
        self.passages[:] += part.passages
        self.notes[:] += part.notes
        self.covered[:] += part.covered
        self.words_had[:] += part.words_had


class LexicalRanker:
    """Ranks by BM25, and remembers terms between queries; safe to share between threads."""

    def __init__(
        self, weights: Weights = DEFAULT_WEIGHTS, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._weights = weights
        self._postings = PostingCache(ColumnWeights(title=weights.title), cache_bytes)

    def words_asked(self, wording: Wording) -> dict[str, float]:
        """Return the words that are looked for, with what each counts."""
        return {word: count**self._weights.repeats for word, count in wording.counts.items()}

    def runs_asked(self, snapshot: Snapshot, wording: Wording) -> list[tuple[str, ...]]:
        """Return the pairs of a question's words, and other ways to say some of them."""
        found = find_rewordings(snapshot, wording) if self._weights.rewordings else []
        pairs = wording.pairs if self._weights.pairs else ()
        return list(dict.fromkeys([*(rewording.other for rewording in found), *pairs]))

    def find_matches(
        self,
        snapshot: Snapshot,
        wording: Wording,
        k: int,
        allowed_ids: NDArray[np.int64] | None,
        named: NDArray[np.int64] = NO_IDS,
    ) -> LexicalMatches:
        """Find the k allowed passages that have some of the words and score best, best first.

        Those that are `named` are among them whatever they say.
        """
        table = snapshot.table
        rewordings = self._known_rewordings(snapshot, wording)
        rarities = self._rarities(snapshot, wording)
        words = self._add_words(snapshot, wording, rewordings, rarities)
        ids = _with_words(words, table, allowed_ids)
        # Of many passages there are few notes.
        is_found = np.zeros(len(table.passages_of), dtype=np.bool_)
        is_found[table.note_of.take(ids)] = True
        found_notes = np.flatnonzero(is_found)
        evidence = self._evidence(
            float(words.notes.take(found_notes).max(initial=0)),
            table.notes,
            float(words.words_had.take(found_notes).max(initial=0)) / max(len(wording.counts), 1),
        )
        pairs = self._affordable(snapshot, wording.pairs)
        totals = self._with_pairs(snapshot, pairs, words)
        all_words = sum(rarities.values()) or 1.0
        found = LexicalScores(
            bm25=words.passages,
            own=totals.passages,
            whole=totals.notes,
            rarity=words.covered,
            note_of=table.note_of,
            note_weight=self._weights.note,
            evidence=evidence,
            asked=len(wording.terms),
            covers_all=_greatest(words.covered, ids, allowed_ids) > 0.999 * all_words,
            unseen=self._unseen(snapshot, wording, rarities, rewordings) / all_words,
            pairs=tuple(" ".join(pair) for pair in pairs),
            rewordings=tuple(" ".join(rewording.other) for rewording in rewordings),
            greatest_own=_greatest(totals.passages, ids, allowed_ids),
            greatest_whole=float(totals.notes.take(found_notes).max(initial=0)),
            all_rarity=all_words,
        )
        ids = ids[_best(found.in_short(ids), k)]
        ids = np.concatenate([ids, leave_out(named, ids)])
        return LexicalMatches(ids, found.of(ids), found)

    def _known_rewordings(self, snapshot: Snapshot, wording: Wording) -> list[Rewording]:
        """Return the rewordings that some passage has; a word has a part in those of one kind."""
        taken: dict[str, tuple[str, ...]] = {}
        known = []
        for rewording in find_rewordings(snapshot, wording) if self._weights.rewordings else ():
            alone = all(
                taken.get(term, rewording.terms) == rewording.terms for term in rewording.terms
            )
            if alone and self._other(snapshot, rewording).passages.in_all:
                taken.update(dict.fromkeys(rewording.terms, rewording.terms))
                known.append(rewording)
        return known

    def _other(self, snapshot: Snapshot, rewording: Rewording) -> Postings:
        return self._postings.find(snapshot, *rewording.other)

    def _rarities(self, snapshot: Snapshot, wording: Wording) -> dict[str, float]:
        """Return how rare each word of the question is."""
        passages = snapshot.table.passages
        return {
            word: _rarity(self._postings.find(snapshot, word).passages.in_all, passages)
            for word in wording.counts
        }

    def _unseen(
        self,
        snapshot: Snapshot,
        wording: Wording,
        rarities: Mapping[str, float],
        rewordings: Sequence[Rewording],
    ) -> float:
        """Add up the rarity of the words that no text and no name of a note has, in any form."""
        seen = {term for rewording in rewordings for term in rewording.terms}
        return sum(
            rarity
            for word, rarity in rarities.items()
            if word not in seen and not self._postings.find(snapshot, word).notes.in_all
        )

    def _add_words(
        self,
        snapshot: Snapshot,
        wording: Wording,
        rewordings: Sequence[Rewording],
        rarities: Mapping[str, float],
    ) -> _Totals:
        """Add up what the words give, each as the best of its wordings."""
        table, passages = snapshot.table, snapshot.table.passages
        totals = _Totals.of(table)
        groups: dict[tuple[str, ...], list[Rewording]] = {}
        for rewording in rewordings:
            groups.setdefault(rewording.terms, []).append(rewording)
        plain = wording.counts.keys() - {term for terms in groups for term in terms}
        for term in wording.counts:
            if term in plain:
                self._add_term(snapshot, wording, term, rarities, totals)
        for terms, others in groups.items():
            part = _Totals.of(table)
            for term in terms:
                self._add_term(snapshot, wording, term, rarities, part)
            of_terms = sum(rarities[term] for term in terms)
            for rewording in others:
                other = self._other(snapshot, rewording)
                # A word that stands for several counts as much as these, by their rarity.
                worth = max(1.0, of_terms / _rarity(other.passages.in_all, passages))
                part.raise_to(other, self._weights.rewordings * worth, of_terms, len(terms))
            totals.join(part)
        return totals

    def _add_term(
        self,
        snapshot: Snapshot,
        wording: Wording,
        term: str,
        rarities: Mapping[str, float],
        totals: _Totals,
    ) -> None:
        weight = wording.counts[term] ** self._weights.repeats
        totals.add(self._postings.find(snapshot, term), weight, rarities[term])

    def _evidence(self, bm25: float, notes: int, share_had: float) -> float:
        """Compare the greatest BM25 of a whole note with what chance gives.

        Among a handful of notes no word is rare: there the share of the words that one note has
        is evidence too, 1 where it has them all.
        """
        chance = self._weights.evidence * math.log(max(notes, 2))
        return min(1.0, max(bm25 / chance, share_had**2)) if chance else 1.0

    def _affordable(self, snapshot: Snapshot, pairs: Sequence[Pair]) -> list[Pair]:
        """Choose the pairs to look for: those of the rarest words, as many as can be paid for."""
        if not self._weights.pairs:
            return []
        costs = {pair: self._cost(snapshot, pair) for pair in pairs}
        left = PAIR_POSTINGS
        chosen = set()
        for pair in sorted(costs, key=lambda pair: costs[pair]):
            left -= costs[pair]
            if costs[pair] and left >= 0:
                chosen.add(pair)
        return [pair for pair in pairs if pair in chosen]

    def _cost(self, snapshot: Snapshot, pair: Pair) -> int:
        """Count the passages that an index goes through; 0 where a word is in none."""
        sizes = [self._postings.find(snapshot, word).passages.in_all for word in pair]
        return sum(sizes) if all(sizes) else 0

    def _with_pairs(self, snapshot: Snapshot, pairs: Sequence[Pair], words: _Totals) -> _Totals:
        """Add what words side by side give."""
        if not pairs:
            return words
        totals = words.copy()
        for pair in pairs:
            totals.add(self._postings.find(snapshot, *pair), self._weights.pairs)
        return totals


def background_of(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return passages that stand for all of these: every n-th of them."""
    return ids[:: -(-len(ids) // BACKGROUND) or 1]


def _rarity(having: int, passages: int) -> float:
    """Weigh a term as BM25 does, and never by nothing."""
    return max(math.log((passages - having + 0.5) / (having + 0.5)), 0.1)


def _with_words(
    words: _Totals, table: PassageTable, allowed_ids: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Return the allowed passages that have a word, or else those whose note has one in a name."""
    if allowed_ids is None:
        having = np.flatnonzero(words.passages > 0)
    else:
        having = allowed_ids[words.passages.take(allowed_ids) > 0]
    if len(having):
        return having
    ids = table.passage_ids if allowed_ids is None else allowed_ids
    return ids[words.notes.take(table.note_of.take(ids)) > 0]


def _greatest(
    scores: NDArray[np.float32], ids: NDArray[np.int64], allowed_ids: NDArray[np.int64] | None
) -> float:
    """Return the greatest score of some passages: of all that have one, where all are allowed."""
    return float((scores if allowed_ids is None else scores.take(ids)).max(initial=0))


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the places of the k greatest, equal ones in their order."""
    places = np.arange(len(scores))
    if len(scores) > k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(scores >= least)
    return places[np.argsort(-scores[places], kind="stable")[:k]]
