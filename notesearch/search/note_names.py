"""Compare what a person types with what notes are called: titles, aliases, file names and paths."""

from __future__ import annotations

import os.path
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notesearch.index.snapshot import NoteNames

# Pairs of letters tell short names apart, threes tell long ones apart.
_GROUPS = (2, 3)
# How much a letter of the name counts that nobody typed: little, since a part of a title is typed,
# and enough to prefer the shorter of two names.
_UNTYPED = 0.1
# A name that is less like the typed text, or far less than the likest one, would not help. From
# 0.25 on, one in six file names with a wrong letter would not be listed.
_LEAST_LIKENESS = 0.2
_OF_LIKEST = 0.6
_MOST_LETTERS = 100  # of what is typed: a longer text is no name

_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")
# Letters and digits of ASCII in lower case, line ends and the bytes of other signs as they are.
_PLAIN_BYTES = bytes(
    byte if byte > 127 or byte == 10 or chr(byte).isalnum() else 32
    for byte in bytes(range(256)).lower()
)


class NameTable:
    """What all notes are called, in the form in which names are compared."""

    def __init__(self, notes: Sequence[NoteNames]) -> None:
        self._notes = notes
        self._titles = _plain_lines([note.title for note in notes])
        self._files = _plain_lines([note.path[note.path.rfind("/") + 1 :] for note in notes])
        owners = [at for at, note in enumerate(notes) for _ in note.aliases]
        aliases = _plain_lines([name for note in notes for name in note.aliases])
        self._aliases = list(zip(owners, aliases, strict=True))

    def meant_by(self, typed: str) -> list[NoteNames]:
        """Return the notes that a part of a name means, those with the shortest titles first.

        Ends of paths come first, then the beginnings of names, then words of the names in any
        order, at last those of the folders too: of these ways the first that finds a note is
        taken. Whole names are found by the index, without reading all of them.
        """
        plain = _plain(typed)
        if not plain:
            return []
        words = [f" {word}" for word in plain.split()]
        near = self._with_words(words)
        end = f"/{typed.casefold()}"
        ways: tuple[list[_Names], ...] = (
            [one for one in near if one.ends_in(end)],
            [one for one in near if any(name.startswith(plain) for name in one.all)],
            [one for one in near if _has(one.text, [f"{word} " for word in words])],
            [one for one in near if _has(one.text, words)],
            near,
        )
        if typed.isdecimal():  # the number of something else, unless a note is called so
            ways = ways[:1]
        found = [one.note for one in next(filter(None, ways), [])]
        return sorted(found, key=lambda note: (len(note.title), note.path, note.line_start))

    def _with_words(self, words: Sequence[str]) -> list[_Names]:
        """Return the notes whose names and path have all words, or words that begin so."""
        folder_of = [note.path[: note.path.rfind("/") + 1] for note in self._notes]
        folders = list(set(folder_of))  # few: each is made plain once
        plain_folders = dict(zip(folders, _plain_lines(folders), strict=True))
        aliases: dict[int, str] = {}
        for at, alias in self._aliases:
            aliases[at] = f"{aliases.get(at, '')} {alias}"
        texts = zip(self._titles, self._files, folder_of, strict=True)
        return [
            _Names(self._notes[at], title)
            for at, (title, file, folder) in enumerate(texts)
            if _has(f" {title} {file} {plain_folders[folder]}{aliases.get(at, '')}", words)
        ]

    def nearest_to(self, typed: str, most: int) -> list[NoteNames]:
        """Return the notes with a name that is most like the typed one, the likest first."""
        plain = _plain(typed)[:_MOST_LETTERS]
        if not plain or not self._notes:
            return []
        stems = [file.rpartition(" ")[0] or file for file in self._files]  # without its suffix
        names = [*self._titles, *stems, *(alias for _, alias in self._aliases)]
        by_name = _likeness(names, plain)
        count = len(self._notes)
        likeness = np.maximum(by_name[:count], by_name[count : 2 * count])
        np.maximum.at(likeness, [at for at, _ in self._aliases], by_name[2 * count :])
        least = max(_LEAST_LIKENESS, _OF_LIKEST * likeness.max())
        likest = np.argsort(-likeness, kind="stable")[:most]
        return [self._notes[at] for at in likest.tolist() if likeness[at] >= least]


class _Names:
    """The plain names of one note."""

    def __init__(self, note: NoteNames, title: str) -> None:
        self.note = note
        self.title = title

    @cached_property
    def short(self) -> tuple[str, ...]:
        """The file's name and the aliases."""
        return tuple(map(_plain, (_stem(self.note.path), *self.note.aliases)))

    @cached_property
    def all(self) -> tuple[str, ...]:
        """The title and the names that are short for it."""
        return (self.title, *self.short)

    @cached_property
    def text(self) -> str:
        """All of them with a space before and behind each word."""
        return f" {' '.join(self.all)} "

    def ends_in(self, end: str) -> bool:
        """Return whether the path ends so, with its suffix or without."""
        path = f"/{self.note.path.casefold()}"
        return path.endswith(end) or os.path.splitext(path)[0].endswith(end)  # noqa: PTH122


def _has(text: str, words: Iterable[str]) -> bool:
    return all(word in text for word in words)


def _stem(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    return name.rpartition(".")[0] or name


def _plain(name: str) -> str:
    return _plain_lines([name])[0]


def _plain_lines(names: Sequence[str]) -> list[str]:
    """Return names in the form in which they are compared: words without case and accents.

    What is ASCII, nearly all, is made plain in one table look-up: a tenth of the time.
    """
    if not names:
        return []
    lines = [name if name.isascii() else _plain_words(name) for name in names]
    text = "\n".join(lines)
    if text.count("\n") >= len(names):  # a name of several lines
        text = "\n".join([line.replace("\n", " ") for line in lines])
    data = f"\n{text}\n".encode("utf-8", "surrogatepass").translate(_PLAIN_BYTES)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    data = data.replace(b" \n", b"\n").replace(b"\n ", b"\n")[1:-1]
    return data.decode("utf-8", "surrogatepass").split("\n")


def _plain_words(name: str) -> str:
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", name))
    return " ".join(_WORD.findall(bare.casefold()))


def _likeness(names: Sequence[str], plain: str) -> NDArray[np.float64]:
    """Return how like each name is to the typed one, from 0 to 1: by letters side by side.

    Letters that few names have side by side count more. All names are compared at once, in time
    that grows with their letters.
    """
    units, typed = _units("".join(f" {name} \n" for name in names)), _units(f" {plain} ")
    owners = np.cumsum(units == ord("\n"), dtype=np.int32)
    signs = _distinct(typed)
    code_of = np.zeros(1 << 16, dtype=np.int32)  # 0 for all that nobody typed, line ends too
    code_of[signs] = np.arange(1, len(signs) + 1)
    has = np.concatenate(
        [_names_with(code_of[units], code_of[typed], size, owners, len(names)) for size in _GROUPS]
    )
    rarity = np.log1p(len(names) / np.maximum(has.sum(axis=1), 1))
    lengths = np.bincount(owners, minlength=len(names))[: len(names)]
    shared = np.zeros(len(names))
    for weight, names_with_it in zip(rarity, has, strict=True):  # a product would copy `has`
        shared += weight * names_with_it
    untyped = _UNTYPED * rarity.mean() * len(_GROUPS) * lengths
    likeness: NDArray[np.float64] = shared / (rarity.sum() + untyped)
    return likeness


def _names_with(
    codes: NDArray[np.int32],
    typed: NDArray[np.int32],
    size: int,
    owners: NDArray[np.int32],
    names: int,
) -> NDArray[np.bool_]:
    """Return which names have each group of so many typed letters: (groups, names)."""
    base = int(typed.max()) + 1
    wanted = _distinct(_groups(typed, size, base))
    row_of = np.full(base**size, -1, dtype=np.int32)
    row_of[wanted] = np.arange(len(wanted))
    rows = row_of[_groups(codes, size, base)]
    found = np.flatnonzero(rows >= 0)
    has = np.zeros((len(wanted), names), dtype=np.bool_)
    has[rows[found], owners[found]] = True
    return has


def _groups(codes: NDArray[np.int32], size: int, base: int) -> NDArray[np.int32]:
    """Return a number for each group of so many codes side by side."""
    groups = codes[: len(codes) - size + 1].copy()
    for offset in range(1, size):
        groups *= base
        groups += codes[offset : len(codes) - size + 1 + offset]
    return groups


def _distinct(few: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Return the values there are; np.unique would import masked arrays, which takes 30 ms."""
    return np.array(sorted(set(few.tolist())), dtype=np.int32)


def _units(text: str) -> NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
