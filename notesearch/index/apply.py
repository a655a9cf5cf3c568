"""Apply changes to an index: all rows in one transaction, with the segments that they name.

The transaction names the segments, which were written and synced before: a crash anywhere leaves
the old index whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.durable import make_private_folder
from notesearch.errors import Remedy
from notesearch.index.catalog import Catalog
from notesearch.index.changes import SeenFile
from notesearch.index.first_seen import FirstSeen, as_date_time
from notesearch.index.index_layout import (
    IndexLayout,
    disk_errors,
    require_safe_folder,
    unusable,
)
from notesearch.index.ingest import EmbeddingWork, StageClock, VectorSupply, ingest_files
from notesearch.index.journal import Journal
from notesearch.index.note_writer import NoteWriter
from notesearch.index.origin import path_from, write_corpus_name
from notesearch.index.publish import publish
from notesearch.index.reports import Stage, UpdateReport
from notesearch.index.segments import read_segments
from notesearch.index.state import IndexState
from notesearch.index.status import all_skipped
from notesearch.index.writer import CatalogWriter
from notesearch.lazy import Lazy
from notesearch.records import AddedNote, Finding, ReadFile

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder

ReadAdded = Callable[[Iterable[AddedNote]], Iterator[ReadFile]]
# Gives the float16 rows of those texts, by their hashes, whose vectors are known elsewhere.
FindVectors = Callable[[Sequence[bytes]], Mapping[bytes, bytes]]


def read_no_notes(notes: Iterable[AddedNote]) -> Iterator[ReadFile]:
    """Read none, where nobody adds any."""
    return iter(())


def find_no_vectors(hashes: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Find none, where no other index is asked."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a change of an index is made with."""

    embedder: Lazy[Embedder]  # loaded when the first new text turns up
    embedder_fingerprint: str
    model_may_change: bool = False  # and keep its fingerprint, as that of a server may
    reading: str  # fingerprint of the reader and the chunker with their settings
    read_added: ReadAdded = read_no_notes  # by default for an index of files alone
    find_vectors: FindVectors = find_no_vectors  # of the same model, before the model is asked
    probes: tuple[str, ...] = ()  # questions about something else: how near is near by chance
    corpus: Path | None = None  # the folder of the notes; None where they come from none


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to do."""

    read: tuple[SeenFile, ...] = ()
    readings: Iterable[ReadFile] = ()  # of each of `read`, as they are asked for
    remove: tuple[str, ...] = ()  # paths of files, ids of added notes
    touch: tuple[SeenFile, ...] = ()  # same bytes, another size or time
    unreadable: tuple[tuple[SeenFile, Finding], ...] = ()
    added: tuple[AddedNote, ...] = ()  # to be kept, beside being read
    clear: bool = False  # all but the added notes goes first
    publish: bool = True  # passages change, or a segment is lost

    @property
    def is_none(self) -> bool:
        """Nothing needs to be written."""
        return not (self.publish or self.touch or self.unreadable)


def apply_work(
    layout: IndexLayout,
    means: Means,
    catalog: Catalog,
    state: IndexState | None,
    work: Work,
    clock: StageClock,
    first_seen: FirstSeen | None = None,
) -> tuple[IndexState, tuple[Finding, ...]]:
    """Do the work in one transaction; return the state after it and what was odd.

    `first_seen` brings the texts of a damaged catalog, with the times when they were first seen.
    """
    first_seen = first_seen or FirstSeen(state)
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
            to_embed = EmbeddingWork(work.read, clock)
            supply = VectorSupply(
                layout,
                means.embedder,
                means.embedder_fingerprint,
                journal,
                writer,
                dimension,
                to_embed,
                compare_probe=means.model_may_change,
                find_vectors=means.find_vectors,
            )
            record_unread_files(writer, work, clock)
            writer.keep_added(work.added)
            findings = ingest_files(work.read, work.readings, writer, supply, to_embed)
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
                    created=state.created if state else "",
                    identity=state.identity if state else secrets.token_hex(16),
                    updated=as_date_time(first_seen.now_s),
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
    return state, findings


def record_unread_files(writer: NoteWriter, work: Work, clock: StageClock) -> None:
    """Store what needs no reading: files that are gone, touched, or cannot be opened."""
    clock.enter(Stage.STORE)
    for path in work.remove:
        writer.remove_file(path)
    for seen in work.touch:
        writer.touch_file(seen)
    for seen, skipped in work.unreadable:
        writer.put_unread(seen, skipped)


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


def finish(
    layout: IndexLayout,
    catalog: Catalog,
    state: IndexState,
    report: UpdateReport,
    clock: StageClock,
) -> UpdateReport:
    """Clear up after a change, and return its report with what the index holds now."""
    # What the log holds could still be lost with it, and the generation before be in force.
    if catalog.settle():
        for path in layout.other_segment_files(row.number for row in read_segments(catalog)):
            # A reader that has one open goes on with it. Windows keeps a file that is mapped
            # somewhere: the next update will get it.
            with suppress(OSError):
                path.unlink()
    return replace(
        with_counts(report, catalog), generation=state.generation, seconds=clock.finish()
    )


def with_counts(report: UpdateReport, catalog: Catalog) -> UpdateReport:
    """Add what the index holds, and all files whose last reading failed."""
    return replace(
        report,
        skipped=all_skipped(catalog, report.skipped),
        notes=catalog.number("SELECT count(*) FROM notes"),
        passages=catalog.number("SELECT count(*) FROM passages"),
    )
