"""Link the places of hits to the files of their notes, in the person's editor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from notesearch.errors import CorpusError, UsageError
from notesearch.records import Hit, NoteKind
from notesearch.render.hits import NoteLinks

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index


def links_of_hits(
    index: Index, chosen: Sequence[ChosenIndex], hits: Sequence[Hit]
) -> list[NoteLinks | None]:
    """Return for each hit what links it to its file.

    None for a note that a program added, and for those of an index that may name any folder.
    """
    if len(chosen) == 1:
        links = _links_to(index, chosen[0].settings.editor)
        return [links if _is_in_file(index, hit) else None for hit in hits]
    from notesearch.joined_index import JoinedIndex

    assert isinstance(index, JoinedIndex)
    by_name = {
        one.name: _links_to(index.indexes[one.name], one.settings.editor, f"{one.name}:")
        for one in chosen
    }
    return [
        by_name[hit.path.partition(":")[0]] if _is_in_file(index, hit) else None for hit in hits
    ]


def _links_to(index: Index, editor: str, prefix: str = "") -> NoteLinks | None:
    from notesearch.editors import editor_of, is_in_vault

    try:
        index.require_own_corpus()
    except CorpusError:
        return None
    corpus = index.corpus
    in_kitty = "kitty" in os.environ.get("TERM", "")
    editor = editor or editor_of(os.environ, in_vault=is_in_vault(corpus))
    return NoteLinks(corpus, editor, takes_fragment=in_kitty, prefix=prefix)


def _is_in_file(index: Index, hit: Hit) -> bool:
    try:
        note, _ = index.show(hit.note_id)
    except UsageError:  # an update has removed it since
        return False
    return note.kind is not NoteKind.ADDED
