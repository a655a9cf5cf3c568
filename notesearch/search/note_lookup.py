"""Find the notes that a person names, and the newest notes."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Snapshot, StoredNote
from notesearch.query.filters import Filter
from notesearch.records import Hit
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen, make_hits
from notesearch.search.question_words import read_words

_SHOWN = 5
# A longer question is no title; more passages than this begin with a word, not with a title.
_MOST_WORDS = 24
_MOST_PASSAGES = 64


def find_note(snapshot: Snapshot, name: str) -> tuple[int, StoredNote]:
    """Return the one note that a name means, with its number; UsageError for none or several.

    A note goes by its id, a passage id of it, its path and its title.
    """
    wanted = name.strip().removeprefix("./")
    for key in ("note_id", "passage_id", "path", "title"):
        found = snapshot.find_notes(wanted, by=key)
        if len(found) == 1:
            return next(iter(found.items()))
        if found:
            ids = ", ".join(note.note_id for note in list(found.values())[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise UsageError(f"{name} means {len(found)} notes: {ids}{more}; give one of these ids")
    notes = snapshot.list_notes(None, 100_000)
    names = [text for note in notes for text in (note.note_id, note.title)]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "to list them, run: notesearch notes"
    raise UsageError(f"no note is called {name}; {hint}")


def find_titled(snapshot: Snapshot, question: str) -> NDArray[np.int64]:
    """Return the passages of notes called like the question, up to case and signs."""
    words = read_words(question)
    if not 0 < len(words) <= _MOST_WORDS:
        return np.empty(0, dtype=np.int64)
    ids = snapshot.passages_titled(words)[:_MOST_PASSAGES]
    titled = [
        stored.id
        for stored in snapshot.passages(ids.tolist())
        if read_words(stored.note.title) == words
    ]
    return np.array(titled, dtype=np.int64)


def find_newest(snapshot: Snapshot, where: Filter, k: int, per_note: int | None) -> tuple[Hit, ...]:
    """Return k passages that a filter lets through, at most `per_note` of a note, newest first.

    There is no question to rank by: the scores are 0, cosine and BM25 unknown.
    """
    let_through = snapshot.passage_ids(where)
    owners = snapshot.table.note_of[let_through]
    chosen: list[int] = []
    firsts = np.flatnonzero(np.diff(owners, prepend=0))  # a note's passages are in a row
    for number in snapshot.newest(owners[firsts].tolist(), k):
        chosen.extend(let_through[owners == number][:per_note].tolist())
        if len(chosen) >= k:
            break
    found = snapshot.passages(chosen[:k])
    unknown = np.full(len(found), np.nan)
    unranked = Ranking(np.zeros(len(found), np.int64), np.zeros(len(found)), unknown, unknown)
    return make_hits(Chosen(tuple(enumerate(found)), {}), unranked)
