"""From words to an answer: allowed passages, both rankings, their mix, notes, hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.records import Condition, StoredPassage
from notesearch.index.snapshot import Snapshot
from notesearch.index.store import Store
from notesearch.records import Hit
from notesearch.search.answer import Answer, Mode
from notesearch.search.dense import LazyQueryEmbedder, QueryEmbedder
from notesearch.search.fusion import Ranking, fuse, rank_matches, rank_nearest
from notesearch.search.grouping import Chosen, gather
from notesearch.search.lexical import LexicalRanker
from notesearch.search.terms import quote, read_terms, read_words

# Passages that each ranking hands to the mix.
DEPTH = 1000


class Searcher:
    """Answers from an index; many threads may ask at once."""

    def __init__(self, store: Store, load_embedder: Callable[[], QueryEmbedder]) -> None:
        self._store = store
        self._embedder = LazyQueryEmbedder(load_embedder)
        self._lexical = LexicalRanker()

    def search(
        self,
        words: str,
        phrases: Sequence[str] = (),
        condition: Condition | None = None,
        *,
        k: int = 10,
        mode: Mode = Mode.HYBRID,
        per_note: int | None = 1,
    ) -> Answer:
        """Find the k best passages, at most `per_note` of a note (None: any number).

        Every phrase has to be in a passage, up to word endings; the condition comes first too,
        so that k hits are given whenever there are k passages that may be.
        """
        text = " ".join([words, *phrases]).strip()
        if not text:
            raise UsageError("nothing to look for: give some words, or a phrase in quotes")
        if k < 1 or (per_note is not None and per_note < 1):
            raise UsageError("the number of hits must be 1 or more")
        vector = None if mode is Mode.LEXICAL else self._embed(text)
        terms = () if mode is Mode.DENSE else read_terms(text)
        with self._store.snapshot() as snapshot:
            allowed_ids = find_allowed(snapshot, phrases, condition)
            depth = max(DEPTH, 4 * k)
            ranking = self._rank(snapshot, vector, terms, depth, allowed_ids)
            chosen = gather(snapshot, ranking, k, per_note)
        return Answer(make_hits(chosen, ranking), mode, terms=terms, duplicates=chosen.duplicates)

    def _embed(self, text: str) -> NDArray[np.float32]:
        embedder = self._embedder.get()
        self._store.require_embedder(embedder.fingerprint)
        return embedder.embed_query(text)

    def _rank(
        self,
        snapshot: Snapshot,
        vector: NDArray[np.float32] | None,
        terms: Sequence[str],
        depth: int,
        allowed_ids: NDArray[np.int64] | None,
    ) -> Ranking:
        if vector is None:
            return rank_matches(self._lexical.find_matches(snapshot, terms, depth, allowed_ids))
        nearest = snapshot.nearest(vector, depth, allowed_ids)
        if not terms:
            return rank_nearest(nearest)
        return fuse(nearest, self._lexical.find_matches(snapshot, terms, depth, allowed_ids))


def find_allowed(
    snapshot: Snapshot, phrases: Sequence[str], condition: Condition | None
) -> NDArray[np.int64] | None:
    """Give the passages that may be hits, in ascending order; None for all of them."""
    allowed_ids = None if condition is None else snapshot.passage_ids(condition)
    for phrase in phrases:
        words = read_words(phrase)
        if words:
            saying = snapshot.matching_ids(quote(words))
            allowed_ids = saying if allowed_ids is None else np.intersect1d(allowed_ids, saying)
    return allowed_ids


def make_hits(chosen: Chosen, ranking: Ranking, *, weak: bool = False) -> tuple[Hit, ...]:
    """Make hits of chosen passages, ranked from 1."""
    return tuple(
        _make_hit(rank, stored, ranking, place, weak=weak)
        for rank, (place, stored) in enumerate(chosen.passages, start=1)
    )


def _make_hit(rank: int, stored: StoredPassage, ranking: Ranking, place: int, *, weak: bool) -> Hit:
    note, passage = stored.note, stored.passage
    return Hit(
        rank=rank,
        score=float(ranking.scores[place]),
        cosine=_known(ranking.cosines[place]),
        bm25=_known(ranking.bm25[place]),
        title=note.title,
        path=note.path,
        line_start=passage.line_start,
        line_end=passage.line_end,
        section=passage.section,
        role=passage.role,
        tags=tuple(dict.fromkeys(note.tags + note.folder_tags)),
        date=note.date,
        year=note.year,
        paper=note.paper,
        note_id=note.note_id,
        passage_id=passage.id,
        text=passage.text,
        weak=weak,
    )


def _known(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
