"""Know which folder of notes an index is of, and when it is not to be believed about that."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path

from notesearch.corpus.folder import DEFAULT_CORPUS, CorpusFolder
from notesearch.errors import CorpusError, NotesearchError, Remedy, UnusableIndexError
from notesearch.held_index import HeldIndex, leads_out
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import (
    names_no_corpus,
    paths_inside,
    read_corpus_name,
)
from notesearch.records import Listing


class CorpusIndex(HeldIndex):
    """An index that knows the folder of its notes."""

    @property
    def corpus(self) -> Path:
        """The folder of notes that the index was made of, or will be."""
        layout = IndexLayout(self.index_dir)
        if self._engine is not None:
            return self._engine_corpus() or _default_corpus(self._settings.root)
        with suppress(UnusableIndexError):  # one that a rebuild may be about to mend
            made_of = self._folder_store().read_state().corpus_folder(self.index_dir)
            return made_of or self._settings.corpus or _default_corpus(self._settings.root)
        if known := read_corpus_name(layout.corpus_name):
            return Path(known)
        if self._settings.corpus is None and layout.catalog.exists():
            raise UnusableIndexError(
                f"{self.index_dir}: is damaged, and does not say which folder it was made of",
                Remedy(
                    layout.rebuild.call,
                    f"{layout.rebuild.command} (with your folder of notes for CORPUS)",
                ),
            )
        return self._settings.corpus or _default_corpus(self._settings.root)

    def _engine_corpus(self) -> Path | None:
        """Return the notes of this machine that an engine's index is brought in step with."""
        known = read_corpus_name(IndexLayout(self.index_dir).corpus_name)
        return Path(known) if known else self._settings.corpus

    def require_own_corpus(self) -> None:
        """Raise CorpusError where the index names a folder that it is not to be believed about.

        An index that came from somewhere else has no folder walked, and no file opened.
        """
        if self._engine is not None:
            return  # the folder of its notes is kept on this machine, and nowhere else
        with suppress(UnusableIndexError):  # nothing says anything yet
            state = self._folder_store().read_state()
            state.require_own_corpus(self.index_dir, self._settings.corpus)

    def _paths_in_corpus(self, name: str) -> list[str]:
        """Return what a path on this disk may be called inside the corpus; links may lead to it."""
        with suppress(NotesearchError, OSError, ValueError):  # no folder known, a NUL, a link loop
            return paths_inside(self.corpus, name)
        return []

    def has_no_corpus(self) -> bool:
        """Return whether the index is of added notes alone, and no folder waits to join them."""
        layout = IndexLayout(self.index_dir)
        if self._engine is not None or not layout.catalog.exists():
            return False
        try:
            is_alone = not self._folder_store().read_state().corpus
        except UnusableIndexError:
            is_alone = names_no_corpus(layout.corpus_name)
        return is_alone and self._waiting_corpus() is None

    def _list_files(self, corpus: Path) -> Listing:
        return corpus_folder(self, corpus).list_files()

    def _waiting_corpus(self) -> Path | None:
        """Return the folder that an index of added notes alone would be brought in step with."""
        return self._settings.corpus or (
            _default_corpus(self._settings.root)
            if (self._settings.root / DEFAULT_CORPUS).is_dir()
            else None
        )


def corpus_folder(index: CorpusIndex, corpus: str | Path | None = None) -> CorpusFolder:
    """Return a corpus folder, by default the index's own, as an update reads it."""
    if corpus is None and index._settings.corpus is None:
        index.require_own_corpus()
    return CorpusFolder(
        Path(corpus) if corpus is not None else index._settings.corpus or index.corpus,
        index._settings.reading_options,
        index._models.counter.get,
        debug=index._debug,
    )


def _default_corpus(root: Path) -> Path:
    """Return the corpus beside the settings; CorpusError where a link in its place leads out.

    Such a link may have come with somebody else's files: who means it names where it leads.
    """
    folder = root / DEFAULT_CORPUS
    if real := leads_out(folder, root):
        raise CorpusError(
            f"{folder} is a link out of this folder",
            Remedy(f"call update({real!r})", f"run: notesearch index {shlex.quote(real)}").after(
                "if these are your notes,"
            ),
        )
    return folder
