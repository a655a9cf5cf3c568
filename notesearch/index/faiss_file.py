"""The one door to FAISS: a file of vectors is written from the catalog, opened, and searched.

Exact search over float16 rows, inner product. The file is an IndexIDMap over a scalar
quantizer; not an IndexIDMap2, whose table of positions is built at every opening (37 of 57 ms
at 250,000 vectors) and serves only to look up a vector by its id, which the catalog does.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from notesearch.durable import create_private, sync_file, sync_folder
from notesearch.file_sums import CheckedFile, FileSums, sum_file
from notesearch.index.index_layout import IndexLayout, damaged, unusable
from notesearch.index.passage_table import (
    MOST_NUMBERED,
)
from notesearch.index.snapshot import Nearest

_ID = np.dtype("<i8")
_COUNT_BYTES = 8  # before each of FAISS's arrays


def write_vectors(
    path: Path, count: int, dimension: int, batches: Iterable[tuple[list[int], bytes]]
) -> FileSums:
    """Write `count` vectors, handed in as ids and float16 rows, so that the file outlasts a crash.

    The codes are laid down once, in place: adding to a FAISS index would double its memory.
    """
    index, rows = _empty_index(dimension)
    row_bytes = 2 * dimension
    rows.codes.resize(count * row_bytes)
    codes = faiss.rev_swig_ptr(rows.codes.data(), count * row_bytes) if count else np.empty(0)
    ids = np.empty(count, dtype=np.int64)
    done = 0
    for batch_ids, batch in batches:
        end = done + len(batch_ids)
        ids[done:end] = batch_ids
        codes[done * row_bytes : end * row_bytes] = np.frombuffer(batch, dtype=np.uint8)
        done = end
    if done != count:
        raise ValueError(f"{done} vectors came where {count} were announced")
    faiss.copy_array_to_vector(ids, index.id_map)
    rows.ntotal = index.ntotal = count
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    create_private(new)
    _write(index, new, at_least=count * (row_bytes + ids.itemsize))
    sums = sum_file(new)
    new.replace(path)
    sync_folder(path.parent)
    return sums


def _empty_index(dimension: int) -> tuple[faiss.IndexIDMap, faiss.IndexScalarQuantizer]:
    rows = faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    return faiss.IndexIDMap(rows), rows


def _surroundings(count: int, dimension: int) -> tuple[bytes, bytes]:
    """Return the bytes before the rows of a file, and those between the rows and their ids.

    FAISS writes them for an index that claims so many rows and has none.
    """
    index, rows = _empty_index(dimension)
    rows.ntotal = index.ntotal = count
    written = faiss.serialize_index(index).tobytes()
    sizes = (count * 2 * dimension).to_bytes(_COUNT_BYTES, "little")
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

    def __init__(self, path: Path, dimension: int, count: int, sums: FileSums) -> None:
        """Open it; FileNotFoundError when there is no such file."""
        remedy = IndexLayout(path.parent).fix
        try:
            self._file = CheckedFile(
                path, sums, error_of=lambda finding: damaged(path, finding, remedy)
            )
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unusable(path, f"cannot be read ({error.strerror})", remedy) from error
        self._row_bytes = 2 * dimension
        # FAISS reads whatever kind of index a file claims to be, some of which open other files for
        # writing, and trusts its sizes: what surrounds rows and ids is ours to the byte.
        head, between = _surroundings(count, dimension)
        self._rows_at = len(head)
        ids_at = self._rows_at + count * self._row_bytes + len(between)
        if sums.size != ids_at + count * _ID.itemsize:
            raise damaged(path, f"has not the size of {count} vectors", remedy)
        self._file.verify(0, self._rows_at)
        self._file.verify(ids_at - len(between))
        found = self._file.read(0, self._rows_at), self._file.read(ids_at - len(between), ids_at)
        self.ids = np.frombuffer(self._file.read(ids_at, sums.size), dtype=_ID)
        if found != (head, between) or not 0 < self.ids.min() <= self.ids.max() < MOST_NUMBERED:
            raise damaged(path, f"is no file of {count} vectors", remedy)
        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            if not path.exists():
                raise FileNotFoundError(path) from error
            raise unusable(path, "cannot be opened", remedy) from error

    def rows(self, start: int, end: int) -> bytes:
        """Return the float16 rows of some places in the file, as `ids` has them, uncompared."""
        first = self._rows_at + start * self._row_bytes
        return self._file.read(first, first + (end - start) * self._row_bytes)

    def verify(self, allowed_ids: NDArray[np.int64] | None = None) -> None:
        """Compare with the checksums what a search of these passages reads; DamagedIndexError."""
        if self._file.is_verified:
            return
        if allowed_ids is None:
            self._file.verify()
            return
        flags = np.zeros(max(int(self.ids.max()), int(allowed_ids.max(initial=0))) + 1, np.bool_)
        flags[allowed_ids] = True
        rows = np.flatnonzero(flags[self.ids])
        self._file.verify_rows(self._rows_at, self._row_bytes, rows)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None
    ) -> Nearest:
        """Find the k passages of greatest cosine among the allowed ones, best first.

        `query` is one row of length 1; equal cosines come in the order of their ids.
        """
        count = self._index.ntotal if allowed_ids is None else len(allowed_ids)
        k = min(k, count)
        if k <= 0:
            return Nearest(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
        self.verify(allowed_ids)
        parameters = faiss.SearchParameters()
        if allowed_ids is not None:
            # A bitmap: an IDSelectorArray is 150 times as slow, a batch hashes every id. FAISS
            # holds no reference: `bitmap` must live until the search is over.
            bitmap = _bitmap(allowed_ids)
            parameters.sel = faiss.IDSelectorBitmap(bitmap.size, faiss.swig_ptr(bitmap))
        row = np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
        with _one_thread():
            cosines, ids = self._index.search(row, k, params=parameters)
        found = ids[0] >= 0
        order = np.lexsort((ids[0][found], -cosines[0][found]))
        return Nearest(ids[0][found][order], cosines[0][found][order])

    def best_cosines(self, queries: NDArray[np.float32]) -> tuple[float, ...]:
        """Return the cosine of the nearest passage to each query, (queries, dimension)."""
        if not len(queries):
            return ()
        cosines, _ = self._index.search(np.ascontiguousarray(queries, dtype=np.float32), 1)
        return tuple(float(cosine) for cosine in cosines[:, 0])


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


def _bitmap(ids: NDArray[np.int64]) -> NDArray[np.uint8]:
    flags = np.zeros(int(ids.max()) + 1, dtype=np.bool_)
    flags[ids] = True
    return np.packbits(flags, bitorder="little")
