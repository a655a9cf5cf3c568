"""Vectors that an unfinished update has paid for, appended as they come from the model.

The catalog changes in one transaction, at the end; embedding a large corpus takes hours. So
each batch of vectors also goes to a plain file at once, and the next update takes them from
there instead of from the model. Each record carries its own CRC: a torn tail is dropped.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

HASH_BYTES = 16
_CRC_BYTES = 4


def crc_of(text_hash: bytes, row: bytes) -> int:
    """Tie a vector to its text: the same number in the journal and in the catalog."""
    return zlib.crc32(row, zlib.crc32(text_hash))


def is_whole(text_hash: object, row: object, crc: object) -> bool:
    """Tell whether what a damaged catalog gives is the vector that was stored."""
    return isinstance(text_hash, bytes) and isinstance(row, bytes) and crc_of(text_hash, row) == crc


class Journal:
    """The file `embedded.journal`: one header line, then hash, float16 row and CRC a vector."""

    def __init__(self, path: Path, embedder: str) -> None:
        """Take over what an earlier update of the same model left; anything else is let go."""
        self._path = path
        self._embedder = embedder
        self._offsets: dict[bytes, int] = {}
        self._row_bytes = 0
        self._file: BinaryIO | None = None
        if path.exists():
            self._take_over()

    def _header(self, row_bytes: int) -> bytes:
        return f"notesearch journal 1 {row_bytes} {self._embedder.encode().hex()}\n".encode()

    def _take_over(self) -> None:
        file = self._path.open("rb+")
        header = file.readline(1 << 16)
        words = header.split()
        row_bytes = int(words[3]) if len(words) == 5 and words[3].isdigit() else 0
        if not row_bytes or header != self._header(row_bytes):
            file.close()
            return
        self._file, self._row_bytes = file, row_bytes
        record_bytes = HASH_BYTES + row_bytes + _CRC_BYTES
        offset = file.tell()
        while len(record := file.read(record_bytes)) == record_bytes and _holds(record):
            self._offsets[record[:HASH_BYTES]] = offset
            offset += record_bytes
        file.seek(offset)
        file.truncate()

    def find(self, text_hash: bytes) -> bytes | None:
        """Give the float16 row of a text, if an earlier update left it."""
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
        file = self._file or self._begin(len(rows[0]))
        file.seek(0, 2)
        pairs = zip(text_hashes, rows, strict=True)
        file.write(
            b"".join(
                part
                for key, row in pairs
                for part in (key, row, crc_of(key, row).to_bytes(_CRC_BYTES, "little"))
            )
        )
        file.flush()

    def _begin(self, row_bytes: int) -> BinaryIO:
        self._file = self._path.open("wb+")
        self._row_bytes = row_bytes
        self._file.write(self._header(row_bytes))
        return self._file

    def close(self) -> None:
        """Let go of the file, which stays for the next update."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Drop the file: the catalog has it all."""
        self.close()
        self._path.unlink(missing_ok=True)


def _holds(record: bytes) -> bool:
    return zlib.crc32(record[:-_CRC_BYTES]) == int.from_bytes(record[-_CRC_BYTES:], "little")
