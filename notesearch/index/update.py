"""Bring an index in step with its corpus: compare, read, embed, store, publish.

All rows change in one SQLite transaction, which also names the generation of the FAISS file
that was written and synced before: a crash anywhere leaves the old index whole.
"""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.durable import make_private_folder
from notesearch.errors import CorpusError
from notesearch.index.catalog import Catalog
from notesearch.index.changes import (
    Changes,
    CorpusSource,
    KnownFile,
    SeenFile,
    find_changes,
    known_files,
)
from notesearch.index.index_layout import (
    DamagedIndexError,
    IndexLayout,
    disk_errors,
    require_safe_folder,
    unusable,
)
from notesearch.index.ingest import EmbeddingWork, StageClock, VectorSupply, ingest_files
from notesearch.index.journal import Journal, salvage_vectors
from notesearch.index.lock import writer_lock
from notesearch.index.origin import path_from, write_corpus_name
from notesearch.index.publish import publish
from notesearch.index.reports import ProgressObserver, Stage, UpdateReport, ignore_progress
from notesearch.index.state import IndexState, read_state
from notesearch.index.status import all_skipped
from notesearch.index.writer import CatalogWriter
from notesearch.lazy import Lazy
from notesearch.records import Finding, Listing

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """What an update is to work with."""

    source: CorpusSource
    embedder: Lazy[Embedder]  # loaded when the first new text turns up
    embedder_fingerprint: str
    reading: str  # fingerprint of the reader and the chunker with their settings
    probes: tuple[str, ...] = ()  # questions about something else: how near is near by chance
    corpus: Path | None = None  # the folder that `source` lists; None for a source without one
    rebuild: bool = False  # begin anew, whatever the index holds
    allow_empty: bool = False  # a corpus without files empties the index


def update_index(
    index_dir: Path,
    plan: UpdatePlan,
    *,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Bring the index in step with the corpus, creating it where there is none."""
    layout = IndexLayout(index_dir)
    _prepare_folder(layout)
    with writer_lock(layout, lock_timeout_s):
        try:
            return _update(layout, plan, StageClock(progress))
        except DamagedIndexError:
            if not plan.rebuild:
                raise
            with disk_errors(layout):
                salvage_vectors(layout, plan.embedder_fingerprint)
            return _update(layout, plan, StageClock(progress), anew=True)


def preview_update(index_dir: Path, plan: UpdatePlan) -> UpdateReport:
    """Return what an update would find, and change nothing; no file is read, some are hashed."""
    layout = IndexLayout(index_dir)
    listing = _list(plan)
    if plan.rebuild or not layout.catalog.exists():
        return replace(_report(find_changes(plan.source, listing, {}), listing), dry_run=True)
    with closing(Catalog.for_reading(layout)) as catalog, catalog.one_state():
        state = read_state(catalog)
        state.require_embedder(plan.embedder_fingerprint, index_dir)
        state.require_corpus(plan.corpus, index_dir)
        changes = find_changes(plan.source, listing, known_files(catalog))
        report = replace(_report(changes, listing), generation=state.generation, dry_run=True)
        return _with_counts(report, catalog)


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to do."""

    read: tuple[SeenFile, ...]
    remove: tuple[KnownFile, ...]
    touch: tuple[SeenFile, ...]  # same bytes, another size or time
    unreadable: tuple[tuple[SeenFile, Finding], ...]
    publish: bool  # passages change, or the FAISS file is lost

    @property
    def is_none(self) -> bool:
        return not (self.publish or self.touch or self.unreadable)


def _update(
    layout: IndexLayout, plan: UpdatePlan, clock: StageClock, *, anew: bool = False
) -> UpdateReport:
    with closing(Catalog.for_writing(layout, anew=anew)) as catalog:
        state = None if catalog.is_empty() else read_state(catalog)
        if state is not None and not plan.rebuild:
            state.require_embedder(plan.embedder_fingerprint, layout.index_dir)
        listing = _list(plan)
        if state is not None and not plan.rebuild:
            state.require_corpus(plan.corpus, layout.index_dir)
        known = {} if state is None or plan.rebuild else known_files(catalog)
        changes = find_changes(plan.source, listing, known)
        report = _report(changes, listing)
        work = _find_work(layout, plan, state, known, changes)
        if state is None or not work.is_none:
            state, findings = _write(layout, plan, catalog, state, work, clock)
            report = replace(
                report,
                findings=findings,
                passages_embedded=clock.progress.passages_embedded,
                passages_reused=clock.progress.passages - clock.progress.passages_embedded,
            )
        # What the log holds could still be lost with it, and the generation before be in force.
        if catalog.settle():
            _remove_leftovers(layout, state.generation)
        return replace(
            _with_counts(report, catalog), generation=state.generation, seconds=clock.finish()
        )


def _list(plan: UpdatePlan) -> Listing:
    listing = plan.source.list_files()
    if not listing.files and not plan.allow_empty:
        raise CorpusError(
            "the corpus holds no note files, and nothing was removed from the index; "
            "is its disk mounted? --allow-empty empties the index"
        )
    return listing


def _find_work(
    layout: IndexLayout,
    plan: UpdatePlan,
    state: IndexState | None,
    known: dict[str, KnownFile],
    changes: Changes,
) -> _Work:
    read = [*changes.added, *changes.changed, *(seen for _, seen in changes.renamed)]
    if state is not None and state.reading != plan.reading:
        read.extend(changes.unchanged)
    remove = [*changes.removed, *(before for before, _ in changes.renamed)]
    return _Work(
        read=tuple(sorted(read, key=lambda file: file.path)),
        remove=tuple(remove),
        touch=changes.touched,
        unreadable=tuple(
            (seen, skipped)
            for seen, skipped in changes.unreadable
            if not _is_known_unreadable(known.get(seen.path))
        ),
        publish=bool(
            plan.rebuild
            or read
            or remove
            or (state is not None and state.reading != plan.reading)
            or (state is not None and state.corpus != path_from(layout.index_dir, plan.corpus))
            or (state is not None and _is_lost(layout, state))
        ),
    )


def _is_lost(layout: IndexLayout, state: IndexState) -> bool:
    return state.passages > 0 and not layout.vectors(state.generation).exists()


def _is_known_unreadable(before: KnownFile | None) -> bool:
    return before is not None and before.failed and before.hash is None


def _write(
    layout: IndexLayout,
    plan: UpdatePlan,
    catalog: Catalog,
    state: IndexState | None,
    work: _Work,
    clock: StageClock,
) -> tuple[IndexState, tuple[Finding, ...]]:
    """Do the work in one transaction; return the state after it and what was odd."""
    with disk_errors(layout):
        journal = Journal(layout.journal, plan.embedder_fingerprint)
    with closing(journal):
        with catalog.transaction():
            if state is None:
                catalog.create_tables()
            writer = CatalogWriter(catalog)
            if state is not None and plan.rebuild:
                writer.clear()
            dimension = 0 if state is None or plan.rebuild else state.dimension
            to_embed = EmbeddingWork(work.read, clock)
            supply = VectorSupply(
                layout,
                plan.embedder,
                plan.embedder_fingerprint,
                journal,
                writer,
                dimension,
                to_embed,
            )
            _record_unread_files(writer, work, clock)
            findings = ingest_files(work.read, plan.source, writer, supply, to_embed)
            clock.enter(Stage.STORE)
            writer.drop_released()
            if state is None or work.publish:
                clock.enter(Stage.VECTORS)
                after = IndexState(
                    embedder=plan.embedder_fingerprint,
                    reading=plan.reading,
                    corpus=path_from(layout.index_dir, plan.corpus),
                    generation=(state.generation if state else layout.last_generation()) + 1,
                    dimension=supply.dimension,
                    created=state.created if state else "",
                    identity=state.identity if state else secrets.token_hex(16),
                )
                probes = supply.supply_probes(plan.probes if supply.dimension else ())
                state = publish(layout, catalog, after, probes)
            clock.enter(Stage.COMMIT)
        if not catalog.is_installed(layout):
            catalog.install(layout)
        with disk_errors(layout):
            if plan.corpus is not None:
                name = path_from(layout.index_dir, plan.corpus)
                write_corpus_name(layout.corpus_name, name, state.identity)
            journal.remove()
    return state, findings


def _record_unread_files(writer: CatalogWriter, work: _Work, clock: StageClock) -> None:
    """Store what needs no reading: files that are gone, touched, or cannot be opened."""
    clock.enter(Stage.STORE)
    for before in work.remove:
        writer.remove_file(before.path)
    for seen in work.touch:
        writer.touch_file(seen)
    for seen, skipped in work.unreadable:
        writer.put_findings(writer.put_file(seen, failed=True), (), skipped)


def _prepare_folder(layout: IndexLayout) -> None:
    """Make the folder, and refuse one that holds something else than an index."""
    require_safe_folder(layout.index_dir)
    with disk_errors(layout):
        make_private_folder(layout.index_dir)
        foreign = [] if layout.catalog.exists() else layout.foreign_files()
    if foreign:
        raise unusable(
            layout.index_dir,
            f"holds other files ({', '.join(foreign[:3])})",
            "choose an empty folder with --index",
        )


def _remove_leftovers(layout: IndexLayout, generation: int) -> None:
    """Remove the FAISS files of other generations; a reader that has one open goes on with it."""
    for path in layout.other_vectors(generation):
        # Windows keeps a file that is mapped somewhere: the next update will get it.
        with suppress(OSError):
            path.unlink()


def _report(changes: Changes, listing: Listing) -> UpdateReport:
    return UpdateReport(
        added=tuple(file.path for file in changes.added),
        changed=tuple(file.path for file in changes.changed),
        renamed=tuple((before.path, seen.path) for before, seen in changes.renamed),
        removed=tuple(file.path for file in changes.removed),
        unchanged=len(changes.unchanged),
        skipped=listing.skipped + tuple(skipped for _, skipped in changes.unreadable),
    )


def _with_counts(report: UpdateReport, catalog: Catalog) -> UpdateReport:
    """Add what the index holds, and all files whose last reading failed."""
    return replace(
        report,
        skipped=all_skipped(catalog, report.skipped),
        notes=catalog.number("SELECT count(*) FROM notes"),
        passages=catalog.number("SELECT count(*) FROM passages"),
    )
