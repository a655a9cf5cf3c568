"""Choose the part of an index in an engine that can matter for a question.

The engine is asked for the passages nearest to the question, for those whose words add up to most,
for the passages of the notes whose words do, and for some that stand for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from qdrant_client import models

from notesearch.index.qdrant.conditions import says_nothing_of_passages
from notesearch.index.qdrant.engine_client import Payload
from notesearch.index.qdrant.engine_memory import Crowd
from notesearch.index.qdrant.engine_snapshot import EngineSnapshot
from notesearch.index.qdrant.engine_words import run_condition
from notesearch.index.qdrant.narrowed_snapshot import NarrowedSnapshot
from notesearch.index.qdrant.note_points import rarity_of
from notesearch.index.qdrant.point_conditions import all_of, is_one_of, is_within
from notesearch.index.snapshot import Asked

# Up to so many passages that may be hits, those that stand for them are chosen as on disk.
_MOST_LISTED = 10_000
_STANDING_FOR_ALL = 1000
_LOTS = 2**31
_BEST_NOTES = 300


def narrow(whole: EngineSnapshot, asked: Asked) -> NarrowedSnapshot:
    """Return the passages that can be hits of a question, and those that stand for all."""
    may_be = whole.may_be(asked.where, asked.phrases)
    crowd = _crowd(whole, asked, may_be)
    # Where few may be hits, all of them are taken; else others stand for them.
    is_all = crowd.among <= 2 * asked.depth
    taken = crowd.ids if is_all else crowd.some
    owners = {number: crowd.owners[number] for number in taken.tolist()}
    near: list[tuple[int, float]] | None = None
    if asked.vector is not None:
        vector = asked.vector()  # of another model it is an error, whatever there is to find
        near = []
        if crowd.among:
            depth = min(asked.depth, crowd.among)
            hits = whole.engine.nearest(vector, may_be, depth, ["note"])
            near = [(int(hit.id), hit.score) for hit in hits]
            owners.update(_owners(hits))
    if not is_all and asked.words:
        owners.update(_said(whole, asked, may_be))
    return NarrowedSnapshot(whole, owners, crowd=crowd, near=near, asked=asked)


def _crowd(whole: EngineSnapshot, asked: Asked, may_be: models.Filter) -> Crowd:
    """Return the passages that may be hits, or where these are many, some that are like all."""

    def find() -> Crowd:
        passages = whole.engine.names.passages
        is_filtered = asked.where is not None or asked.phrases
        among = whole.engine.count(passages, may_be) if is_filtered else whole.state.passages
        where = may_be
        if among > _MOST_LISTED:
            # Some more than are wanted: by chance it may be some fewer.
            most = int(1.1 * _LOTS * _STANDING_FOR_ALL / among)
            where = all_of(may_be, is_within("lot", most=most))
        found = list(whole.engine.scroll(passages, where, ["note"]))
        owners = {int(record.id): record.payload["note"] for record in found if record.payload}
        ids = np.array(list(owners), dtype=np.int64)
        is_all = among <= _MOST_LISTED
        some = ids[:: -(-len(ids) // _STANDING_FOR_ALL) or 1] if is_all else ids
        return Crowd(ids, some, owners, among)

    return whole.memory.crowds.get((asked.where, asked.phrases), find)


def _said(whole: EngineSnapshot, asked: Asked, may_be: models.Filter) -> dict[int, int]:
    """Return the passages, with their notes, that say most of the words of a question."""
    engine, names = whole.engine, whole.engine.names
    runs = [tuple(run) for run in asked.runs()]
    weights = _weights(whole, {**dict.fromkeys((r[0] for r in runs if len(r) == 1), 1.0),
                               **asked.words})  # fmt: skip
    owners = _owners(engine.best_by_words(names.passages, weights, may_be, asked.depth, ["note"]))
    owners.update(_with_runs(whole, asked, [run for run in runs if len(run) > 1], may_be))
    owners.update(_of_best_notes(whole, asked, weights, may_be))
    return owners


def _with_runs(
    whole: EngineSnapshot, asked: Asked, runs: Sequence[tuple[str, ...]], may_be: models.Filter
) -> dict[int, int]:
    """Return the passages, with their notes, that have words side by side and say most by them."""
    passages = whole.engine.names.passages
    owners: dict[int, int] = {}
    known: dict[int, int] = {}
    scores: dict[int, float] = {}
    for words in runs:
        code = whole.code_of(" ".join(words))
        if code is None or not (run := whole.run_of(code)).in_all:
            continue
        if len(run.ids) < run.in_all:  # in so many passages that the engine chooses among them
            where = all_of(may_be, run_condition(code))
            weights = _weights(whole, dict.fromkeys(words, 1.0))
            best = whole.engine.best_by_words(passages, weights, where, asked.depth, ["note"])
            owners.update(_owners(best))
            continue
        known.update(zip(run.ids.tolist(), run.owners.tolist(), strict=True))
        for number, score in zip(run.ids.tolist(), run.scores.tolist(), strict=True):
            scores[number] = scores.get(number, 0.0) + score
    best_ids = sorted(scores, key=lambda number: (-scores[number], number))[: asked.depth]
    if best_ids and (asked.where is not None or asked.phrases):
        let = whole.engine.scroll(passages, all_of(may_be, is_one_of(best_ids)), False)
        best_ids = [int(record.id) for record in let]
    return owners | {number: known[number] for number in best_ids}


def _weights(whole: EngineSnapshot, words: dict[str, float]) -> dict[int, float]:
    """Return what each word counts, by its rarity, by the number of the word."""
    stems = {word: whole.split([word]) for word in words}
    counts = whole.counts_of(stem for found in stems.values() for stem in found)
    weights: dict[int, float] = {}
    for word, found in stems.items():
        for stem in found:
            if of_stem := counts.get(stem):
                rarity = rarity_of(of_stem.passages, whole.state.passages)
                weights[of_stem.number] = weights.get(of_stem.number, 0.0) + words[word] * rarity
    return weights


def _of_best_notes(
    whole: EngineSnapshot, asked: Asked, weights: dict[int, float], may_be: models.Filter
) -> dict[int, int]:
    """Return the passages of the notes that say most of the words, and of those called so."""
    where = whole.in_force()
    if asked.where is not None and says_nothing_of_passages(asked.where):
        where = whole.in_force(whole.conditions.of_notes(asked.where))
    keys = ["first_passage", "passages"]
    best = whole.engine.best_by_words(whole.engine.names.notes, weights, where, _BEST_NOTES, keys)
    spans = {int(hit.id): hit.payload or {} for hit in best}
    named = whole.find_notes(asked.name, by="name") if asked.name else {}
    found = whole.engine.read(whole.engine.names.notes, list(named), keys)
    wanted = dict(_numbered({int(number): span for number, span in found.items()}))
    for number, note in _numbered(spans):
        if len(wanted) >= asked.depth:
            break
        wanted[number] = note
    if asked.where is None and not asked.phrases:
        return wanted
    both = all_of(may_be, is_one_of(wanted))
    let = whole.engine.scroll(whole.engine.names.passages, both, False)
    return {int(record.id): wanted[int(record.id)] for record in let}


def _numbered(spans: dict[int, Payload]) -> Iterator[tuple[int, int]]:
    """Yield each passage of some notes with its note."""
    for note, span in spans.items():
        for place in range(span["passages"]):
            yield span["first_passage"] + place, note


def _owners(hits: Sequence[models.ScoredPoint]) -> dict[int, int]:
    return {int(hit.id): hit.payload["note"] for hit in hits if hit.payload}
