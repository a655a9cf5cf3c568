"""Keep an index in step with its notes: update it, describe it, look it over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.arguments import (
    checked_note,
    iso_date,
    require_count,
    require_seconds,
    require_text,
)
from notesearch.corpus_index import CorpusIndex, corpus_folder
from notesearch.embedding import silenced
from notesearch.engine_index import (
    check_at,
    drift_at,
    place_of,
    preview_at,
    status_at,
    update_at,
    writing_at,
)
from notesearch.errors import CorpusError
from notesearch.index.changes import CorpusSource, NoFiles
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import (
    lies_beside,
    remember_index,
)
from notesearch.index.reports import (
    CorpusDrift,
    IndexStatus,
    Problem,
    ProgressObserver,
    UpdateReport,
    ignore_progress,
)
from notesearch.lazy import Lazy
from notesearch.records import AddedNote
from notesearch.search.verdict import UNRELATED

# What changes an index is imported where it is used: a query must not wait for it.
if TYPE_CHECKING:
    from notesearch.corpus.added_reader import AddedNoteReader
    from notesearch.index.qdrant.index_in_engine import EnginePlace
    from notesearch.index.stored_index import StoredIndex
    from notesearch.index.update import UpdatePlan
    from notesearch.index.work import Means


_MOST_BYTES = 1_000_000_000_000


class KeptIndex(CorpusIndex):
    """An index that is brought in step with its notes."""

    def update(
        self,
        corpus: str | Path | None = None,
        *,
        progress: ProgressObserver | None = None,
        rebuild: bool = False,
        dry_run: bool = False,
        allow_empty: bool = False,
        most_bytes: int | None = None,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Bring the index in step with a corpus folder; only what changed is read and embedded.

        Without a folder: that of the settings, or the one that the index was made of. With
        `most_bytes`, only so much of the new and changed files is read, what was written last
        first, and `report.waiting` counts the files that are left for the next call.
        """
        from notesearch.index.ingest import StageClock
        from notesearch.index.update import preview_update, update_index

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        if most_bytes is not None:
            require_count("most_bytes", most_bytes, _MOST_BYTES)
        if corpus is None and self.has_no_corpus():
            plan = self._plan(NoFiles(), self._added_reader().fingerprint)
            allow_empty = True
        else:
            folder = corpus_folder(self, corpus)
            plan = self._plan(folder, folder.fingerprint, folder.folder)
        plan = replace(plan, rebuild=rebuild, allow_empty=allow_empty, most_bytes=most_bytes)
        watch = progress or ignore_progress
        if self._engine is not None:
            place = self._place()
            if dry_run:
                return preview_at(place, plan)
            return update_at(place, plan, lock_timeout_s, StageClock(watch))
        if dry_run:
            return preview_update(self.index_dir, plan)
        report = update_index(self.index_dir, plan, lock_timeout_s=lock_timeout_s, progress=watch)
        if plan.corpus is not None and not lies_beside(plan.corpus, self.index_dir):
            remember_index(self._folder_store().read_state().identity)
        return report

    def move_to(
        self,
        target: str | Path,
        *,
        progress: ProgressObserver | None = None,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Make the same index in another folder, or in an engine; nothing is embedded again.

        UsageError where an index is there already. This one stays as it is.
        """
        from notesearch.moved_index import move_index

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        source = self.index_dir if self._engine is None else self._place()
        return move_index(source, target, lock_timeout_s, progress or ignore_progress)

    def _place(self) -> EnginePlace:
        assert self._engine is not None
        return place_of(self._engine, self.index_dir)

    def add(
        self,
        text: str,
        *,
        id: str,
        title: str | None = None,
        tags: Sequence[str] = (),
        date: str | date | None = None,
        overwrite: bool = False,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Add a note that is no file, or with `overwrite` put it in the place of an earlier one.

        It is kept in the index alone, beside the notes of files, and `update` leaves it there.
        `text` is Markdown; what is given wins over what the text says, and tags join those in it.
        `id` stands where the notes of files have their path; UsageError where it is taken.
        """
        note = AddedNote(id=id, text=text, title=title, tags=tags, date=iso_date(id, date))
        return self.add_all([note], overwrite=overwrite, lock_timeout_s=lock_timeout_s)

    def add_all(
        self,
        notes: Iterable[AddedNote],
        *,
        progress: ProgressObserver | None = None,
        overwrite: bool = False,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Add many notes as `add` does one: all of them or none, and in the time of a few."""
        from notesearch.index.adding import add_notes
        from notesearch.index.ingest import StageClock

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        means = self._means(self._added_reader().fingerprint)
        checked = [checked_note(note) for note in notes]
        clock = StageClock(progress or ignore_progress)
        with self._writing(lock_timeout_s) as index:
            return add_notes(index, means, checked, clock, overwrite=overwrite)

    def remove(self, *ids: str, lock_timeout_s: float = 10.0) -> UpdateReport:
        """Remove notes that were added; UsageError for an id that none of them has."""
        from notesearch.index.adding import remove_notes
        from notesearch.index.ingest import StageClock

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        for note_id in ids:
            require_text("an id", note_id)
        means = self._means(self._added_reader().fingerprint)
        clock = StageClock(ignore_progress)
        with self._writing(lock_timeout_s, create=False) as index:
            return remove_notes(index, means, ids, clock)

    def _writing(
        self, lock_timeout_s: float, *, create: bool = True
    ) -> AbstractContextManager[StoredIndex]:
        """Open the index for its one writer, with `create` also where there is none yet."""
        from notesearch.index.index_in_folder import writing_folder

        if self._engine is not None:
            return writing_at(self._place(), lock_timeout_s)
        return writing_folder(self.index_dir, lock_timeout_s, create=create)

    def kept_passages(self) -> int:
        """Count the passages that an interrupted update has embedded for the next one."""
        from notesearch.index.journal import count_kept

        return count_kept(IndexLayout(self.index_dir).journal)

    def status(self) -> IndexStatus:
        """Describe the index, and count by stat alone how the corpus differs from it."""
        from notesearch.index.status import read_status

        self._require_open()
        listing = None
        if self._engine is not None:
            return status_at(self._place(), self._engine_corpus(), self._list_files)
        with suppress(CorpusError):
            self.require_own_corpus()
            if not self.has_no_corpus() and self.corpus.is_dir():
                listing = corpus_folder(self, self.corpus).list_files()
        return read_status(self.index_dir, listing)

    def drift(self) -> CorpusDrift | None:
        """Count by stat alone how the corpus differs from the index; None when it is not there.

        CorpusError where it cannot be listed, or is not to be: see `require_own_corpus`.
        """
        from notesearch.index.status import read_drift

        self._require_open()
        if self._engine is not None:
            return drift_at(self._place(), self._engine_corpus(), self._list_files)
        self.require_own_corpus()
        return read_drift(
            self.index_dir,
            self._list_files,
            self._waiting_corpus,
        )

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Look for damage, and mend with `fix` what can be mended without the model."""
        from notesearch.index.check import check_index

        self._require_open()
        if self._engine is not None:
            return check_at(self._place(), fix)
        return check_index(self.index_dir, fix=fix)

    def _added_reader(self) -> AddedNoteReader:
        from notesearch.corpus.added_reader import AddedNoteReader

        return AddedNoteReader(
            self._settings.reading_options, self._models.counter.get, debug=self._debug
        )

    def _means(self, reading: str) -> Means:
        from notesearch.index.work import Means

        return Means(
            # An update asks questions of its own, and nobody needs to know that one is cut.
            embedder=Lazy(lambda: silenced(self._models.embedder.get())),
            embedder_fingerprint=self._models.fingerprint.get(),
            model_may_change=self._models.may_change,
            reading=reading,
            read_added=self._added_reader().read,
            probes=UNRELATED,
        )

    def _plan(self, source: CorpusSource, reading: str, corpus: Path | None = None) -> UpdatePlan:
        from notesearch.index.update import UpdatePlan

        means = self._means(reading)
        given = {field.name: getattr(means, field.name) for field in fields(means)}
        return UpdatePlan(**{**given, "source": source, "corpus": corpus})


def update_from(index: KeptIndex, source: CorpusSource, reading: str) -> UpdateReport:
    """Bring an index in step with a corpus that is no plain folder.

    `reading` names the way it is read: another one reads everything anew.
    """
    from notesearch.index.update import update_index

    index._require_open()
    return update_index(index.index_dir, index._plan(source, reading))
