"""Answer a question: find candidates, rank them by words and by meaning, mix, choose hits.

Also find what is like some notes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from notesearch.embedding.protocol import Embedder
from notesearch.errors import UsageError
from notesearch.index.snapshot import Asked, Background, Nearest, Snapshot
from notesearch.lazy import Lazy
from notesearch.number_sets import are_among
from notesearch.query.filters import Filter
from notesearch.search.answer import Answer, Mode
from notesearch.search.candidates import NO_IDS, CandidateFinder, join_ids, leave_out
from notesearch.search.fusion import Ranking, Reranking, fuse, rank_matches, rank_nearest
from notesearch.search.grouping import gather, make_hits, show_best
from notesearch.search.lexical import LexicalMatches, LexicalRanker, background_of
from notesearch.search.note_lookup import find_named
from notesearch.search.question_words import NO_WORDING, Wording, read_wording, read_words
from notesearch.search.sentence_vectors import SentenceVectors
from notesearch.search.snippets import Nearness
from notesearch.search.typing_slips import correct_words
from notesearch.search.verdict import relevance
from notesearch.search.weights import DEFAULT_WEIGHTS, Weights

if TYPE_CHECKING:
    from notesearch.search.comparison import Comparison
    from notesearch.search.quotes import Quote

# Passages that each ranking hands to the mix.
DEPTH = 1000
# Nothing is relevant where it is less likely than this that anything is.
LEAST_RELEVANCE = 0.5
# Shown where nothing is relevant.
WEAK_HITS = 3


@dataclass(frozen=True)
class Question:
    """What is asked: the words as they were typed, and what a passage must have literally."""

    words: str
    phrases: tuple[str, ...]
    mode: Mode

    def __post_init__(self) -> None:
        if not self.text:
            raise UsageError("nothing to look for: give some words, or a phrase in quotes")

    @property
    def text(self) -> str:
        """What is embedded."""
        return " ".join([self.words, *self.phrases]).strip()

    @cached_property
    def wording(self) -> Wording:
        """The words that are looked for."""
        return NO_WORDING if self.mode is Mode.DENSE else read_wording(self.text)


@dataclass(frozen=True, slots=True, eq=False)
class _Embedded:
    """A question's vector, and the model that it is from."""

    vector: NDArray[np.float32]
    model: str  # its fingerprint


@dataclass(frozen=True, slots=True)
class _Dense:
    """What is worked out beside the words: the question's vector, and the passages near it."""

    question: Future[_Embedded]
    nearest: Future[Nearest]


class Searcher:
    """Answers from a snapshot of an index; many threads may ask at once, each from its own."""

    def __init__(
        self,
        embedder: Lazy[Embedder],
        *,
        least_relevance: float = LEAST_RELEVANCE,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> None:
        """Take a model, loaded for the first question."""
        self._embedder = embedder
        self._sentences = SentenceVectors(embedder)
        # A question is embedded, and the passages near it are found, while its words are
        # looked up: neither holds Python's lock for long.
        self._beside = ThreadPoolExecutor(thread_name_prefix="dense")
        self._candidates = CandidateFinder()
        self._weights = weights
        self._lexical = LexicalRanker(weights)
        self._least_relevance = least_relevance

    def close(self) -> None:
        """End the threads, when the searches at work have finished."""
        self._beside.shutdown()

    def search(
        self,
        snapshot: Snapshot,
        words: str,
        phrases: Sequence[str] = (),
        where: Filter | None = None,
        *,
        k: int = 10,
        mode: Mode = Mode.HYBRID,
        per_note: int | None = 1,
        reranking: Reranking | None = None,
    ) -> Answer:
        """Find the k best passages, at most `per_note` of a note (None: any number).

        Every phrase has to be in a passage, up to word endings; the filter comes first too,
        so that k hits are given whenever there are k passages that may be. A note called like the
        words, by its title, an alias or its file's name, comes first; a `reranking` comes before
        that. A word that no note has counts as the one that was meant, where one is a letter away.
        Where nothing is relevant, the nearest three are given as weak.
        """
        words, corrections = correct_words(snapshot, words, phrases)
        question = Question(words, tuple(phrases), mode)
        embedded = None
        if mode is not Mode.LEXICAL:
            embedded = self._beside.submit(self._embed, question.text)
        depth = max(DEPTH, 4 * k)
        snapshot = snapshot.narrowed(self._asked(snapshot, question, where, depth, embedded))
        allowed_ids = self._candidates.find(snapshot, phrases, where)
        dense = None
        if embedded is not None:
            dense = self._begin_dense(embedded, snapshot, depth, allowed_ids)
        named = find_named(snapshot, question.text, allowed_ids)
        matches = self._lexical.find_matches(snapshot, question.wording, depth, allowed_ids, named)
        ranking = self._rank(snapshot, mode, matches, dense, allowed_ids)
        relevant = None if embedded is None else _relevance(snapshot, ranking, matches, mode)
        # A phrase is in the passages that were let through: that is answer enough, as a name is.
        sought = bool(phrases) or named.size > 0
        weak = relevant is not None and relevant < self._least_relevance and not sought
        fused: Mapping[int, float] = {}  # the scores that a reranking replaces
        if reranking:
            reranked = reranking.apply(snapshot, question.text, ranking)
            ranking, fused = reranked.ranking, reranked.fused
        ranking = ranking.with_first(named)
        chosen = gather(snapshot, ranking, min(k, WEAK_HITS) if weak else k, per_note)
        if mode is Mode.HYBRID and per_note == 1 and not reranking:
            chosen = show_best(snapshot, ranking, chosen, self._weights)
        return Answer(
            hits=make_hits(chosen, ranking, weak=weak),
            mode=mode,
            question=question.text,
            weak=weak,
            relevance=relevant,
            corrections=corrections,
            terms=question.wording.terms,
            pairs=matches.all.pairs,
            rewordings=matches.all.rewordings,
            evidence=matches.all.evidence if mode is Mode.HYBRID else None,
            fused={
                stored.passage.id: fused[stored.id]
                for _, stored in chosen.passages
                if stored.id in fused
            },
            vector=None if embedded is None else embedded.result().vector,
        )

    def nearness(self, answer: Answer) -> Nearness | None:
        """Return what says how near sentences are to an answer's question; None without a model."""
        if answer.vector is None:
            return None
        return partial(self._sentences.cosines, question=answer.vector)

    def similar(
        self,
        snapshot: Snapshot,
        notes: Sequence[int],
        where: Filter | None = None,
        *,
        k: int = 10,
        per_note: int | None = 1,
        without: Set[int] = frozenset(),
    ) -> Answer:
        """Find what is like some notes, given by number; they stay out, and so do others."""
        from notesearch.search.likeness import find_alike

        allowed_ids = self._candidates.find(snapshot, (), where)
        if without:
            among = snapshot.table.passage_ids if allowed_ids is None else allowed_ids
            allowed_ids = leave_out(among, snapshot.passages_in(sorted(without)))
        likeness = find_alike(snapshot, notes, max(DEPTH, 4 * k), allowed_ids)
        chosen = gather(snapshot, likeness.ranking, k, per_note)
        found = [stored.note for _, stored in chosen.passages]
        return Answer(
            hits=make_hits(chosen, likeness.ranking),
            mode=Mode.DENSE,
            same_paper=frozenset(n.note_id for n in found if likeness.is_same_paper(n)),
        )

    def quote(
        self, snapshot: Snapshot, text: str, searched: str, where: Filter | None, *, k: int
    ) -> list[Quote]:
        """Find the k passages that say a sentence: exactly, else nearly, else by its meaning.

        `searched` is the sentence as the notes are searched.
        """
        from notesearch.search import quotes

        quote = quotes.read_quote(text)
        asked = quotes.asked_of(self._lexical, searched, where)
        part = snapshot.narrowed(asked)
        allowed_ids = self._candidates.find(part, (), where)
        found = quotes.find_by_words(part, self._lexical, quote, searched, allowed_ids, k)
        if len(found) == k or quotes.says_it(found):
            return found
        answer = self.search(snapshot, searched, (), where, k=k)
        others = quotes.find_by_meaning(answer, self.nearness(answer), quote, found, k)
        return quotes.rank([*found, *others])

    def _asked(
        self,
        snapshot: Snapshot,
        question: Question,
        where: Filter | None,
        depth: int,
        embedded: Future[_Embedded] | None,
    ) -> Asked:
        """Say what a question is going to ask."""

        def vector_of(embedded: Future[_Embedded]) -> NDArray[np.float32]:
            result = embedded.result()
            snapshot.require_embedder(result.model)
            return result.vector

        return Asked(
            depth=depth,
            words=self._lexical.words_asked(question.wording),
            where=where,
            phrases=tuple(tuple(w) for phrase in question.phrases if (w := read_words(phrase))),
            name=question.text,
            runs=partial(self._lexical.runs_asked, snapshot, question.wording),
            vector=None if embedded is None else partial(vector_of, embedded),
        )

    def compare(
        self,
        snapshot: Snapshot,
        one: str,
        other: str,
        from_disk: Callable[[str], Sequence[str]],
        as_asked: Callable[[str], str],
        most: int,
    ) -> Comparison:
        """Compare two notes, papers or questions, with at most so many pairs.

        `from_disk` is that of `find_note`, `as_asked` writes a question as the notes are searched.
        """
        from notesearch.search.compared_sides import PASSAGES, PER_NOTE, find_sides
        from notesearch.search.comparison import compare_sides

        def ask(question: str) -> Answer:
            asked = as_asked(question)
            return self.search(snapshot, asked, k=PASSAGES, per_note=PER_NOTE)

        sides = find_sides(snapshot, one, other, from_disk, ask)
        snapshot.require_embedder(self._embedder.get().fingerprint)
        return compare_sides(snapshot, *sides, self._sentences.vectors, most)

    def _embed(self, text: str) -> _Embedded:
        embedder = self._embedder.get()
        return _Embedded(embedder.embed_query(text), embedder.fingerprint)

    def _begin_dense(
        self,
        question: Future[_Embedded],
        snapshot: Snapshot,
        depth: int,
        allowed_ids: NDArray[np.int64] | None,
    ) -> _Dense:
        def find_nearest() -> Nearest:
            embedded = question.result()
            # The vectors may be of another model since this index was opened.
            snapshot.require_embedder(embedded.model)
            return snapshot.nearest(embedded.vector, depth, allowed_ids)

        return _Dense(question, self._beside.submit(find_nearest))

    def _rank(
        self,
        snapshot: Snapshot,
        mode: Mode,
        matches: LexicalMatches,
        dense: _Dense | None,
        allowed_ids: NDArray[np.int64] | None,
    ) -> Ranking:
        if dense is None:
            return rank_matches(matches)
        stands_for = snapshot.background or _all_of(snapshot, allowed_ids)
        background = stands_for.ids if mode is Mode.HYBRID else NO_IDS
        others = join_ids(matches.ids, background)
        # How near these are comes out while the nearest are still looked for.
        embedded = dense.question.result()
        snapshot.require_embedder(embedded.model)
        cosines = snapshot.cosines(embedded.vector, others)
        nearest = dense.nearest.result()
        is_further = ~are_among(others, np.sort(nearest.ids))
        known = Nearest(
            np.concatenate([nearest.ids, others[is_further]]),
            np.concatenate([nearest.cosines, cosines[is_further]]),
        )
        if mode is Mode.DENSE:
            return rank_nearest(known)
        ids = join_ids(nearest.ids, matches.ids)
        return fuse(ids, known, matches.all, background, self._weights, stands_for.among)


def _all_of(snapshot: Snapshot, allowed_ids: NDArray[np.int64] | None) -> Background:
    among = snapshot.table.passage_ids if allowed_ids is None else allowed_ids
    return Background(background_of(among), len(among))


def _relevance(
    snapshot: Snapshot, ranking: Ranking, matches: LexicalMatches, mode: Mode
) -> float | None:
    """Return how likely it is that anything found is relevant; None where that can't be said."""
    known = ranking.cosines[~np.isnan(ranking.cosines)]
    if not known.size:
        return None
    words = matches.all if mode is Mode.HYBRID else None
    passages = snapshot.table.passages
    return relevance(float(known.max()), snapshot.probe_cosines, words, passages)
