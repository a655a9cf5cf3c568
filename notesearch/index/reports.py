"""Describe an index and its updates: progress, reports, problems, and how the corpus differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from notesearch.records import Finding


class Stage(Enum):
    """Where an update spends its time."""

    COMPARE = "compare"  # stat and hash
    READ = "read"  # read and chunk
    LOAD = "load"  # the model, which is compiled at its first use
    EMBED = "embed"
    STORE = "store"  # rows and words into the catalog
    VECTORS = "vectors"  # the segments
    COMMIT = "commit"  # the transaction, and clearing up


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an update has come."""

    stage: Stage
    files_done: int = 0  # read
    files_total: int = 0  # of those to be read
    notes: int = 0
    passages: int = 0
    passages_embedded: int = 0
    # What the model has still to do; of files that were not read yet it is estimated by their size.
    passages_to_embed: int = 0

    @property
    def is_estimate(self) -> bool:
        """Whether `passages_to_embed` counts files that were not read yet."""
        return self.files_done < self.files_total


ProgressObserver = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update found and did."""

    added: tuple[str, ...] = ()  # paths, in their order; the ids of notes that are no files
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # from, to
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    waiting: int = 0  # files that differ, and are left for the next update: see `most_bytes`
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
    added: int  # of the notes, those that are no files
    notes: int
    passages: int
    vectors: int


# ---------------------------------------------------------------- what check and status say


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an index."""

    message: str  # place, finding and remedy in one line
    for_shell: str  # the same with a command for the remedy
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class CorpusDrift:
    """How the corpus differs from the index by size and time alone: numbers of files."""

    added: int
    changed: int
    removed: int

    @property
    def is_none(self) -> bool:
        """The index is in step."""
        return not (self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index is."""

    counts: Counts
    generation: int
    embedder: str  # fingerprint
    reading: str  # fingerprint
    corpus: str  # the folder, absolute; "" for an index of added notes alone
    dimension: int
    created: str  # ISO 8601, UTC
    updated: str
    catalog_bytes: int
    segments_bytes: int
    # Files whose last reading failed and, with a listing, what cannot be listed now.
    skipped: tuple[Finding, ...]
    drift: CorpusDrift | None  # None when no listing was handed in
