"""What the catalog says of the segments: the passages of each, and the checksums of its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from notesearch.file_sums import FileSums
from notesearch.index.catalog import Catalog
from notesearch.index.passage_table import MOST_NUMBERED


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """What the catalog says of a segment."""

    number: int  # in the names of its files
    first: int  # of the numbers of its passages
    last: int
    passages: int  # as it was written
    gone: bytes  # a bit for each that is gone since; no bytes where all are there
    scale: float  # of its vectors
    vectors: FileSums
    words: FileSums

    @property
    def there(self) -> int:
        """How many of its passages are still there."""
        return self.passages - int.from_bytes(self.gone, "big").bit_count()

    @property
    def is_sound(self) -> bool:
        """Whether it says what an index may say: somebody else may have written it."""
        numbers = (self.number, self.first, self.last, self.passages)
        parts = (self.gone, self.vectors.sums, self.words.sums)
        return (
            all(isinstance(number, int) for number in numbers)
            and all(isinstance(part, bytes) for part in parts)
            and 0 < self.number < 1 << 62
            and 0 < self.first <= self.last <= MOST_NUMBERED
            and 0 < self.passages <= self.last - self.first + 1
            and len(self.gone) in (0, -(-self.passages // 8))
            and isinstance(self.scale, float)
            and 1 <= self.scale < np.inf
        )

    def own(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some ascending numbers that lie between its first and last."""
        return ids[slice(*np.searchsorted(ids, (self.first, self.last + 1)).tolist())]


def read_segments(catalog: Catalog) -> list[SegmentRow]:
    """Read which segments there are, by the numbers of their passages.

    DamagedIndexError where no index has such.
    """
    rows = catalog.rows("SELECT * FROM segments ORDER BY first_passage")
    found = [
        SegmentRow(
            *(number, first, last, passages, gone, scale), FileSums(*sums[:2]), FileSums(*sums[2:])
        )
        for number, first, last, passages, gone, scale, *sums in rows
    ]
    if not all(row.is_sound for row in found) or any(
        before.last >= behind.first for before, behind in pairwise(found)
    ):
        raise catalog.damaged("the segments")
    return found


def require_all_passages(catalog: Catalog, rows: Sequence[SegmentRow], passages: int) -> None:
    """Raise DamagedIndexError where segments do not have so many passages together."""
    if sum(row.there for row in rows) != passages:
        raise catalog.damaged("the segments")


def write_segments(catalog: Catalog, rows: Iterable[SegmentRow]) -> None:
    """Set which segments there are."""
    catalog.rows("DELETE FROM segments")
    catalog.insert(
        "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(row.number, row.first, row.last, row.passages, row.gone, row.scale),
                *(row.vectors.size, row.vectors.sums, row.words.size, row.words.sums),
            )
            for row in rows
        ),
    )
