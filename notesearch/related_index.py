"""Say how the notes of an index hang together: their papers, and the links between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from notesearch.arguments import require_text
from notesearch.kept_index import KeptIndex
from notesearch.query.filters import LinkedFrom, LinksTo, leaves, with_leaves
from notesearch.search.checked_filter import checked_filter, find_note_of_filter
from notesearch.search.note_lookup import find_note

# A query must not wait for what works this out: it is imported where it is used.
if TYPE_CHECKING:
    from notesearch.index.linked_notes import FoundLink, LinkWeb, NoteLinks
    from notesearch.index.snapshot import Snapshot, StoredNote
    from notesearch.papers import Paper
    from notesearch.query.filters import Filter
    from notesearch.query.parser import Query
    from notesearch.records import LinkKind


class RelatedIndex(KeptIndex):
    """An index that knows what its notes have to do with each other."""

    def papers(self, where: str | Filter | None = None) -> list[Paper]:
        """Gather the notes by their papers; those on which a filter lets a note through.

        Each comes with all notes on it, whichever of them the filter lets through. Those that were
        noted last come first.
        """
        from notesearch.papers import find_papers

        with self._snapshot() as snapshot:
            return find_papers(snapshot, self._checked(snapshot, where))

    def paper_of(self, note: str) -> Paper:
        """Return the paper of a note that is named as `show` takes it.

        For a note on no paper, that is what can be cited of the note itself.
        """
        from notesearch.papers import find_paper

        require_text("the note", note)
        with self._snapshot() as snapshot:
            _, found = find_note(snapshot, note, self._paths_in_corpus)
            return find_paper(snapshot, found.note_id)

    def links(self, note: str) -> NoteLinks:
        """Return the links of a note that is named as `show` takes it, and the links to it.

        What they lead to is found among the notes as they are now.
        """
        from notesearch.index.linked_notes import NoteLinks

        require_text("the note", note)
        with self._snapshot() as snapshot:
            number, found = find_note(snapshot, note, self._paths_in_corpus)
            return NoteLinks(found, *self._link_web(snapshot).of_note(number))

    def find_link(self, kind: LinkKind, target: str, note_id: str) -> str | None:
        """Return the id of the note that a link means, as the note of an id has it written."""
        with self._snapshot() as snapshot:
            return self._link_web(snapshot).find(kind, target, note_id)

    def all_links(self) -> tuple[FoundLink, ...]:
        """Return the links between notes and those that lead nowhere, by path and line."""
        with self._snapshot() as snapshot:
            return self._link_web(snapshot).all()

    def broken_links(self) -> tuple[FoundLink, ...]:
        """Return the links that lead to no note, by path and line."""
        with self._snapshot() as snapshot:
            return self._link_web(snapshot).broken()

    def orphans(self) -> list[StoredNote]:
        """Return the notes that no other links to, and that link to no other, by path."""
        with self._snapshot() as snapshot:
            numbers = self._link_web(snapshot).orphans()
            found = snapshot.notes(numbers)
            return [found[number] for number in numbers]

    def _link_web(self, snapshot: Snapshot) -> LinkWeb:
        """Return what all links lead to, which is kept until the index changes."""
        from notesearch.index.linked_notes import LinkWeb

        kept = self._kept_links
        if kept is None or kept[0] != snapshot.stamp:
            web = LinkWeb(snapshot.note_names(), snapshot.note_links())
            kept = self._kept_links = snapshot.stamp, web
        return kept[1]

    def _checked(
        self, snapshot: Snapshot, where: str | Filter | None, query: Query | None = None
    ) -> Filter | None:
        """Return a filter as this snapshot can be asked it; UsageError for one that cannot.

        Notes that it names are looked up. With the `query` that it stands in, an error points at
        the place.
        """
        only = checked_filter(snapshot, where, query)
        if only is None or not any(map(_is_of_links, leaves(only))):
            return only

        def looked_up(leaf: Filter) -> Filter:
            if not isinstance(leaf, LinksTo | LinkedFrom):
                return leaf
            number = find_note_of_filter(snapshot, leaf, self._paths_in_corpus, query)
            web = self._link_web(snapshot)
            is_to = isinstance(leaf, LinksTo)
            found = web.linking_to(number) if is_to else web.linked_from(number)
            return replace(leaf, found=found)

        return with_leaves(only, looked_up)


def _is_of_links(leaf: Filter) -> bool:
    return isinstance(leaf, LinksTo | LinkedFrom)
