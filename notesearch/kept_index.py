"""Keep an index in step with its notes: update it, describe it, look it over."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
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
from notesearch.corpus.folder import DEFAULT_CORPUS, CorpusFolder
from notesearch.embedding import silenced
from notesearch.engine_index import (
    add_at,
    check_at,
    drift_at,
    place_of,
    remove_at,
    status_at,
    update_at,
)
from notesearch.errors import CorpusError, NotesearchError, Remedy, UnusableIndexError
from notesearch.held_index import HeldIndex, leads_out
from notesearch.index.changes import CorpusSource, NoFiles
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import (
    lies_beside,
    names_no_corpus,
    paths_inside,
    read_corpus_name,
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
from notesearch.records import AddedNote, Listing
from notesearch.search.verdict import UNRELATED

# What changes an index is imported where it is used: a query must not wait for it.
if TYPE_CHECKING:
    from notesearch.corpus.added_reader import AddedNoteReader
    from notesearch.index.apply import Means
    from notesearch.index.qdrant.engine_update import EnginePlace
    from notesearch.index.update import UpdatePlan


_MOST_BYTES = 1_000_000_000_000


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
        most_bytes: int | None = None,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Bring the index in step with a corpus folder; only what changed is read and embedded.

        Without a folder: that of the settings, or the one that the index was made of. With
        `most_bytes`, only so much of the new and changed files is read, what was written last
        first, and `report.waiting` counts the files that are left for the next call.
        """
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
        if self._engine is not None:
            return update_at(
                self._place(), plan, dry_run, lock_timeout_s, progress or ignore_progress
            )
        if dry_run:
            return preview_update(self.index_dir, plan)
        report = update_index(
            self.index_dir,
            plan,
            lock_timeout_s=lock_timeout_s,
            progress=progress or ignore_progress,
        )
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

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        means = self._means(self._added_reader().fingerprint)
        checked = [checked_note(note) for note in notes]
        watch = progress or ignore_progress
        if self._engine is not None:
            return add_at(self._place(), means, checked, overwrite, lock_timeout_s, watch)
        return add_notes(
            self.index_dir,
            means,
            checked,
            overwrite=overwrite,
            lock_timeout_s=lock_timeout_s,
            progress=watch,
        )

    def remove(self, *ids: str, lock_timeout_s: float = 10.0) -> UpdateReport:
        """Remove notes that were added; UsageError for an id that none of them has."""
        from notesearch.index.adding import remove_notes

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        for note_id in ids:
            require_text("an id", note_id)
        means = self._means(self._added_reader().fingerprint)
        if self._engine is not None:
            return remove_at(self._place(), means, ids, lock_timeout_s)
        return remove_notes(self.index_dir, means, ids, lock_timeout_s=lock_timeout_s)

    def kept_passages(self) -> int:
        """Count the passages that an interrupted update has embedded for the next one."""
        from notesearch.index.journal import count_kept

        return count_kept(IndexLayout(self.index_dir).journal)

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

    def _added_reader(self) -> AddedNoteReader:
        from notesearch.corpus.added_reader import AddedNoteReader

        return AddedNoteReader(
            self._settings.reading_options, self._models.counter.get, debug=self._debug
        )

    def _means(self, reading: str) -> Means:
        from notesearch.index.apply import Means

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


def corpus_folder(index: KeptIndex, corpus: str | Path | None = None) -> CorpusFolder:
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
