"""Find the note that a link means, among all notes of an index as they are now.

A link goes by a path, or by a name: a file's, with or without its suffix and some of its folders, a
title or an alias; or by the paper that a note is on, or by an id that a file gives itself. Where
several notes have a name, the one in the nearest folder is meant, then the one with the shortest
path, as in Obsidian.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from urllib.parse import unquote

from notesearch.index.known_names import file_names, file_stem
from notesearch.index.snapshot import NoteNames
from notesearch.records import LinkKind, NoteLink
from notesearch.spelling import normalise_name, normalise_paper

_FILE, _TITLE, _ALIAS = range(3)  # what a name is, the most telling first
# A file called by the key of its paper: `lee2020.md`, `leeAttention2020.md`.
_A_KEY = re.compile(r"[A-Za-z][A-Za-z_:-]*(?:19|20)\d\d\w*")


class LinkTargets:
    """Knows the notes of one index by their paths, names and ids."""

    def __init__(self, notes: Iterable[NoteNames]) -> None:
        self._notes = list(notes)
        self._by_path: dict[str, list[NoteNames]] = defaultdict(list)
        self._by_file: dict[str, list[NoteNames]] = defaultdict(list)
        self._known: dict[tuple[str, str], NoteNames | None] = {}
        self._known_on_paper: dict[tuple[str, str], NoteNames | None] = {}
        for note in self._notes:
            path = _spelled(note.path)
            name = path.rpartition("/")[2]
            stem = posixpath.splitext(name)[0]
            self._by_path[path].append(note)
            self._by_file[name].append(note)
            if stem != name:
                self._by_path[path[: len(stem) - len(name)]].append(note)
                self._by_file[stem].append(note)

    # Made when a link goes by one of them: many links go by a path alone.

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[int, NoteNames]]]:
        found: dict[str, list[tuple[int, NoteNames]]] = defaultdict(list)
        for note in self._notes:
            for name in file_names(note.path):
                found[normalise_name(name)].append((_FILE, note))
            found[normalise_name(note.title)].append((_TITLE, note))
            for alias in note.aliases:
                found[normalise_name(alias)].append((_ALIAS, note))
        found.pop("", None)
        return found

    @cached_property
    def _by_link_id(self) -> dict[str, NoteNames]:
        ids = [(id.casefold(), note) for note in self._notes for id in note.link_ids]
        return dict(reversed(ids))

    @cached_property
    def _by_paper(self) -> dict[str, list[NoteNames]]:
        found: dict[str, list[NoteNames]] = defaultdict(list)
        for note in self._notes:
            if note.paper:
                found[note.paper].append(note)
        return found

    @cached_property
    def _by_citation(self) -> dict[str, list[NoteNames]]:
        """The notes by what cites their papers, `@lee2020`: an alias, or the name of the file."""
        found: dict[str, list[NoteNames]] = defaultdict(list)
        for note in self._notes:
            stem = file_stem(note.path)
            names = {name.casefold() for name in (stem, *note.aliases) if name.startswith("@")}
            if _A_KEY.fullmatch(stem):
                names.add(f"@{stem.casefold()}")
            for name in names:
                found[name].append(note)
        return found

    def find(self, link: NoteLink, from_path: str) -> int | None:
        """Return the number of the note that a link in the file of a path means."""
        found = self.find_target(link.kind, link.target, from_path)
        return None if found is None else found.number

    def find_target(self, kind: LinkKind, target: str, from_path: str) -> NoteNames | None:
        """Return the note that a target, as written in the file of a path, means."""
        if kind is LinkKind.PAPER:
            return self._nearest_in(self._by_paper, target, from_path)
        if kind is LinkKind.CITATION:
            return self._nearest_in(self._by_citation, target.casefold(), from_path)
        form, _, rest = target.partition(":")
        if (kind, form) in ((LinkKind.ORG, "id"), (LinkKind.RST, "ref")):
            return self._by_link_id.get(rest.strip().casefold())
        if kind is LinkKind.RST:
            return self.find_path(rest, from_path)
        if kind in (LinkKind.MARKDOWN, LinkKind.ORG):
            return self.find_path(target, from_path)
        return self.find_name(target, from_path)

    def find_path(self, target: str, from_path: str) -> NoteNames | None:
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
                return self._part(self._by_path[full], heading)
        found = self._ending_so(from_top)
        is_one = len({note.path for note in found}) == 1
        return self._part(found, heading) if is_one else None

    def find_name(self, target: str, from_path: str) -> NoteNames | None:
        """Return the note that goes by a name, with or without a heading behind it."""
        if target.startswith(("/", "./", "../")):
            return self.find_path(target, from_path)
        name, _, heading = target.partition("#")
        key = name.strip(), posixpath.dirname(from_path)
        if key not in self._known:
            self._known[key] = self._find_by_name(*key)
        found = self._known[key]
        if found is None:
            return None
        is_path = self._by_file.get(posixpath.basename(_spelled(name.strip())))
        parts = self._by_path[_spelled(found.path)] if is_path else [found]
        return self._part(parts, heading)

    def _find_by_name(self, name: str, folder: str) -> NoteNames | None:
        spelled = _spelled(name)
        exact = self._by_path.get(spelled)
        if exact and ("/" in spelled or spelled == _spelled(exact[0].path)):
            return self._part(exact, "")
        found = [(_FILE, note) for note in self._ending_so(spelled)]
        found = found or self._by_name.get(normalise_name(name), [])
        if not found and (paper := normalise_paper(name)):
            found = [(_ALIAS, note) for note in self._by_paper.get(paper, ())]
        return _nearest(found, folder)

    def _nearest_in(
        self, notes_on: Mapping[str, Sequence[NoteNames]], paper: str, from_path: str
    ) -> NoteNames | None:
        """Return of the notes on a paper the nearest, a whole file rather than a part of one."""
        if paper not in notes_on:
            return None
        key = paper, posixpath.dirname(from_path)
        if key not in self._known_on_paper:
            found = [(int(note.line_start > 1), note) for note in notes_on[paper]]
            self._known_on_paper[key] = _nearest(found, key[1])
        return self._known_on_paper[key]

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


def _nearest(found: Sequence[tuple[int, NoteNames]], folder: str) -> NoteNames | None:
    """Return of some notes, each with its rank, the one of the first rank that is the nearest."""
    if len(found) < 2:
        return found[0][1] if found else None
    from_folder = folder.split("/") if folder else []

    def distance(item: tuple[int, NoteNames]) -> tuple[int, int, int, str, int]:
        rank, note = item
        folders = note.path.split("/")[:-1]
        return rank, _steps(from_folder, folders), len(folders), note.path, note.line_start

    return min(found, key=distance)[1]


def _spelled(path: str) -> str:
    """Return the form in which paths are compared: macOS takes accents apart, and case is free."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", path).casefold()


def _steps(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the steps from one folder to another."""
    common = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        common += 1
    return len(one) + len(other) - 2 * common
