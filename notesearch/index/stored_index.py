"""What an update knows of an index and does to it, as a protocol: one in a folder, or an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from notesearch.index.changes import KnownFile
from notesearch.index.index_layout import IndexLayout
from notesearch.index.ingest import StageClock
from notesearch.index.reports import UpdateReport
from notesearch.index.work import Means, Work
from notesearch.records import AddedNote, Finding, Listing


class StoredIndex(Protocol):
    """An index as it is in force; its one writer may change it."""

    @property
    def name(self) -> str:
        """Where it is, as a person names it."""

    @property
    def layout(self) -> IndexLayout:
        """The files that this machine keeps of it."""

    @property
    def is_new(self) -> bool:
        """Whether there is none yet."""

    @property
    def reading(self) -> str:
        """The fingerprint of what read its notes."""

    @property
    def corpus(self) -> Path | None:
        """The folder of its notes; None where it is of none, or does not say."""

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError where its vectors are another model's."""

    def require_corpus(
        self, corpus: Path | None, listing: Listing, known: dict[str, KnownFile]
    ) -> None:
        """Raise UsageError for a folder of other notes than it knows, which would all go."""

    def added_ids(self) -> set[str]:
        """Return the ids of the notes that are no files."""

    def added_notes(self) -> tuple[AddedNote, ...]:
        """Return the notes that are no files, as they were handed in."""

    def known_files(self) -> dict[str, KnownFile]:
        """Return the files of the corpus as it remembers them, by path."""

    def has_file(self, path: str) -> bool:
        """Return whether it knows a file of the corpus at a path."""

    def has_to_publish(self, corpus: Path | None) -> bool:
        """Return whether something has to be written although no note has changed."""

    def apply(self, means: Means, work: Work, clock: StageClock) -> tuple[Finding, ...]:
        """Do the work in one change, which readers see whole or not at all; return what was odd."""

    def with_counts(self, report: UpdateReport) -> UpdateReport:
        """Add to a report what it holds, and all files whose last reading failed."""

    def finish(self, report: UpdateReport, clock: StageClock) -> UpdateReport:
        """Clear up after a change, and return its report with what it holds now."""
