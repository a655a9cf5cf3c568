"""Keep which folder of notes an index was made of, and decide when to trust that.

An index that came with somebody else's files could name any folder, to have it walked. So it is
believed about notes that lie beside it, and otherwise where this user made it: the user's state
folder keeps the identities of those indexes.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.errors import CorpusError
from notesearch.user_folders import state_folder

_IDENTITY = re.compile(r"[0-9a-f]{32}")
_LONGEST_CORPUS = 65536  # bytes of a path; a longer one is none


def lies_beside(corpus: Path, index_dir: Path) -> bool:
    """Return whether a corpus lies in the folder that holds the index folder."""
    return corpus.resolve().is_relative_to(index_dir.resolve().parent)


def remember_index(identity: str) -> None:
    """Keep that an index was made here; where that cannot be kept, it is asked for again."""
    place = _place_of(identity)
    with suppress(OSError):
        if place is not None and not place.exists():
            write_whole(place, "")


def is_remembered(identity: str) -> bool:
    """Return whether an index was made here."""
    place = _place_of(identity)
    return place is not None and os.path.isfile(place)  # noqa: PTH113 - False for any error


def _place_of(identity: str) -> Path | None:
    """Name the file that says so; None for what is no identity, and for a user without a home."""
    folder = state_folder() if _IDENTITY.fullmatch(identity) else None
    return folder / "indexes" / identity if folder is not None else None


def path_from(index_dir: Path, corpus: Path | None) -> str:
    """Write a corpus folder as seen from the index folder; "" for none.

    CorpusError for a folder whose name cannot be kept as text.
    """
    if corpus is None:
        return ""
    try:
        path = os.path.relpath(corpus.resolve(), index_dir.resolve()).replace(os.sep, "/")
    except ValueError:  # on another drive
        path = str(corpus.resolve())
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CorpusError(f"corpus {corpus}: its path is not UTF-8; rename the folder") from error
    return path


def read_corpus_name(file: Path) -> str:
    """Return the folder that the index beside `file` was made of, absolute.

    "" where that is not known, or not believed.
    """
    try:
        with file.open("rb") as opened:
            lines = opened.read(_LONGEST_CORPUS).decode("utf-8").splitlines()
        name, identity = (*lines, "", "")[:2]
        folder = (file.parent / name).resolve()
        is_ours = name and (lies_beside(folder, file.parent) or is_remembered(identity))
        return str(folder) if is_ours else ""
    except (OSError, RuntimeError, ValueError):
        return ""


def names_no_corpus(file: Path) -> bool:
    """Return whether `file` says that the index beside it is of added notes alone."""
    try:
        name, identity = file.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return False
    return not name and _IDENTITY.fullmatch(identity) is not None


def write_corpus_name(file: Path, name: str, identity: str) -> None:
    """Keep the folder that an index was made of, as seen from the index folder; "" for none."""
    content = f"{name}\n{identity}\n"
    try:
        is_kept = file.read_bytes() == content.encode()
    except OSError:
        is_kept = False
    if not is_kept:
        write_whole(file, content)
