"""Describe an index and its updates: progress, reports, problems, and how the corpus differs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from notesearch.index.catalog import Catalog
from notesearch.index.changes import KnownFile, known_files
from notesearch.index.layout import IndexLayout
from notesearch.index.state import read_state
from notesearch.records import Finding, Listing


class Stage(Enum):
    """Where an update spends its time."""

    COMPARE = "compare"  # stat and hash
    READ = "read"  # read and chunk
    EMBED = "embed"
    STORE = "store"  # rows and words into the catalog
    VECTORS = "vectors"  # the FAISS file
    COMMIT = "commit"  # the transaction, and clearing up


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an update has come."""

    stage: Stage
    files_done: int = 0
    files_total: int = 0  # of those to be read
    notes: int = 0
    passages: int = 0
    passages_embedded: int = 0


ProgressObserver = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update found and did."""

    added: tuple[str, ...] = ()  # paths, in their order
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # from, to
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[Finding, ...] = ()  # all that cannot be read now; earlier notes stay
    findings: tuple[Finding, ...] = ()  # in the files read this time
    passages_embedded: int = 0
    passages_reused: int = 0  # read this time, with a vector that was there
    notes: int = 0  # in the index, after
    passages: int = 0
    generation: int = 0
    seconds: dict[Stage, float] = field(default_factory=dict)
    dry_run: bool = False

    @property
    def is_unchanged(self) -> bool:
        """Nothing in the corpus differs from the index."""
        return not (self.added or self.changed or self.renamed or self.removed)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an index holds."""

    files: int
    notes: int
    passages: int
    vectors: int


# ---------------------------------------------------------------- what check and status say


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an index."""

    message: str  # place, finding and remedy in one line
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class CorpusDrift:
    """How the corpus differs from the index by size and time alone: numbers of files."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index is."""

    counts: Counts
    generation: int
    embedder: str  # fingerprint
    reading: str  # fingerprint
    corpus: str  # the folder, absolute
    dimension: int
    created: str  # ISO 8601, UTC
    updated: str
    catalog_bytes: int
    vectors_bytes: int
    failed: tuple[Finding, ...]  # files whose last reading failed
    drift: CorpusDrift | None  # None when no listing was handed in


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
            failed=read_failures(catalog),
            drift=_drift(listing, known) if listing is not None else None,
        )


def read_drift(index_dir: Path, list_files: Callable[[Path], Listing]) -> CorpusDrift | None:
    """Count by stat alone what changed in the index's corpus; None when that is not there."""
    with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog, catalog.one_state():
        corpus = read_state(catalog).corpus_folder(index_dir)
        return (
            _drift(list_files(corpus), known_files(catalog)) if corpus and corpus.is_dir() else None
        )


def read_failures(catalog: Catalog) -> tuple[Finding, ...]:
    """List the files whose last reading failed, in the order of their paths."""
    return tuple(Finding(*row) for row in catalog.rows(_FAILED))


def _drift(listing: Listing, known: dict[str, KnownFile]) -> CorpusDrift:
    listed = {file.path: (file.size, file.mtime_ns) for file in listing.files}
    return CorpusDrift(
        added=len(listed.keys() - known.keys()),
        changed=sum(
            listed[path] != (known[path].size, known[path].mtime_ns)
            for path in listed.keys() & known.keys()
        ),
        removed=len(known.keys() - listed.keys()),
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
