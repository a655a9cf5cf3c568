"""Name a note: by its title, its aliases, and the file and folders that it lies in."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from notesearch.records import Note
from notesearch.spelling import normalise_name

_WORD = re.compile(r"[^\W_]+")
# A date or a number that puts files in order: `2020-03-14-wgan.md`, `03_wgan.md`.
_ORDER = re.compile(r"(?:\d+[\W_]+)+(?=\w)")


def names_of(note: Note) -> tuple[str, ...]:
    """Return what a note goes by, in the form in which names are compared, each once."""
    names = [note.title, *note.aliases]
    if note.id == note.path:  # no part of a digest, which has its file's name together with others
        names += file_names(note.path)
    return tuple(dict.fromkeys(filter(None, map(normalise_name, names))))


def file_names(path: str) -> tuple[str, ...]:
    """Return the name of a file without its suffix, and without what puts files in order."""
    stem = file_stem(path)
    rest = _ORDER.sub("", stem, count=1)
    return (stem,) if rest == stem else (stem, rest)


def file_stem(path: str) -> str:
    """Return the name of a file without its suffix."""
    return posixpath.splitext(path.rpartition("/")[2])[0]


def other_name_words(note: Note) -> tuple[str, ...]:
    """Return the words of a note's aliases, file and folders that its title does not have."""
    path = PurePosixPath(note.path).with_suffix("")
    in_title = {word.casefold() for word in _WORD.findall(note.title)}
    words = _WORD.findall(" ".join([*note.aliases, str(path)]))
    others = {word.casefold(): word for word in words if word.casefold() not in in_title}
    return tuple(others.values())
