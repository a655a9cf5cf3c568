"""Follow the links between notes: what each leads to, what leads to a note, what leads nowhere."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from notesearch.index.link_targets import LinkTargets
from notesearch.index.snapshot import NoteNames, StoredNote
from notesearch.records import LinkKind, NoteLink

# A paper that no note is on is no link that leads nowhere: it was not meant to lead anywhere.
_MENTIONS = frozenset({LinkKind.CITATION, LinkKind.PAPER})

_Link = tuple[int, NoteLink, int | None]  # the note that has it, and the one it leads to


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link between two notes, or one that leads nowhere; the fields are those of the JSON."""

    note_id: str  # of the note that has it
    path: str
    title: str
    line: int
    kind: LinkKind
    target: str  # as written
    sentence: str  # that it stands in, in words
    to_note_id: str | None  # None where it leads nowhere
    to_path: str | None
    to_title: str | None

    @property
    def is_broken(self) -> bool:
        """Whether no note is there that it could mean."""
        return self.to_note_id is None


@dataclass(frozen=True, slots=True)
class NoteLinks:
    """The links of one note in its order, and those of other notes to it, by path and line."""

    note: StoredNote
    links: tuple[FoundLink, ...]
    backlinks: tuple[FoundLink, ...]


def notes_in_folder_of(number: int, names: Sequence[NoteNames]) -> set[int]:
    """Return the notes in the folder of one, by number, itself among them."""
    folders = {one.number: (one.index_name, posixpath.dirname(one.path)) for one in names}
    return {other for other, folder in folders.items() if folder == folders[number]}


class LinkWeb:
    """The links of all notes of an index, or of several, with what each leads to."""

    def __init__(self, names: Sequence[NoteNames], links: Sequence[tuple[int, NoteLink]]) -> None:
        self._names = {note.number: note for note in names}
        by_index: dict[str, list[NoteNames]] = defaultdict(list)
        for note in names:
            by_index[note.index_name].append(note)
        # A link never leads into another index.
        self._targets = {name: LinkTargets(notes) for name, notes in by_index.items()}
        found: list[_Link] = []
        for number, link in links:
            note = self._names[number]
            found.append((number, link, self._targets[note.index_name].find(link, note.path)))
        # `[DPO](arXiv address) ([notes](dpo.md))` is one link.
        linked = {
            (number, link.line, to) for number, link, to in found if link.kind not in _MENTIONS
        }
        self._links = [
            (number, link, to)
            for number, link, to in found
            if link.kind not in _MENTIONS
            or (to is not None and (number, link.line, to) not in linked)
        ]

    def find(self, kind: LinkKind, target: str, note_id: str) -> str | None:
        """Return the id of the note that a target means, as a note has it written."""
        note = self._by_id.get(note_id)
        if note is None:
            return None
        found = self._targets[note.index_name].find_target(kind, target, note.path)
        return None if found is None else found.note_id

    @cached_property
    def _by_id(self) -> dict[str, NoteNames]:
        return {note.note_id: note for note in self._names.values()}

    def _links_of(self, number: int) -> list[_Link]:
        return [link for link in self._links if link[0] == number != link[2]]

    def _links_to(self, number: int) -> list[_Link]:
        return [link for link in self._links if link[2] == number != link[0]]

    def of_note(self, number: int) -> tuple[tuple[FoundLink, ...], tuple[FoundLink, ...]]:
        """Return the links of a note and those to it, without those that lead to itself."""
        return self._described(self._links_of(number)), self._described(self._links_to(number))

    def linking_to(self, number: int) -> tuple[str, ...]:
        """Return the ids of the notes with a link to one."""
        return self._ids(source for source, _, _ in self._links_to(number))

    def linked_from(self, number: int) -> tuple[str, ...]:
        """Return the ids of the notes that one has a link to."""
        return self._ids(to for _, _, to in self._links_of(number) if to is not None)

    def all(self) -> tuple[FoundLink, ...]:
        """Return the links of all notes, in the order of paths and lines."""
        return self._described(self._links)

    def broken(self) -> tuple[FoundLink, ...]:
        """Return the links that lead nowhere, in the order of paths and lines."""
        return self._described([link for link in self._links if link[2] is None])

    def linked_notes(self) -> dict[int, set[int]]:
        """Return of each linked note, by number, those that it links to or is linked from."""
        linked: dict[int, set[int]] = defaultdict(set)
        for source, _, target in self._links:
            if target is not None and source != target:
                linked[source].add(target)
                linked[target].add(source)
        return dict(linked)

    def orphans(self) -> list[int]:
        """Return the notes that no other links to, and that link to no other, by path and line."""
        linked = {
            number
            for source, _, target in self._links
            if target is not None and source != target
            for number in (source, target)
        }
        alone = [note for note in self._names.values() if note.number not in linked]
        alone.sort(key=lambda note: (note.full_path, note.line_start))
        return [note.number for note in alone]

    def _ids(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted({self._names[number].note_id for number in numbers}))

    def _described(self, links: Sequence[_Link]) -> tuple[FoundLink, ...]:
        found = []
        for source, link, target in links:
            note = self._names[source]
            to = None if target is None else self._names[target]
            found.append(
                FoundLink(
                    note_id=note.note_id,
                    path=note.full_path,
                    title=note.title,
                    line=link.line,
                    kind=link.kind,
                    target=link.target,
                    sentence=link.sentence,
                    to_note_id=to.note_id if to else None,
                    to_path=to.full_path if to else None,
                    to_title=to.title if to else None,
                )
            )
        return tuple(sorted(found, key=lambda one: (one.path, one.line)))
