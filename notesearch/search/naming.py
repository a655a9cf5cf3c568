"""What a person calls a note in, the note out: its id, its path, its title, a passage of it."""

from __future__ import annotations

import difflib

from notesearch.errors import UsageError
from notesearch.index.records import StoredNote
from notesearch.index.sqlite_snapshot import Snapshot

_SHOWN = 5


def find_note(snapshot: Snapshot, name: str) -> tuple[int, StoredNote]:
    """Find the one note that a name means, with its number; UsageError for none or several."""
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
