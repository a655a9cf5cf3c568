"""Follow the links between notes: what each leads to, what leads to a note, what leads nowhere."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from notesearch.index.link_targets import LinkTargets
from notesearch.index.snapshot import NoteNames, StoredNote
from notesearch.records import LinkKind, NoteLink


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


ReadNotes = Callable[[Sequence[int]], Mapping[int, StoredNote]]


class LinkWeb:
    """The links of all notes, with what they lead to, by the numbers of the notes."""

    def __init__(
        self,
        names: Sequence[NoteNames],
        links: Sequence[tuple[int, NoteLink]],
        read_notes: ReadNotes,
    ) -> None:
        self._read_notes = read_notes
        self._names = {note.number: note for note in names}
        by_index: dict[str, list[NoteNames]] = defaultdict(list)
        for note in names:
            by_index[note.index_name].append(note)
        # A link never leads into another index.
        targets = {name: LinkTargets(notes) for name, notes in by_index.items()}
        self._links: list[tuple[int, NoteLink, int | None]] = []
        for number, link in links:
            note = self._names[number]
            self._links.append((number, link, targets[note.index_name].find(link, note.path)))

    def of_note(self, number: int, note: StoredNote) -> NoteLinks:
        """Return the links of a note and those to it, without those that lead to itself."""
        other = [link for link in self._links if link[0] != link[2]]
        return NoteLinks(
            note,
            self._described([link for link in other if link[0] == number]),
            self._described([link for link in other if link[2] == number]),
        )

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

    def orphans(self) -> list[StoredNote]:
        """Return the notes that no other links to, and that link to no other."""
        linked = {
            number
            for source, _, target in self._links
            if target is not None and source != target
            for number in (source, target)
        }
        alone = [note for note in self._names.values() if note.number not in linked]
        alone.sort(key=lambda note: (note.full_path, note.line_start))
        found = self._read_notes([note.number for note in alone])
        return [found[note.number] for note in alone]

    def _described(
        self, links: Sequence[tuple[int, NoteLink, int | None]]
    ) -> tuple[FoundLink, ...]:
        numbers = {n for source, _, target in links for n in (source, target) if n is not None}
        notes = self._read_notes(sorted(numbers))
        found = []
        for source, link, target in links:
            note = notes[source]
            to = None if target is None else notes[target]
            found.append(
                FoundLink(
                    note_id=note.note_id,
                    path=note.path,
                    title=note.title,
                    line=link.line,
                    kind=link.kind,
                    target=link.target,
                    sentence=link.sentence,
                    to_note_id=to.note_id if to else None,
                    to_path=to.path if to else None,
                    to_title=to.title if to else None,
                )
            )
        return tuple(sorted(found, key=lambda one: (one.path, one.line)))
