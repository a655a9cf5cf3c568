"""Describe an index: numbers, sizes, model, age, and what changed in its corpus since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from notesearch.index.added_table import added_ids, without_claimed
from notesearch.index.catalog import Catalog
from notesearch.index.changes import KnownFile, known_files, split_missing
from notesearch.index.index_layout import IndexLayout
from notesearch.index.reports import CorpusDrift, Counts, IndexStatus
from notesearch.index.segment_rows import read_segments
from notesearch.index.state import read_state
from notesearch.records import Finding, Listing

_FAILED = """SELECT files.path, findings.line, findings.reason FROM findings
    JOIN files ON files.id = findings.file WHERE findings.skipped ORDER BY files.path"""


def read_status(index_dir: Path, listing: Listing | None = None) -> IndexStatus:
    """Describe an index; with a listing of its corpus, also count what changed by stat alone."""
    layout = IndexLayout(index_dir)
    with closing(Catalog.for_reading(layout)) as catalog, catalog.one_state():
        state, segments = read_state(catalog), read_segments(catalog)
        return IndexStatus(
            counts=_count(catalog),
            generation=state.generation,
            embedder=state.embedder,
            reading=state.reading,
            corpus=str(state.corpus_folder(index_dir) or ""),
            dimension=state.dimension,
            created=state.created,
            updated=state.updated,
            catalog_bytes=_size(layout.catalog),
            segments_bytes=sum(row.vectors.size + row.words.size for row in segments),
            skipped=all_skipped(catalog, listing.skipped if listing else ()),
            drift=_drift(listing, catalog) if listing is not None else None,
        )


def read_drift(
    index_dir: Path,
    list_files: Callable[[Path], Listing],
    find_waiting: Callable[[], Path | None],
) -> CorpusDrift | None:
    """Count by stat alone what changed in the index's corpus; None when that is not there.

    An index of added notes alone is compared with the folder that waits to join them, if any does.
    """
    with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog, catalog.one_state():
        corpus = read_state(catalog).corpus_folder(index_dir) or find_waiting()
        if corpus is None:
            return CorpusDrift(0, 0, 0)
        return _drift(list_files(corpus), catalog) if corpus.is_dir() else None


def all_skipped(catalog: Catalog, now: Sequence[Finding]) -> tuple[Finding, ...]:
    """List the files whose last reading failed and what cannot be listed now, by their paths."""
    return latest_skipped((Finding(path, *row) for path, *row in catalog.rows(_FAILED)), now)


def latest_skipped(failed: Iterable[Finding], now: Sequence[Finding]) -> tuple[Finding, ...]:
    """Put files that could not be read and what cannot be listed now together, by their paths."""
    by_path = {skipped.path: skipped for skipped in (*failed, *now)}
    return tuple(by_path[path] for path in sorted(by_path))


def _drift(listing: Listing, catalog: Catalog) -> CorpusDrift:
    return drift_of(listing, known_files(catalog), added_ids(catalog))


def drift_of(listing: Listing, known: dict[str, KnownFile], added: set[str]) -> CorpusDrift:
    """Count by stat alone how a corpus differs from the files that an index knows."""
    files = without_claimed(listing, added).files
    listed = {file.path: (file.size, file.mtime_ns) for file in files}
    return CorpusDrift(
        added=len(listed.keys() - known.keys()),
        changed=sum(
            listed[path] != (known[path].size, known[path].mtime_ns)
            for path in listed.keys() & known.keys()
        ),
        removed=len(split_missing(listing, known)[0]),
    )


def _count(catalog: Catalog) -> Counts:
    rows, added, notes, passages, vectors = (
        catalog.number(f"SELECT count(*) FROM {table}")
        for table in ("files", "added_notes", "notes", "passages", "vectors")
    )
    return Counts(rows - added, added, notes, passages, vectors)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
