"""Take the whole vectors out of a damaged catalog: a rebuild embeds only what is really lost."""

from __future__ import annotations

from contextlib import closing, suppress
from functools import partial

from notesearch.errors import NotesearchError
from notesearch.index.catalog import Catalog
from notesearch.index.journal import Journal, is_whole
from notesearch.index.layout import IndexLayout
from notesearch.index.state import read_state


def salvage_vectors(layout: IndexLayout, embedder: str) -> None:
    """Put the vectors whose CRC holds into the journal, where the next update finds them.

    Gives up silently where the catalog cannot be read on: the model makes the rest again.
    """
    unchecked = partial(Catalog.for_reading, layout, checked=False)  # each vector has its own CRC
    with suppress(NotesearchError), closing(unchecked()) as catalog:
        if read_state(catalog).embedder != embedder:
            return
        with closing(Journal(layout.journal, embedder)) as journal:
            for rows in catalog.batches("SELECT text_hash, vector, crc FROM vectors"):
                whole = [(key, row) for key, row, crc in rows if is_whole(key, row, crc)]
                journal.append([key for key, _ in whole], [row for _, row in whole])
