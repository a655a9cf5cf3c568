"""Compare a file piece by piece with checksums that were taken when it was written.

A piece is compared when something first reads in it, and once for as long as the file is held
open. The number of the piece is part of its checksum, so that moved pieces are damage too.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Small, so that a search under a filter compares little more than it reads: at 250,000 passages
# one of 2 % reads 54 MB of 194 from a cold disk, and 60 with twice as much.
PIECE_BYTES = 1 << 15
_PIECES_PER_READ = 8
_SUM_BYTES = 8


class DamagedFileError(Exception):
    """A file that does not hold what was written."""


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
            sums += _sum_pieces(content, size // PIECE_BYTES)
            size += len(content)
    return FileSums(size, bytes(sums))


class CheckedFile:
    """A file held open for reading, that says what is damaged in it; threads may share it."""

    def __init__(
        self,
        path: Path,
        sums: FileSums,
        *,
        error_of: Callable[[str], Exception] | None = None,
        mapped: bool = False,
        lent: bool = False,
    ) -> None:
        """Open it; FileNotFoundError where it is lost.

        `error_of` makes the error that is raised for damage of what was found, a DamagedFileError
        by default. A `mapped` file is compared in a third of the time; one that is cut short at
        that very moment ends the process, as it does whoever else has it mapped. Where the map is
        `lent`, somebody searches `content`, and gives its memory back by `let_go`.
        """
        self._sums = sums
        self._error_of = error_of or (lambda finding: DamagedFileError(f"{path}: {finding}"))
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        size = os.fstat(self._descriptor).st_size
        if size != sums.size or len(sums.sums) != -(-size // PIECE_BYTES) * _SUM_BYTES:
            raise self._error_of(f"has {size} bytes instead of {sums.size}")
        self._map: mmap.mmap | None = None
        if (mapped or lent) and size:
            self._map = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        self._is_lent = lent
        self._guard = threading.Lock()
        self._open_pieces = set(range(len(sums.sums) // _SUM_BYTES))

    @property
    def is_verified(self) -> bool:
        """Return whether every piece has been compared."""
        return not self._open_pieces

    @property
    def content(self) -> mmap.mmap:
        """What a mapped file holds, uncompared."""
        assert self._map is not None
        return self._map

    def let_go(self) -> None:
        """Give the memory of a mapped file back; what is read there next is mapped again."""
        if self._map is not None and hasattr(self._map, "madvise"):  # Windows has none
            self._map.madvise(mmap.MADV_DONTNEED)

    def read(self, start: int, end: int) -> bytes:
        """Return some bytes, uncompared; an error where the file has fewer by now."""
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        if start < end:
            raise self._error_of("has been cut short")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def verify(self, start: int = 0, end: int | None = None) -> None:
        """Compare what holds the bytes from `start` to before `end`."""
        last = -(-(self._sums.size if end is None else end) // PIECE_BYTES)
        numbers = range(start // PIECE_BYTES, last)
        if not self._open_pieces.isdisjoint(numbers):
            self._verify_pieces(numbers, in_part=(start, end) != (0, None))

    def verify_rows(self, start: int, row_bytes: int, rows: NDArray[np.int64]) -> None:
        """Compare what holds some rows of a table that begins at `start`."""
        import numpy as np

        if self.is_verified:
            return
        if row_bytes > PIECE_BYTES:  # a row may lie in more than the two pieces of its ends
            self.verify()
            return
        wanted = np.zeros(len(self._sums.sums) // _SUM_BYTES, dtype=np.bool_)
        firsts = start + rows.ravel() * row_bytes
        wanted[firsts // PIECE_BYTES] = True
        wanted[(firsts + row_bytes - 1) // PIECE_BYTES] = True
        self._verify_pieces(np.flatnonzero(wanted).tolist(), in_part=True)

    def _verify_pieces(self, numbers: Iterable[int], *, in_part: bool = False) -> None:
        """Compare some pieces, each of them once."""
        with self._guard:
            wanted = sorted(self._open_pieces.intersection(numbers))
            for first, behind in _runs(wanted):
                start = first * PIECE_BYTES
                end = min(behind * PIECE_BYTES, self._sums.size)
                # What is lent out is large: a map fills itself from the disk around each place.
                by_map = self._map is not None and not (in_part and self._is_lent)
                found = self._sum_mapped if by_map else self._sum_read
                if found(start, end, first) != self._sums_of(first, behind):
                    raise self._error_of("is not as it was written")
                self._open_pieces.difference_update(range(first, behind))
            if wanted and not self._is_lent:
                self.let_go()  # whoever uses the file has it mapped too: one of the two is enough

    def _sum_read(self, start: int, end: int, first: int) -> bytes:
        """Return the checksums of some pieces as they are now."""
        return _sum_pieces(self.read(start, end), first)

    def _sum_mapped(self, start: int, end: int, first: int) -> bytes:
        """Return the same from the map."""
        if os.fstat(self._descriptor).st_size < end:
            raise self._error_of("has been cut short")
        assert self._map is not None
        with memoryview(self._map) as view:
            return _sum_pieces(view[start:end], first)

    def _sums_of(self, first: int, behind: int) -> bytes:
        return self._sums.sums[first * _SUM_BYTES : behind * _SUM_BYTES]


def _sum_pieces(content: bytes | memoryview, first: int) -> bytes:
    """Return the checksums of the pieces of a content, whose first piece has the number `first`."""
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
