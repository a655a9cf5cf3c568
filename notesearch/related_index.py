"""Say how the notes of an index hang together: their papers, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from notesearch.arguments import as_notes_say, require_count, require_text
from notesearch.errors import NotesearchError
from notesearch.kept_index import KeptIndex
from notesearch.search.checked_filter import checked_filter
from notesearch.search.note_lookup import find_note

# A query must not wait for what works this out: it is imported where it is used.
if TYPE_CHECKING:
    from notesearch.bibliography.bib_entry import BibEntry
    from notesearch.bibliography.known_entries import Bibliography
    from notesearch.index.linked_notes import FoundLink, LinkWeb, NoteLinks
    from notesearch.index.snapshot import Snapshot, StoredNote
    from notesearch.papers import Paper
    from notesearch.query.filters import Filter
    from notesearch.search.comparison import Comparison


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
            only = checked_filter(snapshot, where)
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
        require_text("the note", note)
        with self._snapshot() as snapshot:
            number, found = find_note(snapshot, note, self._paths_in_corpus)
            return _link_web(snapshot).of_note(number, found)

    def all_links(self) -> tuple[FoundLink, ...]:
        """Return the links between notes and those that lead nowhere, by path and line."""
        with self._snapshot() as snapshot:
            return _link_web(snapshot).all()

    def broken_links(self) -> tuple[FoundLink, ...]:
        """Return the links that lead to no note, by path and line."""
        with self._snapshot() as snapshot:
            return _link_web(snapshot).broken()

    def orphans(self) -> list[StoredNote]:
        """Return the notes that no other links to, and that link to no other, by path."""
        with self._snapshot() as snapshot:
            return _link_web(snapshot).orphans()

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


def _link_web(snapshot: Snapshot) -> LinkWeb:
    from notesearch.index.linked_notes import LinkWeb

    return LinkWeb(snapshot.note_names(), snapshot.note_links(), snapshot.notes)
