"""Change an index in an engine: all at once, under the lease of one writer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from notesearch.durable import make_private_folder
from notesearch.engine_address import EngineAddress
from notesearch.errors import Remedy, UsageError
from notesearch.index.changes import KnownFile
from notesearch.index.first_seen import FirstSeen
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.ingest import StageClock
from notesearch.index.journal import Journal
from notesearch.index.origin import path_from, remember_index, write_corpus_name
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_records import (
    all_skipped,
    has_file,
    known_files,
    read_added,
    read_files,
)
from notesearch.index.qdrant.engine_schema import create_collections
from notesearch.index.qdrant.engine_state import EngineState
from notesearch.index.qdrant.engine_store import EngineStore
from notesearch.index.qdrant.engine_writer import EngineWriter
from notesearch.index.qdrant.writer_lease import WriterLease, writer_lease
from notesearch.index.reports import Stage, UpdateReport
from notesearch.index.work import Means, Work, store_work
from notesearch.records import AddedNote, Finding, Listing


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """An index in an engine, and the folder that stands for it on this machine."""

    address: EngineAddress
    folder: Path

    @property
    def layout(self) -> IndexLayout:
        """What this machine alone keeps: the journal, and the name of the corpus."""
        return IndexLayout(self.folder)


class EngineIndex:
    """An index in an engine; `stored_index.StoredIndex` says what each method does."""

    def __init__(
        self, place: EnginePlace, store: EngineStore, lease: WriterLease | None = None
    ) -> None:
        """Take an open connection; without a lease, nothing can be changed."""
        self._place = place
        self._engine: Engine = store.engine
        self._lease = lease
        self._state = store.find_state()

    @property
    def name(self) -> str:
        """The address."""
        return self._place.address.text

    @property
    def layout(self) -> IndexLayout:
        """What this machine alone keeps."""
        return self._place.layout

    @property
    def is_new(self) -> bool:
        """Whether there is none yet."""
        return self._state is None

    @property
    def state(self) -> EngineState:
        """The state that is in force."""
        assert self._state is not None
        return self._state

    @property
    def reading(self) -> str:
        """The fingerprint of what read its notes."""
        return self.state.reading

    @property
    def corpus(self) -> None:
        """None: which folder it is of, each machine keeps for itself."""

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError where its vectors are another model's."""
        self.state.require_embedder(fingerprint, self._place.address)

    def require_corpus(
        self, corpus: Path | None, listing: Listing, known: dict[str, KnownFile]
    ) -> None:
        """Raise UsageError for a folder that has none of its files.

        Not where this machine has brought it in step before.
        """
        listed = {file.path for file in listing.files}
        is_first = not self.layout.corpus_name.exists()
        if is_first and known and listed and listed.isdisjoint(known):
            raise UsageError(
                f"{self.name} holds {len(known)} files, and {corpus} has none of them",
                Remedy(
                    "choose another name for the index, or call update(corpus, rebuild=True)",
                    "choose another name for the index, or change over; run: notesearch index "
                    f"{corpus} --index {self.name} --rebuild",
                ),
            )

    @cached_property
    def _added(self) -> tuple[AddedNote, ...]:
        return tuple(read_added(self._engine))

    def added_ids(self) -> set[str]:
        """Return the ids of the notes that are no files."""
        return {note.id for note in self.added_notes()}

    def added_notes(self) -> tuple[AddedNote, ...]:
        """Return the notes that are no files, as they were handed in."""
        return () if self.is_new else self._added

    def known_files(self) -> dict[str, KnownFile]:
        """Return the files of the corpus as it remembers them, by path."""
        return known_files(read_files(self._engine), self.added_ids())

    def has_file(self, path: str) -> bool:
        """Return whether it knows a file of the corpus at a path."""
        return path not in self.added_ids() and has_file(self._engine, path)

    def has_to_publish(self, corpus: Path | None) -> bool:
        """Return False: which folder it is of, each machine keeps for itself."""
        return False

    def apply(self, means: Means, work: Work, clock: StageClock) -> tuple[Finding, ...]:
        """Do the work, and switch all readers to it at once; return what was odd."""
        assert self._lease is not None
        with disk_errors(self.layout):
            journal = Journal(self.layout.journal, means.embedder_fingerprint)
        with closing(journal):
            updated = None if self._state is None else self._state.updated
            first_seen = work.first_seen or FirstSeen(updated)
            before = self._state or _nothing(means)
            writer = EngineWriter(
                self._engine,
                before,
                self._lease,
                means.embedder_fingerprint,
                first_seen,
                is_new=self._state is None,
            )
            if self._state is not None and work.clear:
                writer.clear()
            dimension = 0 if work.clear else before.dimension
            supply, findings = store_work(
                self.layout, means, work, writer, journal, dimension, clock
            )
            clock.enter(Stage.COMMIT)
            # Where every vector was there already, left by a writer that was cut short.
            supply.dimension = supply.dimension or writer.dimension
            if self._state is None or work.publish:
                texts = means.probes if supply.dimension else ()
                self._state = writer.publish(
                    embedder=means.embedder_fingerprint,
                    reading=means.reading,
                    dimension=supply.dimension,
                    probes=[*supply.supply_probes(texts).values()],
                )
            else:
                writer.keep_files()
            with disk_errors(self.layout):
                self._keep_corpus_name(means)
                journal.remove()
        return findings

    def _keep_corpus_name(self, means: Means) -> None:
        """Keep on this machine which folder of notes the index is brought in step with."""
        if means.corpus is not None:
            name = path_from(self._place.folder, means.corpus)
            remember_index(self.state.identity)
            write_corpus_name(self.layout.corpus_name, name, self.state.identity)

    def with_counts(self, report: UpdateReport) -> UpdateReport:
        """Add to a report what it holds, and all files whose last reading failed."""
        return replace(
            report,
            generation=self.state.generation,
            skipped=all_skipped(read_files(self._engine), report.skipped),
            notes=self._engine.count(self._engine.names.notes, self.state.in_force()),
            passages=self.state.passages,
        )

    def finish(self, report: UpdateReport, clock: StageClock) -> UpdateReport:
        """Return the report of a change: the writer has cleared up."""
        return replace(self.with_counts(report), seconds=clock.finish())


@contextmanager
def reading_engine(place: EnginePlace) -> Iterator[EngineIndex]:
    """Open the index in an engine to look at it."""
    with closing(EngineStore(place.address)) as store:
        yield EngineIndex(place, store)


@contextmanager
def writing_engine(place: EnginePlace, lock_timeout_s: float = 10.0) -> Iterator[EngineIndex]:
    """Open the index in an engine for its one writer; there need not be one yet."""
    with closing(EngineStore(place.address)) as store:
        create_collections(store.engine)
        with writer_lease(store.engine, lock_timeout_s) as lease:
            with disk_errors(place.layout):
                make_private_folder(place.folder)
            yield EngineIndex(place, store, lease)


def _nothing(means: Means) -> EngineState:
    """Return the state of an index that holds nothing yet."""
    return EngineState(
        embedder=means.embedder_fingerprint,
        reading=means.reading,
        generation=0,
        dimension=0,
        created="",
        updated="",
        identity=secrets.token_hex(16),
        stamp="",
    )
