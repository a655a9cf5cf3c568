"""Say how the notes of an index hang together: their papers, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from notesearch.arguments import as_notes_say, require_count, require_text
from notesearch.errors import NotesearchError
from notesearch.kept_index import KeptIndex
from notesearch.query.filters import LinkedFrom, LinksTo, leaves, with_leaves
from notesearch.search.checked_filter import checked_filter, find_note_of_filter
from notesearch.search.note_lookup import find_note

# A query must not wait for what works this out: it is imported where it is used.
if TYPE_CHECKING:
    from notesearch.bibliography.bib_entry import BibEntry
    from notesearch.bibliography.known_entries import Bibliography
    from notesearch.index.linked_notes import FoundLink, LinkWeb, NoteLinks
    from notesearch.index.snapshot import Snapshot, StoredNote
    from notesearch.papers import Paper
    from notesearch.query.filters import Filter
    from notesearch.query.parser import Query
    from notesearch.reading_queue import ReadingQueue
    from notesearch.records import LinkKind
    from notesearch.search.comparison import Comparison
    from notesearch.search.link_suggestions import LinkSuggestion


class RelatedIndex(KeptIndex):
    """An index that knows what its notes have to do with each other."""

    def papers(self, where: str | Filter | None = None) -> list[Paper]:
        """Gather the notes by their papers; those on which a filter lets a note through.

        Each comes with all notes on it, whichever of them the filter lets through. Those that were
        noted last come first. Where a .bib file among the notes, or one that the settings name, has
        an entry for a paper, `entry` is that, and says what it is called and by whom.
        """
        from notesearch.papers import find_papers

        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
            return find_papers(snapshot, only, self._bibliography())

    def papers_of(self, *notes: str) -> list[Paper]:
        """Return the paper of each of some notes, which are named as `show` takes them.

        For a note on no paper, that is what can be cited of the note itself.
        """
        from notesearch.papers import papers_of_notes

        for note in notes:
            require_text("the note", note)
        with self._snapshot() as snapshot:
            found = [find_note(snapshot, note, self._paths_in_corpus)[1] for note in notes]
            note_ids = [note.note_id for note in found]
            return papers_of_notes(snapshot, note_ids, self._bibliography())

    def _bibliography(self) -> Bibliography:
        from notesearch.bibliography.known_entries import Bibliography

        return Bibliography(self._kept_entries())

    def _kept_entries(self) -> Iterator[BibEntry]:
        """Yield the entries of the .bib files that the settings name, and of those in the corpus.

        An index that came from somewhere else has no folder walked for them.
        """
        from notesearch.bibliography.bib_files import BIB_SUFFIXES, read_entries
        from notesearch.corpus.walk import list_files

        settings = self._settings
        corpus, paths = None, []
        with suppress(NotesearchError, OSError):
            self.require_own_corpus()
            if not self.has_no_corpus() and self.corpus.is_dir():
                corpus = self.corpus
                listing = list_files(
                    corpus, settings.ignore, BIB_SUFFIXES, follow_links=settings.follow_links
                )
                paths = [file.path for file in listing.files]
        yield from read_entries(
            corpus,
            paths,
            settings.bibliography,
            follow_links=settings.follow_links,
            warn=self._warn,
        )

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

    def compare(self, a: str, b: str, pairs: int = 10) -> Comparison:
        """Put two notes, papers or questions side by side: what both speak of, and what only one.

        A note is named as `show` takes it, a paper by its id, title or citation key; what means
        neither is a question, and the passages that answer it are compared. `note:`, `paper:` and
        `question:` in front of a name leave no doubt. At most so many `pairs` are listed, and so
        many sentences that only one side says.
        """
        require_text("the first side", a)
        require_text("the second side", b)
        require_count("pairs", pairs)
        with self._snapshot() as snapshot:
            return self._searcher.get().compare(
                snapshot, a, b, self._paths_in_corpus, as_notes_say, pairs
            )

    def reading_queue(self, where: str | Filter | None = None) -> ReadingQueue:
        """Gather what notes say is to be done next, and papers that they name and no note is on.

        A filter chooses the passages that are read.
        """
        from notesearch.reading_queue import find_queue

        with self._snapshot() as snapshot:
            return find_queue(snapshot, self._checked(snapshot, where))

    def _notes_beside(
        self, snapshot: Snapshot, number: int, *, linked: bool, same_folder: bool
    ) -> set[int]:
        """Return the notes that are linked with one, or in its folder, by their numbers."""
        from notesearch.index.linked_notes import notes_in_folder_of

        beside = self._link_web(snapshot).linked_notes().get(number, set()) if linked else set()
        return beside | notes_in_folder_of(number, snapshot.note_names()) if same_folder else beside

    def suggest_links(
        self,
        note: str | None = None,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        other_folder: bool = False,
    ) -> list[LinkSuggestion]:
        """Suggest what belongs together and is not linked yet, in either direction: k pairs.

        Each has the two sentences that are most alike. With a `note`, named as `show` takes it,
        those are its best partners; without, the best pairs of all notes, no note in two of them.
        `where` says which notes may be suggested. Notes on one paper, copies and the notes of one
        file are left out, and with `other_folder` those of one folder.
        """
        from notesearch.search.link_suggestions import SuggestionFinder

        require_count("k", k)
        if note is not None:
            require_text("the note", note)
        with self._snapshot() as snapshot:
            only = self._checked(snapshot, where)
            asked = None
            if note is not None:
                asked, _ = find_note(snapshot, note, self._paths_in_corpus)
            linked = self._link_web(snapshot).linked_notes()
            finder = SuggestionFinder(
                snapshot, linked, only, other_folder=other_folder, asked=asked
            )
            return finder.of_all(k) if asked is None else finder.of_note(asked, k)


def _is_of_links(leaf: Filter) -> bool:
    return isinstance(leaf, LinksTo | LinkedFrom)
