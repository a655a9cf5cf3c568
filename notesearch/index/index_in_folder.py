"""Change an index in a folder: all rows in one transaction, with the segments that they name.

The transaction names the segments, which were written and synced before: a crash anywhere leaves
the old index whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from notesearch.durable import make_private_folder
from notesearch.errors import Remedy
from notesearch.index.added_table import Salvaged, added_ids, read_added_notes
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.changes import KnownFile, known_files
from notesearch.index.first_seen import FirstSeen
from notesearch.index.index_layout import (
    IndexLayout,
    disk_errors,
    require_safe_folder,
    unusable,
)
from notesearch.index.ingest import StageClock
from notesearch.index.journal import Journal
from notesearch.index.lock import writer_lock
from notesearch.index.origin import path_from, write_corpus_name
from notesearch.index.publish import find_lost, publish
from notesearch.index.reports import Stage, UpdateReport
from notesearch.index.segment_rows import read_segments
from notesearch.index.state import IndexState, read_state
from notesearch.index.status import all_skipped
from notesearch.index.work import Means, Work, store_work
from notesearch.index.writer import CatalogWriter
from notesearch.records import AddedNote, Finding, Listing


class FolderIndex:
    """An index in a folder; `stored_index.StoredIndex` says what each method does."""

    def __init__(
        self,
        layout: IndexLayout,
        catalog: Catalog,
        salvaged: Salvaged | None = None,
        first_seen: FirstSeen | None = None,
    ) -> None:
        """Take its open catalog; one that is made anew, with what was salvaged from before."""
        self.layout = layout
        self.catalog = catalog
        self._salvaged = salvaged
        self._first_seen = first_seen
        self._state = None if catalog.is_empty() else read_state(catalog)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.layout.index_dir)

    @property
    def is_new(self) -> bool:
        """Whether there is none yet."""
        return self._state is None

    @property
    def state(self) -> IndexState:
        """The state that is in force."""
        assert self._state is not None
        return self._state

    @property
    def reading(self) -> str:
        """The fingerprint of what read its notes."""
        return self.state.reading

    @property
    def corpus(self) -> Path | None:
        """The folder of its notes."""
        return self.state.corpus_folder(self.layout.index_dir)

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError where its vectors are another model's."""
        self.state.require_embedder(fingerprint, self.layout.index_dir)

    def require_corpus(
        self, corpus: Path | None, listing: Listing, known: dict[str, KnownFile]
    ) -> None:
        """Raise UsageError for another folder than before, unless that one has moved away."""
        self.state.require_corpus(corpus, self.layout.index_dir)

    def added_ids(self) -> set[str]:
        """Return the ids of the notes that are no files."""
        if self.is_new:
            return {note.id for note in self.added_notes()}
        return added_ids(self.catalog)

    def added_notes(self) -> tuple[AddedNote, ...]:
        """Return the notes that are no files, as they were handed in."""
        if self.is_new:
            return self._salvaged.notes if self._salvaged else ()
        return tuple(read_added_notes(self.catalog))

    def known_files(self) -> dict[str, KnownFile]:
        """Return the files of the corpus as it remembers them, by path."""
        return {} if self.is_new else known_files(self.catalog)

    def has_file(self, path: str) -> bool:
        """Return whether it knows a file of the corpus at a path."""
        sql = """SELECT EXISTS (SELECT 1 FROM files WHERE path = ?
            AND path NOT IN (SELECT note_id FROM added_notes))"""
        return not self.is_new and bool(self.catalog.number(sql, (path,)))

    def has_to_publish(self, corpus: Path | None) -> bool:
        """Return whether it is of another folder now, or has lost a segment."""
        return not self.is_new and (
            self.state.corpus != path_from(self.layout.index_dir, corpus)
            or bool(find_lost(self.layout, self.catalog))
        )

    def apply(self, means: Means, work: Work, clock: StageClock) -> tuple[Finding, ...]:
        """Do the work in one transaction; return what was odd."""
        layout, catalog, state = self.layout, self.catalog, self._state
        updated = None if state is None else state.updated
        first_seen = work.first_seen or self._first_seen or FirstSeen(updated)
        with disk_errors(layout):
            journal = Journal(layout.journal, means.embedder_fingerprint)
        with closing(journal):
            with catalog.transaction():
                if state is None:
                    catalog.create_tables()
                writer = CatalogWriter(catalog, first_seen)
                if state is not None and work.clear:
                    writer.clear()
                dimension = 0 if state is None or work.clear else state.dimension
                supply, findings = store_work(
                    layout, means, work, writer, journal, dimension, clock
                )
                clock.enter(Stage.STORE)
                writer.drop_released()
                writer.put_deletions()
                if state is None or work.publish:
                    clock.enter(Stage.VECTORS)
                    after = IndexState(
                        embedder=means.embedder_fingerprint,
                        reading=means.reading,
                        corpus=path_from(layout.index_dir, means.corpus),
                        generation=(state.generation if state else 0) + 1,
                        dimension=supply.dimension,
                        created=state.created if state else first_seen.made,
                        identity=state.identity if state else secrets.token_hex(16),
                        updated=first_seen.now,
                    )
                    texts = means.probes if supply.dimension else ()
                    probes = supply.supply_probes(texts)
                    state = publish(layout, catalog, after, probes)
                clock.enter(Stage.COMMIT)
            if not catalog.is_installed(layout):
                catalog.install(layout)
            with disk_errors(layout):
                write_corpus_name(layout.corpus_name, state.corpus, state.identity)
                journal.remove()
        self._state = state
        return (*findings, *(self._salvaged.findings if self._salvaged else ()))

    def with_counts(self, report: UpdateReport) -> UpdateReport:
        """Add to a report what it holds, and all files whose last reading failed."""
        return replace(
            report,
            generation=self.state.generation,
            skipped=all_skipped(self.catalog, report.skipped),
            notes=self.catalog.number("SELECT count(*) FROM notes"),
            passages=self.catalog.number("SELECT count(*) FROM passages"),
        )

    def finish(self, report: UpdateReport, clock: StageClock) -> UpdateReport:
        """Remove the segments that are in force no more; return the report of the change."""
        # What the log holds could still be lost with it, and the generation before be in force.
        if self.catalog.settle():
            numbers = (row.number for row in read_segments(self.catalog))
            for path in self.layout.other_segment_files(numbers):
                # A reader that has one open goes on with it. Windows keeps a file that is mapped
                # somewhere: the next update will get it.
                with suppress(OSError):
                    path.unlink()
        return replace(self.with_counts(report), seconds=clock.finish())


@contextmanager
def writing_folder(
    index_dir: Path, lock_timeout_s: float = 10.0, *, create: bool = True
) -> Iterator[FolderIndex]:
    """Open the index in a folder for its one writer, with `create` also where there is none yet."""
    layout = IndexLayout(index_dir)
    if not create and not layout.catalog.exists():
        raise no_index_yet(layout)
    prepare_folder(layout)
    with writer_lock(layout, lock_timeout_s), closing(Catalog.for_writing(layout)) as catalog:
        yield FolderIndex(layout, catalog)


def prepare_folder(layout: IndexLayout) -> None:
    """Make the folder, and refuse one that holds something else than an index."""
    require_safe_folder(layout.index_dir)
    with disk_errors(layout):
        make_private_folder(layout.index_dir)
        foreign = [] if layout.catalog.exists() else layout.foreign_files()
    if foreign:
        raise unusable(
            layout.index_dir,
            f"holds other files ({', '.join(foreign[:3])})",
            Remedy("choose an empty folder", "choose an empty folder with --index"),
        )
