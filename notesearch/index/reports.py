"""What goes into an update and comes out of the index: frozen values and the seams beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from notesearch.records import Finding, Listing, ReadFile

# ---------------------------------------------------------------- what an update is handed


class CorpusSource(Protocol):
    """The corpus as an update sees it."""

    def list_files(self) -> Listing:
        """List by stat alone; raise CorpusError when the corpus as a whole is not there."""

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes; OSError when it cannot be read."""

    def read_files(self, paths: Sequence[str]) -> Iterable[ReadFile]:
        """Read and chunk files: one answer a path, in their order, as they are asked for."""


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


# ---------------------------------------------------------------- what comes out of an update


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
