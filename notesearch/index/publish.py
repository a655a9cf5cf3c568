"""The catalog's vectors in, the FAISS file of a generation and the state that names it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from notesearch.index.catalog import Catalog
from notesearch.index.digest import digest_of
from notesearch.index.layout import IndexLayout, disk_errors
from notesearch.index.state import IndexState
from notesearch.index.vectors import write_vectors

# In the order of the vectors: the small index of the passages is read along the table of the
# vectors, and the texts are not touched (250,000 in 0.3 s).
_VECTORS_OF_PASSAGES = """
    SELECT passages.id, vectors.vector FROM passages
    JOIN vectors ON vectors.id = passages.vector ORDER BY passages.vector, passages.id
"""


def publish(layout: IndexLayout, catalog: Catalog, state: IndexState) -> IndexState:
    """Write the FAISS file of `state.generation` and make the state name it.

    Within the transaction: a reader sees neither before it is committed.
    """
    count = catalog.number("SELECT count(*) FROM passages")
    digest = ""
    if count:
        path = layout.vectors(state.generation)
        with disk_errors(layout):
            write_vectors(path, count, state.dimension, _vectors_of_passages(catalog))
            digest = digest_of(path)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    published = replace(
        state, passages=count, vectors_digest=digest, created=state.created or now, updated=now
    )
    published.write(catalog)
    return published


def _vectors_of_passages(catalog: Catalog) -> Iterator[tuple[list[int], bytes]]:
    for rows in catalog.batches(_VECTORS_OF_PASSAGES):
        yield [number for number, _ in rows], b"".join([vector for _, vector in rows])
