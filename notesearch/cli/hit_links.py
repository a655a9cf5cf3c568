"""Link the places of hits to the files of their notes, in the person's editor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from notesearch.cli.chosen_index import owner_of
from notesearch.errors import CorpusError
from notesearch.records import Hit, NoteKind
from notesearch.render.hits import FileLinks

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index


def links_of_hits(
    index: Index, chosen: Sequence[ChosenIndex], hits: Sequence[Hit]
) -> list[FileLinks | None]:
    """Return for each hit what links it to its file.

    None for a note that a program added, and for those of an index that may name any folder.
    """
    links_to: dict[str, FileLinks | None] = {}
    links = []
    for hit in hits:
        one, of, path = owner_of(hit.path, index, chosen)
        if one.name not in links_to:
            links_to[one.name] = _links_to(of, one, hit.path.removesuffix(path))
        links.append(links_to[one.name] if hit.kind is not NoteKind.ADDED else None)
    return links


def _links_to(index: Index, chosen: ChosenIndex, prefix: str) -> FileLinks | None:
    from notesearch.editors import editor_of, is_in_vault

    try:
        index.require_own_corpus()
    except CorpusError:
        return None
    corpus = index.corpus
    in_kitty = "kitty" in os.environ.get("TERM", "")
    editor = chosen.settings.editor or editor_of(os.environ, in_vault=is_in_vault(corpus))
    return FileLinks(corpus, editor, takes_fragment=in_kitty, prefix=prefix)
