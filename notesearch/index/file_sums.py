"""A derived file's bytes, compared piece by piece with the checksums that the catalog keeps.

A piece is compared when something first reads in it, and once for as long as the file is held
open. The number of the piece is part of its checksum, so that moved pieces are damage too.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import xxhash

from notesearch.index.layout import damaged

PIECE_BYTES = 1 << 17
_SUM_BYTES = 8


@dataclass(frozen=True, slots=True)
class FileSums:
    """The size of a file, and a checksum of each of its pieces in turn."""

    size: int
    sums: bytes

    @property
    def digest(self) -> str:
        """One text for them all, which names the content of the file."""
        return xxhash.xxh3_128_hexdigest(self.sums, seed=self.size)


def sum_file(path: Path) -> FileSums:
    """Read a file through and sum it up."""
    sums = bytearray()
    size = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE_BYTES):
            sums += _sum_of(piece, size // PIECE_BYTES)
            size += len(piece)
    return FileSums(size, bytes(sums))


class CheckedFile:
    """A file held open for reading, that says what is damaged in it; threads may share it."""

    def __init__(self, path: Path, sums: FileSums, remedy: str) -> None:
        """Open it; FileNotFoundError where it is lost, DamagedIndexError where its size is wrong."""
        self._path = path
        self._sums = sums
        self._remedy = remedy
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._descriptor)
        size = os.fstat(self._descriptor).st_size
        if size != sums.size or len(sums.sums) != -(-size // PIECE_BYTES) * _SUM_BYTES:
            raise damaged(path, f"has {size} bytes instead of {sums.size}", remedy)
        self._guard = threading.Lock()
        self._open_pieces = set(range(len(sums.sums) // _SUM_BYTES))

    @property
    def is_verified(self) -> bool:
        """Tell whether every piece has been compared."""
        return not self._open_pieces

    def read(self, start: int, end: int) -> bytes:
        """Give some bytes, uncompared; DamagedIndexError where the file has fewer by now."""
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        if start < end:
            raise damaged(self._path, "has been cut short", self._remedy)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def verify(self, start: int = 0, end: int | None = None) -> None:
        """Compare what holds the bytes from `start` to before `end`; DamagedIndexError."""
        last = -(-(self._sums.size if end is None else end) // PIECE_BYTES)
        self.verify_pieces(range(start // PIECE_BYTES, last))

    def verify_pieces(self, numbers: Iterable[int]) -> None:
        """Compare some pieces, each of them once; DamagedIndexError."""
        with self._guard:
            for number in sorted(self._open_pieces.intersection(numbers)):
                end = min((number + 1) * PIECE_BYTES, self._sums.size)
                piece = self.read(number * PIECE_BYTES, end)
                at = number * _SUM_BYTES
                if _sum_of(piece, number) != self._sums.sums[at : at + _SUM_BYTES]:
                    raise damaged(self._path, "is not as it was written", self._remedy)
                self._open_pieces.discard(number)


def _sum_of(piece: bytes | memoryview, number: int) -> bytes:
    return xxhash.xxh3_64_digest(piece, seed=number)
