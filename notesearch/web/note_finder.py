"""Find the page of the note that a link in another note means."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.index.link_targets import LinkTargets
from notesearch.index.snapshot import NoteNames, StoredNote
from notesearch.web.addresses import note_address


class NoteFinder:
    """Knows all notes of an index by their paths and names."""

    def __init__(self, notes: Sequence[StoredNote]) -> None:
        self._notes = notes
        self._targets = LinkTargets(
            NoteNames(number, note.path, note.title, note.aliases, note.line_start)
            for number, note in enumerate(notes)
        )

    def address(self, name: str, from_path: str = "") -> str | None:
        """Return where the note is shown that a path from the top, or a name, means in a file."""
        found = self._targets.find_name(name, from_path)
        return None if found is None else note_address(self._notes[found].note_id)
