"""Bring an index in step with its corpus: compare, read what differs, embed, store, publish."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from notesearch.errors import CorpusError, Remedy
from notesearch.index.added_table import salvage_added_notes, seen_note, without_claimed
from notesearch.index.catalog import Catalog
from notesearch.index.changes import Changes, CorpusSource, KnownFile, find_changes
from notesearch.index.first_seen import FirstSeen
from notesearch.index.first_seen_table import salvage_first_seen
from notesearch.index.index_in_folder import FolderIndex, prepare_folder
from notesearch.index.index_layout import DamagedIndexError, IndexLayout, disk_errors
from notesearch.index.ingest import StageClock
from notesearch.index.journal import salvage_vectors
from notesearch.index.lock import writer_lock
from notesearch.index.reports import ProgressObserver, UpdateReport, ignore_progress
from notesearch.index.stored_index import StoredIndex
from notesearch.index.work import Means, Work
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
    """Bring the index in a folder in step with the corpus, creating it where there is none.

    A rebuild of a damaged one takes over what can still be read.
    """
    layout = IndexLayout(index_dir)
    prepare_folder(layout)
    with writer_lock(layout, lock_timeout_s):
        try:
            with closing(Catalog.for_writing(layout)) as catalog:
                return bring_in_step(FolderIndex(layout, catalog), plan, StageClock(progress))
        except DamagedIndexError:
            if not plan.rebuild:
                raise
            with disk_errors(layout):
                salvage_vectors(layout, plan.embedder_fingerprint)
            salvaged = salvage_added_notes(layout)
            first_seen = FirstSeen(None)
            salvage_first_seen(layout, first_seen)
            with closing(Catalog.for_writing(layout, anew=True)) as catalog:
                index = FolderIndex(layout, catalog, salvaged, first_seen)
                return bring_in_step(index, plan, StageClock(progress))


def preview_update(index_dir: Path, plan: UpdatePlan) -> UpdateReport:
    """Return what an update would find, and change nothing; no file is read, some are hashed."""
    layout = IndexLayout(index_dir)
    if plan.rebuild or not layout.catalog.exists():
        return preview_all(plan, is_new=not layout.catalog.exists())
    with closing(Catalog.for_reading(layout)) as catalog, catalog.one_state():
        return preview(FolderIndex(layout, catalog), plan)


def bring_in_step(index: StoredIndex, plan: UpdatePlan, clock: StageClock) -> UpdateReport:
    """Bring an index in step with the corpus: its writer has it open."""
    listing, known = _list_both(index, plan)
    reads_all = plan.rebuild or (not index.is_new and index.reading != plan.reading)
    most_bytes = None if reads_all else plan.most_bytes
    changes = find_changes(plan.source, listing, known, most_bytes=most_bytes)
    report = report_of(changes, listing)
    work = find_work(
        plan,
        known,
        changes,
        index.added_notes() if index.is_new or reads_all else (),
        reads_all=reads_all,
        publish=index.has_to_publish(plan.corpus),
    )
    if index.is_new or not work.is_none:
        report = clock.fill_in(report, index.apply(plan, work, clock))
    return index.finish(report, clock)


def preview(index: StoredIndex, plan: UpdatePlan) -> UpdateReport:
    """Return what bringing an index in step would find."""
    listing, known = _list_both(index, plan)
    changes = find_changes(plan.source, listing, known)
    return replace(index.with_counts(report_of(changes, listing)), dry_run=True)


def preview_all(plan: UpdatePlan, *, is_new: bool) -> UpdateReport:
    """Return what making an index, or making it anew, would find."""
    listing = list_corpus(plan, is_new=is_new)
    return replace(report_of(find_changes(plan.source, listing, {}), listing), dry_run=True)


def _list_both(index: StoredIndex, plan: UpdatePlan) -> tuple[Listing, dict[str, KnownFile]]:
    """List the corpus, and what the index knows of it; an error where they do not belong together.

    Made anew, an index knows nothing.
    """
    goes_on = not (index.is_new or plan.rebuild)
    if goes_on:
        index.require_embedder(plan.embedder_fingerprint)
    listing = list_corpus(plan, is_new=index.is_new)
    listing = without_claimed(listing, index.added_ids())
    known = index.known_files() if goes_on else {}
    if goes_on:
        index.require_corpus(plan.corpus, listing, known)
    return listing, known


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
        readings=chain(
            plan.source.read_files([file.path for file in files]), plan.read_added(added)
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
