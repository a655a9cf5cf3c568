"""Check a compiled model's files block by block, so that a question checks only what it reads.

The checksums of a file are one text: 16 hex digits of xxh3 for each 64 KiB.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.lazy import Lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_BYTES = 1 << 16
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was written."""

    size: int
    checksums: str


@dataclass(frozen=True, slots=True)
class TokenTable:
    """The vectors of the tokens among the weights, of which a text reads a row for each token.

    It is half of the default model's 90 MB, and more of one for many languages.
    """

    offset: int  # in bytes, as the others
    row_bytes: int
    rows: int

    @property
    def end(self) -> int:
        """Where what comes after the table begins."""
        return self.offset + self.row_bytes * self.rows


class DamagedFileError(Exception):
    """A file that does not hold what was written."""


def stamp_file(path: Path) -> FileStamp:
    """Return size and checksums of a file."""
    with path.open("rb") as file:
        sums = [_sum(block) for block in iter(lambda: file.read(BLOCK_BYTES), b"")]
    return FileStamp(path.stat().st_size, "".join(sums))


class CheckedFile:
    """A file whose blocks are checked before they are read for the first time.

    DamagedFileError where a block is not what was written; safe to use from several threads.
    """

    def __init__(self, path: Path, stamp: FileStamp) -> None:
        self._path = path
        self._stamp = stamp
        self._checked = bytearray(-(-stamp.size // BLOCK_BYTES))  # a truth value for each block
        self._content = Lazy(self._map)

    def check_all(self) -> None:
        """Check every block."""
        self._check_blocks(range(len(self._checked)))

    def check_all_but(self, table: TokenTable) -> None:
        """Check the blocks that hold anything else than a table of tokens."""
        first_inside, first_after = -(-table.offset // BLOCK_BYTES), table.end // BLOCK_BYTES
        self._check_blocks(range(min(first_inside, len(self._checked))))
        self._check_blocks(range(max(first_inside, first_after), len(self._checked)))

    def check_rows(self, table: TokenTable, rows: NDArray[np.int64]) -> None:
        """Check the blocks that hold some rows of a table."""
        import numpy as np

        starts = table.offset + rows.ravel() * table.row_bytes
        blocks = np.concatenate([starts, starts + table.row_bytes - 1]) // BLOCK_BYTES
        unchecked = blocks[np.frombuffer(self._checked, dtype=np.uint8)[blocks] == 0]
        self._check_blocks(dict.fromkeys(unchecked.tolist()))

    def _check_blocks(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self._checked[number]:
                continue
            block = self._content.get()[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
            if _sum(block) != self._stamp.checksums[number * _DIGITS : (number + 1) * _DIGITS]:
                raise DamagedFileError(f"{self._path}: damaged at byte {number * BLOCK_BYTES:,}")
            self._checked[number] = 1

    def _map(self) -> memoryview:
        with self._path.open("rb") as file:
            if file.seek(0, 2) != self._stamp.size:
                raise DamagedFileError(f"{self._path}: not as long as it was written")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def checksum_of(text: str) -> str:
    """Return the checksum of a text."""
    return _sum(text.encode("utf-8"))


def _sum(block: bytes | memoryview) -> str:
    from xxhash import xxh3_64_hexdigest

    return xxh3_64_hexdigest(block)
