"""Which indexes this user made of notes that lie elsewhere, kept in the user's state folder.

An index says of which folder it was made. One that came with somebody else's files could name any
folder, to have it walked: so it is believed where the index is known from here.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.user_folders import state_folder

_IDENTITY = re.compile(r"[0-9a-f]{32}")


def lies_beside(corpus: Path, index_dir: Path) -> bool:
    """Tell whether a corpus is in the folder that the index is in, as what comes together is."""
    return corpus.resolve().is_relative_to(index_dir.resolve().parent)


def remember_index(identity: str) -> None:
    """Keep that an index was made here; where that cannot be kept, it is asked for again."""
    place = _place_of(identity)
    with suppress(OSError):
        if place is not None and not place.exists():
            write_whole(place, "")


def is_remembered(identity: str) -> bool:
    """Tell whether an index was made here."""
    place = _place_of(identity)
    return place is not None and os.path.isfile(place)  # noqa: PTH113 - False for any error


def _place_of(identity: str) -> Path | None:
    """Name the file that says so; None for what is no identity, and for a user without a home."""
    folder = state_folder() if _IDENTITY.fullmatch(identity) else None
    return folder / "indexes" / identity if folder is not None else None
