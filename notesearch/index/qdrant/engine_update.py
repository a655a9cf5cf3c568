"""Bring an index in an engine in step with a corpus, and add notes to it that are no files.

What `index/update.py` and `index/adding.py` do for a folder: comparing, reading and embedding are
theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from notesearch.durable import make_private_folder
from notesearch.engine_address import EngineAddress
from notesearch.errors import Remedy, UsageError
from notesearch.index.added_table import without_claimed
from notesearch.index.adding import require_free_ids, work_to_add, work_to_remove
from notesearch.index.apply import Means, Work, record_unread_files
from notesearch.index.changes import KnownFile, find_changes
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.ingest import EmbeddingWork, StageClock, VectorSupply, ingest_files
from notesearch.index.journal import Journal
from notesearch.index.origin import path_from, remember_index, write_corpus_name
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.engine_records import read_added, read_files
from notesearch.index.qdrant.engine_schema import create_collections
from notesearch.index.qdrant.engine_state import EngineState, read_engine_state
from notesearch.index.qdrant.engine_store import EngineStore
from notesearch.index.qdrant.engine_writer import EngineWriter
from notesearch.index.qdrant.writer_lease import WriterLease, writer_lease
from notesearch.index.reports import ProgressObserver, Stage, UpdateReport, ignore_progress
from notesearch.index.update import UpdatePlan, find_work, list_corpus, report_of
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


def update_engine(
    place: EnginePlace,
    plan: UpdatePlan,
    *,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Bring the index in step with the corpus, creating it where there is none."""
    clock = StageClock(progress)
    with opened(place) as store, writing(store.engine, lock_timeout_s) as lease:
        state = read_engine_state(store.engine)
        if state is not None and not plan.rebuild:
            state.require_embedder(plan.embedder_fingerprint, place.address)
        found = read_files(store.engine)
        there = read_added(store.engine)
        reads_all = plan.rebuild or (state is not None and state.reading != plan.reading)
        added = tuple(there) if state is not None and reads_all else ()
        listing = without_claimed(list_corpus(plan, is_new=state is None), {n.id for n in there})
        known = {} if plan.rebuild else known_files(found, {note.id for note in there})
        changes = find_changes(
            plan.source, listing, known, most_bytes=None if reads_all else plan.most_bytes
        )
        _require_same_notes(place, plan, listing, known)
        work = find_work(plan, known, changes, added, reads_all=reads_all)
        report = report_of(changes, listing)
        after = state
        findings: tuple[Finding, ...] = ()
        if state is None or not work.is_none:
            after, findings = apply_to_engine(place, store.engine, lease, plan, state, work, clock)
        report = replace(
            clock.fill_in(report, findings),
            skipped=all_skipped(read_files(store.engine), report.skipped),
        )
        return finished(store.engine, after, report, clock)


def preview_engine_update(place: EnginePlace, plan: UpdatePlan) -> UpdateReport:
    """Return what an update would find, and change nothing."""
    with opened(place) as store:
        state = store.find_state()
        listing = list_corpus(plan, is_new=state is None)
        if plan.rebuild or state is None:
            return replace(report_of(find_changes(plan.source, listing, {}), listing), dry_run=True)
        state.require_embedder(plan.embedder_fingerprint, place.address)
        added = {note.id for note in read_added(store.engine)}
        files = read_files(store.engine)
        listing = without_claimed(listing, added)
        changes = find_changes(plan.source, listing, known_files(files, added))
        return replace(
            report_of(changes, listing),
            generation=state.generation,
            notes=state.notes,
            passages=state.passages,
            dry_run=True,
        )


def add_to_engine(
    place: EnginePlace,
    means: Means,
    notes: Sequence[AddedNote],
    *,
    overwrite: bool = False,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Add notes, all or none, creating the index where there is none.

    UsageError for an id that is taken, but for one of an added note with `overwrite`, and for a
    note that cannot be read.
    """

    def find_work(files: set[str], there: set[str]) -> tuple[Work, UpdateReport]:
        require_free_ids(notes, set() if overwrite else there, files)
        return work_to_add(means, notes, there)

    return _change_added(place, means, find_work, lock_timeout_s, progress)


def remove_from_engine(
    place: EnginePlace, means: Means, ids: Sequence[str], *, lock_timeout_s: float = 10.0
) -> UpdateReport:
    """Remove added notes, all or none; UsageError for an id that none of them has."""

    def find_work(files: set[str], there: set[str]) -> tuple[Work, UpdateReport]:
        return work_to_remove(ids, there, files.__contains__)

    return _change_added(place, means, find_work, lock_timeout_s, ignore_progress)


def _change_added(
    place: EnginePlace,
    means: Means,
    find_work: Callable[[set[str], set[str]], tuple[Work, UpdateReport]],
    lock_timeout_s: float,
    progress: ProgressObserver,
) -> UpdateReport:
    """Do, under the lease, what `find_work` finds to do; the files' notes stay as they are."""
    clock = StageClock(progress)
    with opened(place) as store, writing(store.engine, lock_timeout_s) as lease:
        state = read_engine_state(store.engine)
        if state is not None:
            state.require_embedder(means.embedder_fingerprint, place.address)
            means = replace(means, reading=state.reading, corpus=None)
        there = {note.id for note in read_added(store.engine)}
        work, report = find_work(read_files(store.engine).keys() - there, there)
        after, findings = apply_to_engine(place, store.engine, lease, means, state, work, clock)
        return finished(store.engine, after, clock.fill_in(report, findings), clock)


def apply_to_engine(
    place: EnginePlace,
    engine: Engine,
    lease: WriterLease,
    means: Means,
    state: EngineState | None,
    work: Work,
    clock: StageClock,
) -> tuple[EngineState, tuple[Finding, ...]]:
    """Do the work in one change; return the state after it and what was odd."""
    with disk_errors(place.layout):
        make_private_folder(place.folder)
        journal = Journal(place.layout.journal, means.embedder_fingerprint)
    with closing(journal):
        before = state or _nothing(means)
        writer = EngineWriter(
            engine, before, lease, means.embedder_fingerprint, is_new=state is None
        )
        if state is not None and work.clear:
            writer.clear()
        to_embed = EmbeddingWork(work.read, clock)
        supply = VectorSupply(
            place.layout,
            means.embedder,
            means.embedder_fingerprint,
            journal,
            writer,
            0 if work.clear else before.dimension,
            to_embed,
            compare_probe=means.model_may_change,
            find_vectors=means.find_vectors,
        )
        record_unread_files(writer, work, clock)
        writer.keep_added(work.added)
        findings = ingest_files(work.read, work.readings, writer, supply, to_embed)
        clock.enter(Stage.COMMIT)
        # Where every vector was there already, left by a writer that was cut short.
        supply.dimension = supply.dimension or writer.dimension
        if state is None or work.publish:
            after = writer.publish(
                embedder=means.embedder_fingerprint,
                reading=means.reading,
                dimension=supply.dimension,
                probes=[*supply.supply_probes(means.probes if supply.dimension else ()).values()],
            )
        else:
            writer.keep_files()
            after = before
        with disk_errors(place.layout):
            keep_corpus_name(place, means, after)
            journal.remove()
    return after, findings


def _require_same_notes(
    place: EnginePlace, plan: UpdatePlan, listing: Listing, known: dict[str, KnownFile]
) -> None:
    """Raise UsageError for a folder of which the index holds no file: all of it would go.

    Not where this machine has brought the index in step before.
    """
    listed = {file.path for file in listing.files}
    is_first = not place.layout.corpus_name.exists()
    if is_first and known and listed and listed.isdisjoint(known):
        address = place.address.text
        raise UsageError(
            f"{address} holds {len(known)} files, and {plan.corpus} has none of them",
            Remedy(
                "choose another name for the index, or call update(corpus, rebuild=True)",
                "choose another name for the index, or change over; run: notesearch index "
                f"{plan.corpus} --index {address} --rebuild",
            ),
        )


def keep_corpus_name(place: EnginePlace, means: Means, state: EngineState) -> None:
    """Keep on this machine which folder of notes the index is brought in step with."""
    if means.corpus is not None:
        name = path_from(place.folder, means.corpus)
        remember_index(state.identity)
        write_corpus_name(place.layout.corpus_name, name, state.identity)


def _nothing(means: Means) -> EngineState:
    """Return the state of an index that holds nothing yet."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return EngineState(
        embedder=means.embedder_fingerprint,
        reading=means.reading,
        generation=0,
        dimension=0,
        created=now,
        updated=now,
        identity=secrets.token_hex(16),
        stamp="",
    )


@contextmanager
def opened(place: EnginePlace) -> Iterator[EngineStore]:
    """Yield a connection to an engine, closed behind the block."""
    with closing(EngineStore(place.address)) as store:
        yield store


@contextmanager
def writing(engine: Engine, lock_timeout_s: float) -> Iterator[WriterLease]:
    """Yield the lease of a writer, in an engine that has the collections to write into."""
    create_collections(engine)
    with writer_lease(engine, lock_timeout_s) as lease:
        yield lease


def finished(
    engine: Engine, state: EngineState | None, report: UpdateReport, clock: StageClock
) -> UpdateReport:
    """Return a report with what the index holds now."""
    assert state is not None
    return replace(
        report,
        notes=engine.count(engine.names.notes, state.in_force()),
        passages=state.passages,
        generation=state.generation,
        seconds=clock.finish(),
    )


def known_files(files: dict[str, Payload], added: set[str]) -> dict[str, KnownFile]:
    """Return the files of the corpus as the index remembers them, by path."""
    return {
        path: KnownFile(
            id=number,
            path=path,
            size=value["size"],
            mtime_ns=value["mtime_ns"],
            settled=value["settled"],
            hash=value["hash"],
            failed=value["failed"],
        )
        for number, (path, value) in enumerate(files.items())
        if path not in added
    }


def all_skipped(files: dict[str, Payload], now: Sequence[Finding]) -> tuple[Finding, ...]:
    """List the files whose last reading failed and what cannot be listed now, by their paths."""
    by_path = {
        path: Finding(path, line, reason)
        for path, value in files.items()
        for skipped, line, reason in value["findings"]
        if skipped
    }
    by_path.update((skipped.path, skipped) for skipped in now)
    return tuple(by_path[path] for path in sorted(by_path))
