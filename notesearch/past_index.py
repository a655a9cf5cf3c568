"""Ask the notes as they were in a commit: an index of that state, which is made where none is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.corpus.committed_folder import CommittedFolder
from notesearch.corpus.folder import CHUNKER_VERSION, READER_VERSION
from notesearch.corpus.named_commit import Commit, find_commit
from notesearch.corpus_index import corpus_folder
from notesearch.errors import UnusableIndexError, UsageError
from notesearch.index.index_layout import IndexLayout
from notesearch.index.past_indexes import find_past, make_past, past_folder
from notesearch.index.reports import CorpusDrift, ProgressObserver, UpdateReport
from notesearch.index.schema import FORMAT_VERSION
from notesearch.library import Index
from notesearch.query.filters import Filter
from notesearch.search.answer import Answer

if TYPE_CHECKING:
    from notesearch.index.work import Means
    from notesearch.search.quotes import Quote

_IS_FIXED = "the notes of a commit stay as they were; open the index of the notes as they are now"


class PastIndex(Index):
    """The notes of a commit, to be asked as an `Index` is; `Index.at` opens one.

    It shares the models of the index that opened it, which has to stay open meanwhile.
    """

    def __init__(
        self,
        present: Index,
        index_dir: Path,
        corpus: Path,
        commit: Commit,
        report: UpdateReport | None,
    ) -> None:
        """Use `Index.at`."""
        super().__init__(index_dir, present._settings, present._models, debug=present._debug)
        self._has_own_models = False
        self._present_corpus = corpus
        self.commit = commit
        self.report = report  # of making this index; None where it was kept from before

    @property
    def corpus(self) -> Path:
        """The folder of the notes, which may be others now."""
        return self._present_corpus

    def quote(self, text: str, k: int = 5, where: str | Filter | None = None) -> list[Quote]:
        """Find the passages that say a sentence which is half remembered, as `Index.quote` does."""
        found = super().quote(text, k, where)
        return [replace(one, hit=replace(one.hit, commit=self.commit.hash)) for one in found]

    def has_no_corpus(self) -> bool:
        """Return True: there is no folder that it could be brought in step with."""
        return True

    def drift(self) -> CorpusDrift | None:
        """Return None: no change of the notes concerns it."""
        return None

    def _answered(self, answer: Answer) -> Answer:
        hits = tuple(replace(hit, commit=self.commit.hash) for hit in answer.hits)
        return replace(answer, hits=hits)

    def _means(self, reading: str) -> Means:
        """Raise UsageError: nothing can be updated, added or removed here."""
        raise UsageError(_IS_FIXED)


def open_past(
    present: Index, name: str, *, progress: ProgressObserver, lock_timeout_s: float
) -> PastIndex:
    """Open the index of a commit, making it where it is not kept."""
    if isinstance(present, PastIndex):
        raise UsageError(_IS_FIXED)
    if present.has_no_corpus():
        raise UsageError("this index is of added notes alone, which no repository has")
    corpus = corpus_folder(present).folder
    commit = find_commit(corpus, name)
    exists = IndexLayout(present.index_dir).catalog.exists()
    if exists:
        state = present._folder_store().read_state()
        state.require_embedder(present._models.fingerprint.get(), present.index_dir)
    folder = past_folder()
    if folder is None:
        raise UnusableIndexError(
            "no home folder is known, and so no place for an index of earlier notes; "
            "set XDG_CACHE_HOME to a folder"
        )
    key = _key_of(present, commit, exists=exists)
    index_dir, report = find_past(folder, key), None
    if index_dir is None:
        options, counter = present._settings.reading_options, present._models.counter.get
        with CommittedFolder(corpus, commit, options, counter, debug=present._debug) as source:
            index_dir, report = make_past(
                folder,
                key,
                present._plan(source, source.fingerprint),
                IndexLayout(present.index_dir),
                lock_timeout_s=lock_timeout_s,
                progress=progress,
            )
    return PastIndex(present, index_dir, corpus, commit, report)


def _key_of(present: Index, commit: Commit, *, exists: bool) -> str:
    """Name the index of a commit by all that decides what it holds: equal notes share one."""
    models = present._models
    decides: Sequence[object] = (
        commit.tree,
        present._settings.reading_options,
        (READER_VERSION, CHUNKER_VERSION, FORMAT_VERSION),
        models.fingerprint.get(),
        # A server may run another model by the same name, after which the index is made anew.
        present._folder_store().read_probes() if models.may_change and exists else None,
    )
    return hashlib.blake2b(repr(decides).encode(), digest_size=16).hexdigest()
