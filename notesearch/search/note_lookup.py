"""Find the notes that a person names, and the newest notes."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Snapshot, StoredNote
from notesearch.query.filters import Filter
from notesearch.records import Hit
from notesearch.search.candidates import common_ids
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen, make_hits

_SHOWN = 5


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


def find_named(
    snapshot: Snapshot, question: str, allowed_ids: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Return the allowed passages of notes called like the question, in ascending order."""
    ids = snapshot.passages_named(question)
    return ids if allowed_ids is None else common_ids(ids, allowed_ids)


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
    return make_hits(Chosen(tuple(enumerate(found))), unranked)
