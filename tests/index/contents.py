"""All that an index says, in a form in which two indexes of one corpus are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from notesearch.embedding import Embedder
from notesearch.index.snapshot import ColumnWeights, Snapshot, StoredNote, TagCount
from notesearch.index.store import Store
from notesearch.query.filters import AllOf
from notesearch.records import NoteLink, Passage
from tests.fakes import WORDS, WordEmbedder

Answer = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Contents:
    passages: dict[str, tuple[StoredNote, Passage, bytes]]  # by the public id
    by_path: dict[str, list[str]]  # passage ids in the order of the note
    tags: list[TagCount]
    nearest: dict[str, Answer]
    matches: dict[str, Answer]
    notes: dict[str, Answer]  # whole notes that match, by their public id
    phrases: dict[str, Answer]
    acronyms: list[tuple[str, str]]
    links: list[tuple[str, NoteLink]]  # in the order of their notes' ids, then of the note


def contents_of(index_dir: Path, embedder: Embedder | None = None) -> Contents:
    with Store(index_dir) as store, store.snapshot() as snapshot:
        return contents_of_snapshot(snapshot, embedder or WordEmbedder())


def contents_of_snapshot(snapshot: Snapshot, embedder: Embedder | None = None) -> Contents:
    ids = snapshot.passage_ids(AllOf(())).tolist()
    stored = snapshot.passages(ids)
    vectors = snapshot.vectors_of(ids)
    by_path: dict[str, list[str]] = {}
    for passage in stored:
        by_path.setdefault(passage.note.path, []).append(passage.passage.id)
    public = {passage.id: passage.passage.id for passage in stored}
    embedder = embedder or WordEmbedder()
    nearest: dict[str, Answer] = {}
    matches: dict[str, Answer] = {}
    notes: dict[str, Answer] = {}
    phrases = {" ".join(pair): _phrase(snapshot, public, pair) for pair in pairwise(WORDS)}
    for word in (*WORDS, "also"):
        query = embedder.embed_query(word)
        near = snapshot.nearest(query, len(ids))
        exact = dict(zip(ids, (vectors @ query).tolist() if ids else [], strict=True))
        cosines = [exact[number] for number in near.ids.tolist()]
        # Behind the first ones, cosines are those of rounded vectors.
        assert near.cosines.tolist() == pytest.approx(cosines, abs=0.02)
        assert near.cosines[:20].tolist() == pytest.approx(cosines[:20], abs=1e-6)
        nearest[word] = _answer(public, near.ids.tolist(), cosines)
        found = snapshot.word_scores(word, ColumnWeights())[0]
        matches[word] = _answer(public, found.ids.tolist(), found.scores.tolist())
        whole = snapshot.word_scores(word, ColumnWeights(title=2.0))[1]
        numbers = whole.ids.tolist()
        names = {number: note.note_id for number, note in snapshot.notes(numbers).items()}
        notes[word] = _answer(names, numbers, whole.scores.tolist())
    links = snapshot.note_links()
    owners = snapshot.notes([number for number, _ in links])
    linked = [(owners[number].note_id, link) for number, link in links]
    return Contents(
        passages={
            p.passage.id: (p.note, p.passage, row.tobytes())
            for p, row in zip(stored, vectors, strict=True)
        },
        by_path=by_path,
        tags=snapshot.tags(),
        nearest=nearest,
        matches=matches,
        notes=notes,
        phrases=phrases,
        acronyms=snapshot.acronyms([], WORDS),
        links=sorted(linked, key=lambda pair: pair[0]),
    )


def _phrase(snapshot: Snapshot, public: dict[int, str], words: Sequence[str]) -> Answer:
    found, _ = snapshot.phrase_scores(words, ColumnWeights())
    assert snapshot.passages_with_phrase(words).tolist() == found.ids.tolist()
    return _answer(public, found.ids.tolist(), found.scores.tolist())


def _answer(public: dict[int, str], ids: list[int], scores: list[float]) -> Answer:
    # Equal scores come in the order of numbers, which two builds may give differently.
    return tuple(sorted((public[i], round(s, 6)) for i, s in zip(ids, scores, strict=True)))
