"""The one door to FAISS: a file of vectors is written, opened, and searched.

Exact search, by inner product, over rows of 8-bit numbers: half the bytes of float16, read in 0.55
of the time, and a cosine is 0.001 off on average. The file is an IndexIDMap over a scalar
quantizer; not an IndexIDMap2, whose table of positions is built at every opening.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from notesearch.durable import create_private, sync_file, sync_folder
from notesearch.file_sums import CheckedFile, FileSums, sum_file
from notesearch.index.index_layout import IndexLayout, damaged, unusable
from notesearch.index.passage_table import MOST_NUMBERED
from notesearch.index.snapshot import Nearest

_ID = np.dtype("<i8")
_COUNT_BYTES = 8  # before each of FAISS's arrays
_MOST, _ZERO = 127, 128  # of a code, which has no sign
_ROWS_AT_ONCE = 8192
# How much larger than those of the samples a number may be, and what is foreseen without any.
_MARGIN, _WITHOUT_SAMPLES = 1.5, 8.0
# So few rows are multiplied one by one, without a look at the others.
_FEW = 4096
# A question looks for the nearest rows, and then how near some others are.
_OF_FIRST_QUESTION = 2


def scale_of(samples: Iterable[NDArray[np.float32]], dimension: int) -> float:
    """Return by how much the numbers of a model's vectors are multiplied before they are rounded.

    That depends on the model alone, by some vectors of it, so that the same notes have the same
    cosines however the index grew. A larger number than is foreseen is cut off.
    """
    largest = max((float(np.abs(sample).max()) for sample in samples), default=0.0)
    foreseen = _MARGIN * largest or _WITHOUT_SAMPLES / dimension**0.5
    return _MOST / min(foreseen, 1.0)


def write_vectors(
    path: Path, ids: NDArray[np.int64], rows: NDArray[np.float16], scale: float
) -> FileSums:
    """Write vectors, (vectors, dimension), and their ids, so that the file outlasts a crash."""
    count, dimension = rows.shape
    index, codes = _empty_index(dimension)
    faiss.copy_array_to_vector(_to_codes(rows, scale), codes.codes)
    faiss.copy_array_to_vector(ids, index.id_map)
    codes.ntotal = index.ntotal = count
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    create_private(new)
    _write(index, new, at_least=count * (dimension + _ID.itemsize))
    sums = sum_file(new)
    new.replace(path)
    sync_folder(path.parent)
    return sums


def _to_codes(rows: NDArray[np.float16], scale: float) -> NDArray[np.uint8]:
    codes = np.empty(rows.shape, dtype=np.uint8)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE].astype(np.float32)
        codes[start : start + _ROWS_AT_ONCE] = np.rint(part * scale).clip(-_MOST, _MOST) + _ZERO
    return codes.ravel()


def _empty_index(dimension: int) -> tuple[faiss.IndexIDMap, faiss.IndexScalarQuantizer]:
    codes = faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
    )
    return faiss.IndexIDMap(codes), codes


@lru_cache(4)  # most segments have as many rows
def _surroundings(count: int, dimension: int) -> tuple[bytes, bytes]:
    """Return the bytes before the rows of a file, and those between the rows and their ids.

    FAISS writes them for an index that claims so many rows and has none.
    """
    index, codes = _empty_index(dimension)
    codes.ntotal = index.ntotal = count
    written = faiss.serialize_index(index).tobytes()
    sizes = (count * dimension).to_bytes(_COUNT_BYTES, "little")
    return written[: -2 * _COUNT_BYTES] + sizes, count.to_bytes(_COUNT_BYTES, "little")


def _write(index: faiss.Index, path: Path, at_least: int) -> None:
    try:
        faiss.write_index(index, str(path))
        sync_file(path)
        # FAISS reports a failed last write on stderr alone.
        if path.stat().st_size < at_least:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    except RuntimeError as error:
        path.unlink(missing_ok=True)
        raise unusable(path, "cannot be written", "free some space, or mend the folder") from error
    except OSError:
        path.unlink(missing_ok=True)
        raise


class VectorFile:
    """A FAISS file, mapped into memory and searched; safe to share between threads."""

    def __init__(
        self, path: Path, dimension: int, count: int, scale: float, sums: FileSums
    ) -> None:
        """Open it; FileNotFoundError when there is no such file."""
        remedy = IndexLayout(path.parent).fix
        try:
            self._file = CheckedFile(
                path, sums, error_of=lambda finding: damaged(path, finding, remedy), lent=True
            )
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unusable(path, f"cannot be read ({error.strerror})", remedy) from error
        self._dimension = dimension
        self._scale = np.float32(scale)
        # FAISS reads whatever kind of index a file claims to be, some of which open other files for
        # writing, and trusts its sizes: what surrounds rows and ids is ours to the byte.
        head, between = _surroundings(count, dimension)
        self._rows_at = len(head)
        ids_at = self._rows_at + count * dimension + len(between)
        if sums.size != ids_at + count * _ID.itemsize:
            raise damaged(path, f"has not the size of {count} vectors", remedy)
        self._file.verify(0, self._rows_at)
        self._file.verify(ids_at - len(between))
        found = self._file.read(0, self._rows_at), self._file.read(ids_at - len(between), ids_at)
        self.ids = np.frombuffer(self._file.read(ids_at, sums.size), dtype=_ID)
        ascend = bool((np.diff(self.ids) > 0).all())
        if (
            found != (head, between)
            or not ascend
            or not 0 < self.ids[0] <= self.ids[-1] < MOST_NUMBERED
        ):
            raise damaged(path, f"is no file of {count} vectors", remedy)
        # One map for comparing and searching: what a first question reads is read from it once.
        content = np.frombuffer(self._file.content, dtype=np.uint8)
        reader = cast(Any, faiss).ZeroCopyIOReader(faiss.swig_ptr(content), content.size)
        self._index = cast(Any, faiss.read_index(reader))  # holds the other
        self._codes = cast(Any, faiss.downcast_index(self._index.index))
        self._rows = content[self._rows_at :][: count * dimension].reshape(count, dimension)
        self._searches = 0

    def holds(self, ids: NDArray[np.int64], rows: NDArray[np.float16]) -> bool:
        """Return whether the file has these vectors, as near as it can; not what else it has.

        Uncompared with the checksums.
        """
        codes = self._rows[self.ordinals_of(ids)]
        return np.array_equal(codes.ravel(), _to_codes(rows, float(self._scale)))

    def verify(self, ordinals: NDArray[np.int64] | None = None) -> None:
        """Compare with the checksums what a search of these rows reads; DamagedIndexError."""
        if self._file.is_verified:
            return
        if ordinals is None:
            self._file.verify()
        else:
            self._file.verify_rows(self._rows_at, self._dimension, ordinals)

    def ordinals_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where rows are, of some that the file has."""
        if self.ids[-1] - self.ids[0] + 1 == len(self.ids):
            dense: NDArray[np.int64] = ids - self.ids[0]
            return dense
        found: NDArray[np.int64] = np.searchsorted(self.ids, ids)
        return found

    def cosines(
        self, query: NDArray[np.float32], ordinals: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some rows, in their order; `query` is one row of length 1."""
        self.verify(ordinals)
        found = self._multiply(query, ordinals)
        self._let_go_at_first()
        return found

    def nearest(
        self, query: NDArray[np.float32], k: int, ordinals: NDArray[np.int64] | None
    ) -> Nearest:
        """Find the k rows of greatest cosine, among those of some ordinals, in any order.

        `query` is one row of length 1.
        """
        self.verify(ordinals)
        found = self._search(query, k, ordinals)
        self._let_go_at_first()
        return found

    def _let_go_at_first(self) -> None:
        """Give memory back after the first question, maybe the only one: a million are 384 MB."""
        if self._searches < _OF_FIRST_QUESTION:
            self._searches += 1
            self._file.let_go()

    def _search(
        self, query: NDArray[np.float32], k: int, ordinals: NDArray[np.int64] | None
    ) -> Nearest:
        if ordinals is not None and len(ordinals) <= _FEW:
            return Nearest(self.ids[ordinals], self._multiply(query, ordinals))
        # FAISS cuts the numbers of a question to whole ones, as the codes are.
        scale = np.float32(_MOST / max(float(np.abs(query).max()), 1e-6))
        row = np.rint(query * scale).astype(np.float32).reshape(1, -1)
        parameters = faiss.SearchParameters()
        if ordinals is not None:
            # A bitmap: an IDSelectorArray is 150 times as slow, a batch hashes every id. FAISS
            # holds no reference: `bitmap` must live until the search is over.
            bitmap = _bitmap(ordinals, len(self.ids))
            parameters.sel = faiss.IDSelectorBitmap(bitmap.size, faiss.swig_ptr(bitmap))
        with _one_thread():
            cosines, found = self._codes.search(row, min(k, len(self.ids)), params=parameters)
        is_found = found[0] >= 0
        return Nearest(self.ids[found[0][is_found]], cosines[0][is_found] / (self._scale * scale))

    def _multiply(
        self, query: NDArray[np.float32], ordinals: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        row = query / self._scale
        # Not a product: that wakes the threads of the algebra library for a tenth of a ms.
        found: NDArray[np.float32] = np.einsum("ij,j->i", self._rows[ordinals], row)
        found -= np.float32(_ZERO) * row.sum()
        return found


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit FAISS to this thread, and restore the setting of the program.

    It shares out queries among threads, not rows: with one query the others have nothing to do,
    and on a busy machine it would wait for them (55 ms for 6 ms of work). The setting is one of
    each thread's own.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _bitmap(ordinals: NDArray[np.int64], count: int) -> NDArray[np.uint8]:
    flags = np.zeros(count, dtype=np.bool_)
    flags[ordinals] = True
    return np.packbits(flags, bitorder="little")
