"""What an update writes notes into, as a protocol: a catalog on disk, or an engine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from notesearch.index.changes import SeenFile
from notesearch.index.journal import HASH_BYTES
from notesearch.records import AddedNote, Finding, ReadFile


def hash_text(text: str) -> bytes:
    """Name a text by its content; equal texts share one vector."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=HASH_BYTES).digest()


class NoteWriter(Protocol):
    """Writes one change of an index: readers see all of it or nothing."""

    def clear(self) -> None:
        """Empty the index of all but the added notes' sources, for a rebuild."""

    def put_unread(self, seen: SeenFile, skipped: Finding) -> None:
        """Keep that a file cannot be read; its earlier notes stay."""

    def touch_file(self, seen: SeenFile) -> None:
        """Update the size and time of a file whose bytes are the same."""

    def remove_file(self, path: str) -> None:
        """Forget a file, or a note that was added, with all that was read in it."""

    def keep_added(self, notes: Iterable[AddedNote]) -> None:
        """Keep notes that are no files as they were handed in."""

    def replace_file(self, seen: SeenFile, read: ReadFile) -> int:
        """Put what a file holds now in the place of what it held, all but the notes themselves.

        Returns a number for `put_notes`.
        """

    def put_notes(self, files: Iterable[tuple[int, ReadFile]], vectors: Iterable[int]) -> None:
        """Store the notes of some files; `vectors` numbers the vector of each passage in turn."""

    def known_vectors(self, text_hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Find the texts among these that have a vector, with its number."""

    def put_vectors(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> Iterable[int]:
        """Store float16 rows by the hash of their text, and give their numbers."""

    def known_probes(self) -> dict[str, bytes]:
        """Return the float16 rows of the probes that have one, by their texts."""

    def put_probes(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store float16 rows of probes."""
