"""Which indexes this user made of notes that lie elsewhere, kept in the user's state folder.

An index says of which folder it was made. One that came with somebody else's files could name any
folder, to have it walked: so it is believed where the index is known from here.
"""

from __future__ import annotations

import re
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.errors import CorpusError
from notesearch.index.layout import IndexLayout
from notesearch.index.state import IndexState

_IDENTITY = re.compile(r"[0-9a-f]{32}")


def require_own_corpus(state: IndexState, index_dir: Path, corpus: Path | None) -> None:
    """Raise CorpusError for an index made elsewhere, of notes that lie elsewhere.

    Its notes may lie beside it, be `corpus`, which the settings name, or be those of an index that
    was made here.
    """
    said = state.corpus_folder(index_dir)
    if said is None or lies_beside(said, index_dir) or is_remembered(state.identity):
        return
    if corpus is None or corpus.resolve() != said:
        raise CorpusError(
            f"{index_dir} was made elsewhere, of {said}, which is left alone; if these are your "
            f"notes, {IndexLayout(index_dir).command(corpus=said)}"
        )


def lies_beside(corpus: Path, index_dir: Path) -> bool:
    """Tell whether a corpus is in the folder that the index is in, as what comes together is."""
    return corpus.resolve().is_relative_to(index_dir.resolve().parent)


def remember_index(identity: str) -> None:
    """Keep that an index was made here; where that cannot be kept, it is asked for again."""
    place = _place_of(identity)
    try:
        if not place.exists():
            write_whole(place, "")
    except OSError:
        return


def is_remembered(identity: str) -> bool:
    """Tell whether an index was made here."""
    try:
        return _IDENTITY.fullmatch(identity) is not None and _place_of(identity).is_file()
    except OSError:
        return False


def _place_of(identity: str) -> Path:
    from platformdirs import user_state_path  # 10 ms that only an index with notes elsewhere takes

    return user_state_path("notesearch") / "indexes" / identity
