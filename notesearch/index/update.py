"""Bring an index in step with its corpus: compare, read what differs, embed, store, publish."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from notesearch.errors import CorpusError, Remedy
from notesearch.index.added_table import (
    Salvaged,
    added_ids,
    read_added_notes,
    salvage_added_notes,
    seen_note,
    without_claimed,
)
from notesearch.index.apply import Means, Work, apply_work, finish, prepare_folder, with_counts
from notesearch.index.catalog import Catalog
from notesearch.index.changes import Changes, CorpusSource, KnownFile, find_changes, known_files
from notesearch.index.first_seen import FirstSeen, salvage_first_seen
from notesearch.index.index_layout import DamagedIndexError, IndexLayout, disk_errors
from notesearch.index.ingest import StageClock
from notesearch.index.journal import salvage_vectors
from notesearch.index.lock import writer_lock
from notesearch.index.origin import path_from
from notesearch.index.publish import find_lost
from notesearch.index.read_ahead import read_ahead
from notesearch.index.reports import ProgressObserver, UpdateReport, ignore_progress
from notesearch.index.state import IndexState, read_state
from notesearch.records import AddedNote, Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan(Means):
    """What an update is to work with; `corpus` is the folder that `source` lists."""

    source: CorpusSource
    rebuild: bool = False  # begin anew, whatever the index holds
    allow_empty: bool = False  # a corpus without files empties the index
    # Of new and changed files; the others wait for the next update. All are read where the index
    # is made anew, or all its files are read in another way.
    most_bytes: int | None = None


def update_index(
    index_dir: Path,
    plan: UpdatePlan,
    *,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Bring the index in step with the corpus, creating it where there is none."""
    layout = IndexLayout(index_dir)
    prepare_folder(layout)
    with writer_lock(layout, lock_timeout_s):
        try:
            return _update(layout, plan, StageClock(progress))
        except DamagedIndexError:
            if not plan.rebuild:
                raise
            with disk_errors(layout):
                salvage_vectors(layout, plan.embedder_fingerprint)
            salvaged = salvage_added_notes(layout)
            first_seen = FirstSeen(None)
            salvage_first_seen(layout, first_seen)
            return _update(layout, plan, StageClock(progress), salvaged, first_seen)


def preview_update(index_dir: Path, plan: UpdatePlan) -> UpdateReport:
    """Return what an update would find, and change nothing; no file is read, some are hashed."""
    layout = IndexLayout(index_dir)
    listing = list_corpus(plan, is_new=not layout.catalog.exists())
    if plan.rebuild or not layout.catalog.exists():
        return replace(report_of(find_changes(plan.source, listing, {}), listing), dry_run=True)
    with closing(Catalog.for_reading(layout)) as catalog, catalog.one_state():
        state = read_state(catalog)
        state.require_embedder(plan.embedder_fingerprint, index_dir)
        state.require_corpus(plan.corpus, index_dir)
        listing = without_claimed(listing, added_ids(catalog))
        changes = find_changes(plan.source, listing, known_files(catalog))
        report = replace(report_of(changes, listing), generation=state.generation, dry_run=True)
        return with_counts(report, catalog)


def _update(
    layout: IndexLayout,
    plan: UpdatePlan,
    clock: StageClock,
    salvaged: Salvaged | None = None,
    first_seen: FirstSeen | None = None,
) -> UpdateReport:
    """Update the index, or make it anew with what was salvaged from a damaged one."""
    with closing(Catalog.for_writing(layout, anew=salvaged is not None)) as catalog:
        state = None if catalog.is_empty() else read_state(catalog)
        if state is not None and not plan.rebuild:
            state.require_embedder(plan.embedder_fingerprint, layout.index_dir)
        listing = list_corpus(plan, is_new=not layout.catalog.exists())
        if state is not None and not plan.rebuild:
            state.require_corpus(plan.corpus, layout.index_dir)
        added = _added_to_read(catalog, plan, state, salvaged)
        ids = {note.id for note in added} if state is None else added_ids(catalog)
        listing = without_claimed(listing, ids)
        known = {} if state is None or plan.rebuild else known_files(catalog)
        reads_all = plan.rebuild or (state is not None and state.reading != plan.reading)
        most_bytes = None if reads_all else plan.most_bytes
        changes = find_changes(plan.source, listing, known, most_bytes=most_bytes)
        report = report_of(changes, listing)
        work = find_work(
            plan,
            known,
            changes,
            added,
            reads_all=reads_all,
            publish=state is not None
            and (
                state.corpus != path_from(layout.index_dir, plan.corpus)
                or bool(find_lost(layout, catalog))
            ),
        )
        if state is None or not work.is_none:
            state, findings = apply_work(layout, plan, catalog, state, work, clock, first_seen)
            odd = (*findings, *(salvaged.findings if salvaged else ()))
            report = clock.fill_in(report, odd)
        return finish(layout, catalog, state, report, clock)


def list_corpus(plan: UpdatePlan, *, is_new: bool) -> Listing:
    """List the corpus; CorpusError where it holds no files and that is not allowed."""
    listing = plan.source.list_files()
    if listing.files or plan.allow_empty:
        return listing
    place = f"corpus {plan.corpus}" if plan.corpus else "the corpus"
    finding = f"{place} holds no note files"
    if is_new:
        raise CorpusError(f"{finding}; name a folder that does")
    raise CorpusError(
        f"{finding}, and nothing was removed from the index",
        Remedy(
            "is its disk mounted? update(allow_empty=True) empties the index",
            "is its disk mounted? --allow-empty empties the index",
        ),
    )


def _added_to_read(
    catalog: Catalog, plan: UpdatePlan, state: IndexState | None, salvaged: Salvaged | None
) -> tuple[AddedNote, ...]:
    """Return the added notes that have to be read anew."""
    if salvaged is not None:
        return salvaged.notes
    if state is None or (state.reading == plan.reading and not plan.rebuild):
        return ()
    return tuple(read_added_notes(catalog))


def find_work(
    plan: UpdatePlan,
    known: dict[str, KnownFile],
    changes: Changes,
    added: tuple[AddedNote, ...],
    *,
    reads_all: bool,
    publish: bool = False,
) -> Work:
    """Return what there is to do; all files are read where they are read in another way now."""
    files = [*changes.added, *changes.changed, *(seen for _, seen in changes.renamed)]
    if reads_all:
        files.extend(changes.unchanged)
    files.sort(key=lambda file: file.path)
    remove = [*changes.removed, *(before for before, _ in changes.renamed)]
    return Work(
        read=(*files, *map(seen_note, added)),
        readings=read_ahead(
            chain(plan.source.read_files([file.path for file in files]), plan.read_added(added))
        ),
        remove=tuple(before.path for before in remove),
        touch=changes.touched,
        unreadable=tuple(
            (seen, skipped)
            for seen, skipped in changes.unreadable
            if not _is_known_unreadable(known.get(seen.path))
        ),
        added=added,
        clear=plan.rebuild,
        publish=bool(plan.rebuild or files or remove or reads_all or publish),
    )


def _is_known_unreadable(before: KnownFile | None) -> bool:
    return before is not None and before.failed and before.hash is None


def report_of(changes: Changes, listing: Listing) -> UpdateReport:
    """Return what a comparison found."""
    return UpdateReport(
        added=tuple(file.path for file in changes.added),
        changed=tuple(file.path for file in changes.changed),
        renamed=tuple((before.path, seen.path) for before, seen in changes.renamed),
        removed=tuple(file.path for file in changes.removed),
        unchanged=len(changes.unchanged),
        waiting=changes.waiting,
        skipped=listing.skipped + tuple(skipped for _, skipped in changes.unreadable),
    )
