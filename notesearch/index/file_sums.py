"""A derived file's bytes, compared piece by piece with the checksums that the catalog keeps.

A piece is compared when something first reads in it, and once for as long as the file is held
open. The number of the piece is part of its checksum, so that moved pieces are damage too.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xxhash

from notesearch.index.layout import damaged

# Small, so that a search under a filter compares little more than it reads: at 250,000 passages
# one of 2 % reads 54 MB of 194 from a cold disk, and 60 with twice as much.
PIECE_BYTES = 1 << 15
_PIECES_PER_READ = 8
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
    with path.open("rb") as file:
        while content := file.read(_PIECES_PER_READ * PIECE_BYTES):
            sums += sum_pieces(content, size // PIECE_BYTES)
            size += len(content)
    return FileSums(size, bytes(sums))


class CheckedFile:
    """A file held open for reading, that says what is damaged in it; threads may share it."""

    def __init__(self, path: Path, sums: FileSums, remedy: str) -> None:
        """Open it; FileNotFoundError where it is lost, DamagedIndexError for another size."""
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
            wanted = sorted(self._open_pieces.intersection(numbers))
            for first, behind in _runs(wanted):
                start = first * PIECE_BYTES
                end = min(behind * PIECE_BYTES, self._sums.size)
                if sum_pieces(self.read(start, end), first) != self._sums_of(first, behind):
                    raise damaged(self._path, "is not as it was written", self._remedy)
                self._open_pieces.difference_update(range(first, behind))

    def _sums_of(self, first: int, behind: int) -> bytes:
        return self._sums.sums[first * _SUM_BYTES : behind * _SUM_BYTES]


def sum_pieces(content: bytes, first: int) -> bytes:
    """Give the checksums of the pieces of a content, whose first piece has the number `first`."""
    view = memoryview(content)
    starts = range(0, len(content), PIECE_BYTES)
    return b"".join(
        xxhash.xxh3_64_digest(view[start : start + PIECE_BYTES], seed=number)
        for number, start in enumerate(starts, first)
    )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Put ascending numbers together that follow each other: the first, and the one behind."""
    first = behind = -1
    for number in numbers:
        if number != behind or number - first == _PIECES_PER_READ:
            if first >= 0:
                yield first, behind
            first = number
        behind = number + 1
    if first >= 0:
        yield first, behind
