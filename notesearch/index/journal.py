"""Keep the vectors that an unfinished update has computed, as they come from the model.

The catalog changes in one transaction, at the end; embedding a large corpus takes hours. So
each batch of vectors also goes to a plain file at once, and the next update takes them from
there instead of from the model. Each record carries its own CRC: a torn tail is dropped.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import partial
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch.durable import create_private
from notesearch.errors import NotesearchError
from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout
from notesearch.index.state import read_state

HASH_BYTES = 16
_CRC_BYTES = 4
_LONGEST_HEADER = 1 << 16


def crc_of(text_hash: bytes, row: bytes) -> int:
    """Tie a vector to its text: the same number in the journal and in the catalog."""
    return zlib.crc32(row, zlib.crc32(text_hash))


def as_vector(row: bytes) -> NDArray[np.float32]:
    """Return a stored row as numbers to reckon with."""
    return np.frombuffer(row, dtype="<f2").astype(np.float32)


def is_whole(text_hash: object, row: object, crc: object) -> bool:
    """Return whether what a damaged catalog gives is the vector that was stored."""
    return isinstance(text_hash, bytes) and isinstance(row, bytes) and crc_of(text_hash, row) == crc


def count_kept(path: Path) -> int:
    """Count the vectors that an unfinished update has left, by the size of the file."""
    try:
        with path.open("rb") as file:
            header = file.readline(_LONGEST_HEADER)
            row_bytes = _row_bytes_in(header)
            size = file.seek(0, os.SEEK_END)
    except OSError:
        return 0
    return (size - len(header)) // (HASH_BYTES + row_bytes + _CRC_BYTES) if row_bytes else 0


class Journal:
    """The file `embedded.journal`: one header line, then hash, float16 row and CRC a vector."""

    def __init__(self, path: Path, embedder: str) -> None:
        """Take over what an earlier update of the same model left; anything else is let go."""
        self._path = path
        self._embedder = embedder
        self._offsets: dict[bytes, int] = {}
        self._row_bytes = 0
        # Without a buffer: what could not be written must not be tried again at closing, which
        # would hide the first error behind a second one.
        self._file: FileIO | None = None
        if path.exists():
            self._take_over()

    def _header(self, row_bytes: int) -> bytes:
        return f"notesearch journal 1 {row_bytes} {self._embedder.encode().hex()}\n".encode()

    def _take_over(self) -> None:
        with self._path.open("rb") as file:
            header = file.readline(_LONGEST_HEADER)
            row_bytes = _row_bytes_in(header)
            if not row_bytes or header != self._header(row_bytes):
                return
            record_bytes = HASH_BYTES + row_bytes + _CRC_BYTES
            offset = len(header)
            while len(record := file.read(record_bytes)) == record_bytes and _holds(record):
                self._offsets[record[:HASH_BYTES]] = offset
                offset += record_bytes
        self._row_bytes = row_bytes
        self._file = FileIO(self._path, "rb+")
        self._file.truncate(offset)

    def find(self, text_hash: bytes) -> bytes | None:
        """Return the float16 row of a text, if an earlier update left it."""
        offset = self._offsets.get(text_hash)
        if offset is None or self._file is None:
            return None
        self._file.seek(offset)
        record = self._file.read(HASH_BYTES + self._row_bytes + _CRC_BYTES)
        return record[HASH_BYTES:-_CRC_BYTES] if _holds(record) else None

    def append(self, text_hashes: Sequence[bytes], rows: Sequence[bytes]) -> None:
        """Keep the rows through a kill of this process.

        Not synced: a power cut may cost the last seconds of embedding, and a sync for each
        batch would cost more than that in sum.
        """
        if not rows:
            return
        if len(rows[0]) != self._row_bytes:  # the first ones, or a server changed its model
            self.close()
            self._offsets.clear()
        file = self._file or self._begin(len(rows[0]))
        file.seek(0, os.SEEK_END)
        pairs = zip(text_hashes, rows, strict=True)
        _write_all(
            file,
            b"".join(
                part
                for key, row in pairs
                for part in (key, row, crc_of(key, row).to_bytes(_CRC_BYTES, "little"))
            ),
        )

    def _begin(self, row_bytes: int) -> FileIO:
        self._path.unlink(missing_ok=True)
        create_private(self._path)
        self._file = FileIO(self._path, "rb+")
        self._row_bytes = row_bytes
        _write_all(self._file, self._header(row_bytes))
        return self._file

    def close(self) -> None:
        """Close the file, which stays for the next update."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def remove(self) -> None:
        """Drop the file: the catalog has it all."""
        self.close()
        self._path.unlink(missing_ok=True)


def salvage_vectors(layout: IndexLayout, embedder: str) -> None:
    """Put the vectors whose CRC holds into the journal, where the next update finds them.

    Gives up silently where the catalog cannot be read on: the model makes the rest again.
    """
    unchecked = partial(Catalog.for_reading, layout, checked=False)  # each vector has its own CRC
    with suppress(NotesearchError), closing(unchecked()) as catalog:
        if read_state(catalog).embedder != embedder:
            return
        with closing(Journal(layout.journal, embedder)) as journal:
            for rows in catalog.batches("SELECT text_hash, vector, crc FROM vectors"):
                whole = [(key, row) for key, row, crc in rows if is_whole(key, row, crc)]
                journal.append([key for key, _ in whole], [row for _, row in whole])


def _write_all(file: FileIO, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _row_bytes_in(header: bytes) -> int:
    """Read how long a vector is; 0 where the line is no header."""
    words = header.split()
    is_header = len(words) == 5 and words[3].isdigit() and len(words[3]) < 10
    return int(words[3]) if is_header else 0


def _holds(record: bytes) -> bool:
    return zlib.crc32(record[:-_CRC_BYTES]) == int.from_bytes(record[-_CRC_BYTES:], "little")
