"""Find the note that a link in another note means."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from notesearch.index.snapshot import StoredNote
from notesearch.spelling import normalise_name
from notesearch.web.addresses import note_address


class NoteFinder:
    """Knows all notes of an index by their paths and names."""

    def __init__(self, notes: Sequence[StoredNote]) -> None:
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        for note in notes:
            stem = posixpath.splitext(note.path)[0]
            # A path means the first note of its file.
            self._by_path.setdefault(note.path, note.note_id)
            self._by_path.setdefault(stem, note.note_id)
            for name in (posixpath.basename(stem), note.title, *note.aliases):
                self._by_name.setdefault(normalise_name(name), note.note_id)

    def address(self, name: str) -> str | None:
        """Return where the note of a path, a file's name, a title or an alias is shown."""
        found = self._by_path.get(name.lstrip("/"))
        if found is None and (normal := normalise_name(name)):
            found = self._by_name.get(normal)
        return None if found is None else note_address(found)
