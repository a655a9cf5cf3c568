"""Describe an index: numbers, sizes, model, age, and what changed in its corpus since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from notesearch.index.catalog import Catalog
from notesearch.index.changes import KnownFile, known_files, split_missing
from notesearch.index.index_layout import IndexLayout
from notesearch.index.reports import CorpusDrift, Counts, IndexStatus
from notesearch.index.state import read_state
from notesearch.records import Finding, Listing

_FAILED = """SELECT files.path, findings.line, findings.reason FROM findings
    JOIN files ON files.id = findings.file WHERE findings.skipped ORDER BY files.path"""


def read_status(index_dir: Path, listing: Listing | None = None) -> IndexStatus:
    """Describe an index; with a listing of its corpus, also count what changed by stat alone."""
    layout = IndexLayout(index_dir)
    with closing(Catalog.for_reading(layout)) as catalog, catalog.one_state():
        state = read_state(catalog)
        known = known_files(catalog) if listing is not None else {}
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
            vectors_bytes=_size(layout.vectors(state.generation)),
            skipped=all_skipped(catalog, listing.skipped if listing else ()),
            drift=_drift(listing, known) if listing is not None else None,
        )


def read_drift(index_dir: Path, list_files: Callable[[Path], Listing]) -> CorpusDrift | None:
    """Count by stat alone what changed in the index's corpus; None when that is not there."""
    with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog, catalog.one_state():
        corpus = read_state(catalog).corpus_folder(index_dir)
        return (
            _drift(list_files(corpus), known_files(catalog)) if corpus and corpus.is_dir() else None
        )


def all_skipped(catalog: Catalog, now: Sequence[Finding]) -> tuple[Finding, ...]:
    """List the files whose last reading failed and what cannot be listed now, by their paths."""
    by_path = {path: Finding(path, *row) for path, *row in catalog.rows(_FAILED)}
    by_path.update((skipped.path, skipped) for skipped in now)
    return tuple(by_path[path] for path in sorted(by_path))


def _drift(listing: Listing, known: dict[str, KnownFile]) -> CorpusDrift:
    listed = {file.path: (file.size, file.mtime_ns) for file in listing.files}
    return CorpusDrift(
        added=len(listed.keys() - known.keys()),
        changed=sum(
            listed[path] != (known[path].size, known[path].mtime_ns)
            for path in listed.keys() & known.keys()
        ),
        removed=len(split_missing(listing, known)[0]),
    )


def _count(catalog: Catalog) -> Counts:
    files, notes, passages, vectors = (
        catalog.number(f"SELECT count(*) FROM {table}")
        for table in ("files", "notes", "passages", "vectors")
    )
    return Counts(files, notes, passages, vectors)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
