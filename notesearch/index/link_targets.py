"""Find the note that a link means, among all notes of an index as they are now.

A link goes by a path, or by a name: a file's, with or without its suffix and some of its folders, a
title or an alias. Where several notes have a name, the one in the nearest folder is meant, then the
one with the shortest path, as in Obsidian.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from notesearch.index.known_names import file_names
from notesearch.index.snapshot import NoteNames
from notesearch.records import LinkKind, NoteLink
from notesearch.spelling import normalise_name

_FILE, _TITLE, _ALIAS = range(3)  # what a name is, the most telling first


class LinkTargets:
    """Knows the notes of one index by their paths, names and ids."""

    def __init__(self, notes: Iterable[NoteNames]) -> None:
        self._by_path: dict[str, list[NoteNames]] = defaultdict(list)
        self._by_file: dict[str, list[NoteNames]] = defaultdict(list)
        self._by_name: dict[str, list[tuple[int, NoteNames]]] = defaultdict(list)
        self._by_org_id: dict[str, NoteNames] = {}
        self._known: dict[tuple[str, str], NoteNames | None] = {}
        for note in notes:
            path = _spelled(note.path)
            for form in dict.fromkeys((path, posixpath.splitext(path)[0])):
                self._by_path[form].append(note)
                self._by_file[posixpath.basename(form)].append(note)
            for name in file_names(note.path):
                self._by_name[normalise_name(name)].append((_FILE, note))
            self._by_name[normalise_name(note.title)].append((_TITLE, note))
            for alias in note.aliases:
                self._by_name[normalise_name(alias)].append((_ALIAS, note))
            if note.org_id:
                self._by_org_id.setdefault(note.org_id.casefold(), note)
        self._by_name.pop("", None)

    def find(self, link: NoteLink, from_path: str) -> int | None:
        """Return the number of the note that a link in the file of a path means."""
        if link.kind is LinkKind.ORG and link.target.startswith("id:"):
            found = self._by_org_id.get(link.target[3:].strip().casefold())
            return None if found is None else found.number
        if link.kind in (LinkKind.MARKDOWN, LinkKind.ORG):
            return self.find_path(link.target, from_path)
        return self.find_name(link.target, from_path)

    def find_path(self, target: str, from_path: str) -> int | None:
        """Return the note of a path as it is seen from a file; one that begins with / is the top's.

        Failing that, the path is one from the top, or the end of the path of one file alone.
        """
        place, _, heading = target.partition("#")
        path = _spelled(unquote(place.partition("?")[0]).replace("\\", "/"))
        if not path.strip("/"):
            return None
        from_top = posixpath.normpath(path.lstrip("/"))
        folder = "" if path.startswith("/") else posixpath.dirname(_spelled(from_path))
        for full in (posixpath.normpath(posixpath.join(folder, path.lstrip("/"))), from_top):
            if full in self._by_path:
                return self._part(self._by_path[full], heading).number
        found = self._ending_so(from_top)
        is_one = len({note.path for note in found}) == 1
        return self._part(found, heading).number if is_one else None

    def find_name(self, target: str, from_path: str) -> int | None:
        """Return the note that goes by a name, with or without a heading behind it."""
        if target.startswith(("/", "./", "../")):
            return self.find_path(target, from_path)
        name, _, heading = target.partition("#")
        key = name.strip(), posixpath.dirname(from_path)
        if key not in self._known:
            self._known[key] = self._nearest(*key)
        found = self._known[key]
        if found is None:
            return None
        is_path = self._by_file.get(posixpath.basename(_spelled(name.strip())))
        parts = self._by_path[_spelled(found.path)] if is_path else [found]
        return self._part(parts, heading).number

    def _nearest(self, name: str, folder: str) -> NoteNames | None:
        spelled = _spelled(name)
        exact = self._by_path.get(spelled)
        if exact and ("/" in spelled or spelled == _spelled(exact[0].path)):
            return self._part(exact, "")
        found = [(_FILE, note) for note in self._ending_so(spelled)]
        found = found or self._by_name.get(normalise_name(name), [])
        if not found:
            return None
        from_folder = folder.split("/") if folder else []

        def distance(item: tuple[int, NoteNames]) -> tuple[int, int, int, str, int]:
            rank, note = item
            folders = note.path.split("/")[:-1]
            steps = _steps(from_folder, folders)
            return rank, steps, len(folders), note.path, note.line_start

        return min(found, key=distance)[1]

    def _ending_so(self, path: str) -> list[NoteNames]:
        """Return the notes whose path, with or without its suffix, is another or ends with it."""
        found = self._by_file.get(posixpath.basename(path), [])
        if "/" not in path:
            return found
        ends = f"/{path}"
        return [
            note
            for note in found
            if (full := f"/{_spelled(note.path)}").endswith(ends)
            or posixpath.splitext(full)[0].endswith(ends)
        ]

    @staticmethod
    def _part(notes: Sequence[NoteNames], heading: str) -> NoteNames:
        """Return of the notes of one file the one that a heading names, or else the first."""
        if heading and len(notes) > 1 and (wanted := normalise_name(unquote(heading))):
            named = (note for note in notes if normalise_name(note.title) == wanted)
            if (found := next(named, None)) is not None:
                return found
        return min(notes, key=lambda note: (note.path, note.line_start))


def _spelled(path: str) -> str:
    """Return the form in which paths are compared: macOS takes accents apart, and case is free."""
    return unicodedata.normalize("NFC", path).casefold()


def _steps(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the steps from one folder to another."""
    common = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        common += 1
    return len(one) + len(other) - 2 * common
