"""Which indexes this user made of notes that lie elsewhere, kept in the user's state folder.

An index says of which folder it was made. One that came with somebody else's files could name any
folder, to have it walked: so it is believed where the index is known from here.
"""

from __future__ import annotations

import re
from pathlib import Path

from notesearch.durable import write_whole

_IDENTITY = re.compile(r"[0-9a-f]{32}")


def lies_beside(corpus: Path, index_dir: Path) -> bool:
    """Tell whether a corpus is in the folder that the index is in, as what comes together is."""
    return corpus.resolve().is_relative_to(index_dir.resolve().parent)


def remember_index(identity: str) -> None:
    """Keep that an index was made here; where that cannot be kept, it is asked for again."""
    try:
        place = _place_of(identity)
        if not place.exists():
            write_whole(place, "")
    except (OSError, RuntimeError):  # RuntimeError: a user without a home
        return


def is_remembered(identity: str) -> bool:
    """Tell whether an index was made here."""
    try:
        return _IDENTITY.fullmatch(identity) is not None and _place_of(identity).is_file()
    except (OSError, RuntimeError):
        return False


def _place_of(identity: str) -> Path:
    from platformdirs import user_state_path  # 10 ms that only an index with notes elsewhere takes

    return user_state_path("notesearch") / "indexes" / identity
