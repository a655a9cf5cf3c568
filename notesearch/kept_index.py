"""Keep an index in step with its notes: update it, describe it, look it over."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.arguments import require_seconds
from notesearch.corpus.folder import DEFAULT_CORPUS, CorpusFolder
from notesearch.embedding import silenced
from notesearch.errors import CorpusError, UnusableIndexError
from notesearch.held_index import HeldIndex
from notesearch.index.changes import CorpusSource
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import lies_beside, read_corpus_name, remember_index
from notesearch.index.reports import (
    CorpusDrift,
    IndexStatus,
    Problem,
    ProgressObserver,
    UpdateReport,
    ignore_progress,
)
from notesearch.lazy import Lazy
from notesearch.search.verdict import UNRELATED

# What changes an index is imported where it is used: a query must not wait for it.
if TYPE_CHECKING:
    from notesearch.index.update import UpdatePlan


class KeptIndex(HeldIndex):
    """An index that is brought in step with its notes."""

    def update(
        self,
        corpus: str | Path | None = None,
        *,
        progress: ProgressObserver | None = None,
        rebuild: bool = False,
        dry_run: bool = False,
        allow_empty: bool = False,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Bring the index in step with a corpus folder; only what changed is read and embedded.

        Without a folder: that of the settings, or the one that the index was made of.
        """
        from notesearch.index.update import preview_update, update_index

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        folder = self.folder(corpus)
        plan = replace(
            self._plan(folder, folder.fingerprint, folder.folder),
            rebuild=rebuild,
            allow_empty=allow_empty,
        )
        if dry_run:
            return preview_update(self.index_dir, plan)
        report = update_index(
            self.index_dir,
            plan,
            lock_timeout_s=lock_timeout_s,
            progress=progress or ignore_progress,
        )
        if not lies_beside(folder.folder, self.index_dir):
            remember_index(self._store.get().read_state().identity)
        return report

    def kept_passages(self) -> int:
        """Count the passages that an interrupted update has embedded for the next one."""
        from notesearch.index.journal import count_kept

        return count_kept(IndexLayout(self.index_dir).journal)

    def update_from(self, source: CorpusSource, reading: str) -> UpdateReport:
        """Bring the index in step with a corpus that is no plain folder.

        `reading` names the way it is read: another one reads everything anew.
        """
        from notesearch.index.update import update_index

        self._require_open()
        return update_index(self.index_dir, self._plan(source, reading))

    def folder(self, corpus: str | Path | None = None) -> CorpusFolder:
        """Return a corpus folder, by default the index's own, as an update reads it."""
        if corpus is None and self._settings.corpus is None:
            self.require_own_corpus()
        folder = Path(corpus) if corpus is not None else self._settings.corpus or self.corpus
        return CorpusFolder(
            folder, self._settings.reading_options, self._models.counter.get, debug=self._debug
        )

    @property
    def corpus(self) -> Path:
        """The folder of notes that the index was made of, or will be."""
        layout = IndexLayout(self.index_dir)
        with suppress(UnusableIndexError):  # one that a rebuild may be about to mend
            made_of = self._store.get().read_state().corpus_folder(self.index_dir)
            if made_of is not None:
                return made_of
        if known := read_corpus_name(layout.corpus_name):
            return Path(known)
        if self._settings.corpus is None and layout.catalog.exists():
            raise UnusableIndexError(
                f"{self.index_dir}: is damaged, and does not say which folder it was made of; "
                f"{layout.rebuild} (with your folder of notes for CORPUS)"
            )
        return self._settings.corpus or _default_corpus()

    def status(self) -> IndexStatus:
        """Describe the index, and count by stat alone how the corpus differs from it."""
        from notesearch.index.status import read_status

        self._require_open()
        listing = None
        with suppress(CorpusError):
            self.require_own_corpus()
            listing = self.folder(self.corpus).list_files() if self.corpus.is_dir() else None
        return read_status(self.index_dir, listing)

    def drift(self) -> CorpusDrift | None:
        """Count by stat alone how the corpus differs from the index; None when it is not there.

        CorpusError where it cannot be listed, or is not to be: see `require_own_corpus`.
        """
        from notesearch.index.status import read_drift

        self._require_open()
        self.require_own_corpus()
        return read_drift(self.index_dir, lambda corpus: self.folder(corpus).list_files())

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Look for damage, and mend with `fix` what can be mended without the model."""
        from notesearch.index.check import check_index

        self._require_open()
        return check_index(self.index_dir, fix=fix)

    def require_own_corpus(self) -> None:
        """Raise CorpusError where the index names a folder that it is not to be believed about.

        An index that came from somewhere else has no folder walked, and no file opened.
        """
        with suppress(UnusableIndexError):  # nothing says anything yet
            state = self._store.get().read_state()
            state.require_own_corpus(self.index_dir, self._settings.corpus)

    def _plan(self, source: CorpusSource, reading: str, corpus: Path | None = None) -> UpdatePlan:
        from notesearch.index.update import UpdatePlan

        return UpdatePlan(
            source=source,
            # An update asks questions of its own, and nobody needs to know that one is cut.
            embedder=Lazy(lambda: silenced(self._models.embedder.get())),
            embedder_fingerprint=self._models.fingerprint.get(),
            reading=reading,
            probes=UNRELATED,
            corpus=corpus,
        )


def _default_corpus() -> Path:
    """Return ./corpus; CorpusError where a link in its place leads out of the working folder.

    Such a link may have come with somebody else's files: who means it names where it leads.
    """
    if not DEFAULT_CORPUS.resolve().is_relative_to(Path.cwd().resolve()):
        raise CorpusError(
            f"{DEFAULT_CORPUS} is a link out of this folder; if these are your notes, "
            f"run: notesearch index {shlex.quote(str(DEFAULT_CORPUS.resolve()))}"
        )
    return DEFAULT_CORPUS
