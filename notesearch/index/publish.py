"""Write the catalog's vectors as the FAISS file of a generation, and the state that names it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from notesearch.file_sums import FileSums
from notesearch.index.catalog import Catalog
from notesearch.index.faiss_file import VectorFile, write_vectors
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.schema import VECTORS
from notesearch.index.state import IndexState

# In the order of the vectors: the small index of the passages is read along the table of the
# vectors, and the texts are not touched (250,000 in 0.3 s).
_VECTORS_OF_PASSAGES = """
    SELECT passages.id, vectors.vector FROM passages
    JOIN vectors ON vectors.id = passages.vector ORDER BY passages.vector, passages.id
"""


def publish(
    layout: IndexLayout, catalog: Catalog, state: IndexState, probes: NDArray[np.float32]
) -> IndexState:
    """Write the FAISS file of `state.generation` and make the state name it.

    `probes` are (texts, dimension): the state says how near the nearest passage to each is.
    Within the transaction: a reader sees neither before it is committed.
    """
    count = catalog.number("SELECT count(*) FROM passages")
    sums = FileSums(0, b"")
    cosines: tuple[float, ...] = ()
    if count:
        path = layout.vectors(state.generation)
        with disk_errors(layout):
            sums = write_vectors(path, count, state.dimension, vectors_of_passages(catalog))
            catalog.write_sums(VECTORS, sums)
            cosines = VectorFile(path, state.dimension, count, sums).best_cosines(probes)
    published = replace(
        state,
        passages=count,
        vectors_digest=sums.digest if count else "",
        probe_cosines=cosines,
        stamp=secrets.token_hex(8),
        created=state.created or state.updated,
    )
    published.write(catalog)
    return published


def vectors_of_passages(catalog: Catalog) -> Iterator[tuple[list[int], bytes]]:
    """Return the ids and float16 rows of all passages, in the order of the FAISS file."""
    for rows in catalog.batches(_VECTORS_OF_PASSAGES):
        yield [number for number, _ in rows], b"".join([vector for _, vector in rows])
