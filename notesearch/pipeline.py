"""The architecture on one page: update an index, open one, search it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from notesearch.corpus.tags import normalise_tag, tag_and_parents
from notesearch.corpus_folder import CorpusFolder
from notesearch.embedding import Embedder
from notesearch.errors import UnusableIndexError
from notesearch.index.check import check_index
from notesearch.index.layout import IndexLayout
from notesearch.index.records import (
    IndexStatus,
    LazyEmbedder,
    Problem,
    ProgressObserver,
    UpdateReport,
    ignore_progress,
)
from notesearch.index.status import read_status
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, preview_update, update_index
from notesearch.model import Model, open_model
from notesearch.settings import Settings


class NotesearchWarning(UserWarning):
    """Something a person should know, and that is no error."""


def warn_in_python(message: str) -> None:
    """The library's way to warn; the command line hands in its own."""
    warnings.warn(message, NotesearchWarning, stacklevel=3)


class Index:
    """An index on disk: brought in step with a corpus by `update`, asked by `query`.

    Safe to search from several threads. Close it, or use it as a context manager.
    """

    def __init__(self, index_dir: Path, settings: Settings, model: Model) -> None:
        """Use `Index.open`."""
        self.index_dir = index_dir
        self._settings = settings
        self._model = model
        self._open_store: Store | None = None

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        embedder: Embedder | None = None,
        *,
        create: bool = False,
        settings: Settings | None = None,
        warn: Callable[[str], None] = warn_in_python,
    ) -> Index:
        """Open the index in a folder, or the one the settings name.

        With `create`, a folder without an index is fine: the first update makes one. An
        `embedder` of the caller's own takes the place of the model in the settings.
        """
        settings = settings or Settings()
        index_dir = Path(path) if path is not None else settings.index
        model = open_model(settings, embedder=embedder, warn=warn)
        if not create and not IndexLayout(index_dir).catalog.exists():
            raise UnusableIndexError(f"{index_dir} holds no index; run: notesearch index")
        return cls(index_dir, settings, model)

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
        """Bring the index in step with a corpus folder; only what changed is read and embedded."""
        folder = self._folder(corpus)
        plan = UpdatePlan(
            source=folder,
            embedder=LazyEmbedder(self._model.fingerprint, lambda: self._model.embedder),
            reading=folder.fingerprint,
            tag_forms=lambda tag: tag_and_parents(normalise_tag(tag)),
            rebuild=rebuild,
            allow_empty=allow_empty,
        )
        if dry_run:
            return preview_update(self.index_dir, plan)
        return update_index(
            self.index_dir,
            plan,
            lock_timeout_s=lock_timeout_s,
            progress=progress or ignore_progress,
        )

    def status(self, corpus: str | Path | None = None) -> IndexStatus:
        """Say what the index holds, and by stat alone how the corpus differs from it."""
        folder = self._folder(corpus)
        listing = folder.list_files() if folder.folder.is_dir() else None
        return read_status(self.index_dir, listing)

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Look for damage, and mend with `fix` what can be mended without the model."""
        return check_index(self.index_dir, fix=fix)

    def close(self) -> None:
        """Let go of the files; searches at work finish first."""
        if self._open_store is not None:
            self._open_store.close()
            self._open_store = None

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _folder(self, corpus: str | Path | None) -> CorpusFolder:
        folder = Path(corpus) if corpus is not None else self._settings.corpus
        return CorpusFolder(folder, replace(self._settings, corpus=folder), self._model.ruler)
