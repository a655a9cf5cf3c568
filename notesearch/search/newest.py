"""A filter without words in, hits out: the first passages of the newest notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from notesearch.index.records import Condition, StoredPassage
from notesearch.index.sqlite_snapshot import Snapshot
from notesearch.records import Hit
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen
from notesearch.search.searcher import make_hits


def find_newest(
    snapshot: Snapshot, condition: Condition, k: int, per_note: int | None
) -> tuple[Hit, ...]:
    """Give k passages that meet a condition, at most `per_note` of a note, newest notes first.

    There is no question to rank by: the scores are 0, cosine and BM25 unknown.
    """
    # As a condition on passages: a note without any has nothing to show.
    notes = snapshot.list_notes(replace(condition, of_notes=False), k)
    allowed_ids = None if condition.of_notes else set(snapshot.passage_ids(condition).tolist())
    found: list[StoredPassage] = []
    for note in notes:
        for number in snapshot.find_notes(note.note_id):
            passages = snapshot.passages_of_note(number)
            may_be = [p for p in passages if allowed_ids is None or p.id in allowed_ids]
            found.extend(may_be[:per_note])
        if len(found) >= k:
            break
    return make_hits(Chosen(tuple(enumerate(found[:k])), {}), _unranked(len(found)))


def _unranked(count: int) -> Ranking:
    unknown = np.full(count, np.nan)
    return Ranking(np.zeros(count, dtype=np.int64), np.zeros(count), unknown, unknown)
