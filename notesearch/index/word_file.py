"""Keep the words of a segment in a file: which passages and notes have each, how often and where.

A file is written once. A question looks its words up among their keys, and reads what is there of
each: 4 bytes a passage. What is read is compared with its checksums then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from notesearch.durable import create_private, sync_file, sync_folder
from notesearch.file_sums import CheckedFile, FileSums, sum_file
from notesearch.index.index_layout import IndexLayout, damaged, unusable
from notesearch.lazy import Lazy
from notesearch.number_sets import are_among

if TYPE_CHECKING:
    from notesearch.index.word_places import Occurrences, SegmentWords

_MAGIC = b"notesearch words 1".ljust(24)
_HEAD = np.dtype([("magic", "S24"), ("counts", "<u8", 7)])
_OCCURRENCE_BYTES = 4

# A place is a number of 16 bits, whose first two say where it is: two words in a row differ by 1
# and no word of a title stands before one of a section. What lies behind is in no phrase.
HEADING, BODY = 1 << 14, 1 << 15

_Number = TypeVar("_Number", bound=np.generic)


class Having(NamedTuple):  # made in a fifth of the time that a dataclass takes, as are the others
    """What has one word, and how often; `Occurrences` says what is counted."""

    ordinals: NDArray[np.uint16]
    heads: NDArray[np.uint8]
    bodies: NDArray[np.uint8]


class _Counts(NamedTuple):
    """How long each part of a file is; they come in this order, behind the head."""

    passages: int
    notes: int
    words: int
    occurrences: int
    places: int
    name_words: int
    name_occurrences: int

    @property
    def parts(self) -> dict[str, tuple[int, int]]:
        """Where each part begins and ends, by its name."""
        sizes = {
            "owners": 4 * self.passages,
            "tokens": 4 * self.passages,
            "note_ids": 4 * self.notes,
            "name_keys": 8 * self.name_words,
            "name_starts": 4 * (self.name_words + 1),
            "keys": 8 * self.words,
            "starts": 4 * (self.words + 1),
            "place_starts": 4 * (self.words + 1),
            "names": _OCCURRENCE_BYTES * self.name_occurrences,
            "occurrences": _OCCURRENCE_BYTES * self.occurrences,
            "places": 2 * self.places,
        }
        found, at = {}, _HEAD.itemsize
        for name, size in sizes.items():
            found[name] = (at, at + size)
            at += size
        return found


def write_words(path: Path, words: SegmentWords) -> FileSums:
    """Write the words of a segment, so that the file outlasts a crash."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    create_private(new)
    with new.open("wb") as file:
        file.writelines(_parts_of(words))
    sync_file(new)
    sums = sum_file(new)
    new.replace(path)
    sync_folder(path.parent)
    return sums


def _parts_of(words: SegmentWords) -> Iterator[bytes]:
    """Yield what a file holds, part after part, as `_Counts.parts` has them."""
    counts = (
        len(words.owners),
        len(words.note_ids),
        len(words.passages.keys),
        len(words.passages.ordinals),
        len(words.places.places),
        len(words.names.keys),
        len(words.names.ordinals),
    )
    yield np.array([(_MAGIC, counts)], dtype=_HEAD).tobytes()
    yield words.owners.astype("<i4").tobytes()
    yield words.tokens.astype("<i4").tobytes()
    yield words.note_ids.astype("<i4").tobytes()
    yield words.names.keys.astype("<u8").tobytes()
    yield words.names.starts.astype("<u4").tobytes()
    yield words.passages.keys.astype("<u8").tobytes()
    yield words.passages.starts.astype("<u4").tobytes()
    yield words.places.starts.astype("<u4").tobytes()
    yield _laid_together(words.names).tobytes()
    yield _laid_together(words.passages).tobytes()
    yield words.places.places.astype("<u2").tobytes()


def _laid_together(found: Occurrences) -> NDArray[np.uint8]:
    """Put what is known of each word in one place: all ordinals, then both counts."""
    together = np.empty(_OCCURRENCE_BYTES * len(found.ordinals), dtype=np.uint8)
    starts = found.starts[:-1].astype(np.int64)
    sizes = found.starts[1:] - starts
    numbers = np.arange(len(found.ordinals))
    together.view("<u2")[numbers + np.repeat(starts, sizes)] = found.ordinals
    at = numbers + np.repeat(3 * starts + 2 * sizes, sizes)
    together[at] = found.heads
    at += np.repeat(sizes, sizes)
    together[at] = found.bodies
    return together


class _Dictionary(NamedTuple):
    """Which words there are, and where what has them is."""

    note_ids: NDArray[np.int32]
    name_keys: NDArray[np.uint64]
    name_starts: NDArray[np.uint32]
    keys: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    place_starts: NDArray[np.uint32]


class WordFile:
    """A file of words, open; safe to share between threads."""

    def __init__(self, path: Path, sums: FileSums, passages: int) -> None:
        """Open it; FileNotFoundError where there is no such file."""
        remedy = IndexLayout(path.parent).fix
        self._damaged: Callable[[str], Exception] = lambda finding: damaged(path, finding, remedy)
        try:
            self._file = CheckedFile(path, sums, error_of=self._damaged)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unusable(path, f"cannot be read ({error.strerror})", remedy) from error
        self._passages = passages
        self._size = sums.size
        self._parts = Lazy(self._read_parts)
        self._dictionary = Lazy(self._read_dictionary)

    def verify(self) -> None:
        """Compare the whole file with its checksums; DamagedIndexError."""
        self._file.verify()

    def holds(self, words: SegmentWords) -> bool:
        """Return whether the file has just these words, uncompared with the checksums."""
        return self._file.read(0, self._size) == b"".join(_parts_of(words))

    @property
    def owners(self) -> NDArray[np.int32]:
        """The note of each passage."""
        return self._array("owners", np.dtype("<i4"))

    @property
    def tokens(self) -> NDArray[np.int32]:
        """How long each passage is."""
        return self._array("tokens", np.dtype("<i4"))

    @property
    def note_ids(self) -> NDArray[np.int32]:
        """The notes, by their ordinals."""
        return self._dictionary.get().note_ids

    def has(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which of some words a passage or a note's name has."""
        known = self._dictionary.get()
        return are_among(keys, known.keys) | are_among(keys, known.name_keys)

    def passages_with(self, key: np.uint64) -> Having | None:
        """Return the passages that have a word; None where none has."""
        known = self._dictionary.get()
        return self._having("occurrences", _find(known.keys, key), known.starts)

    def notes_called(self, key: np.uint64) -> Having | None:
        """Return the notes that have a word in their names; None where none has."""
        known = self._dictionary.get()
        return self._having("names", _find(known.name_keys, key), known.name_starts)

    def places_of(self, key: np.uint64) -> NDArray[np.uint32]:
        """Return where a word stands, ascending: the passage times 65,536, and the place in it."""
        known = self._dictionary.get()
        number = _find(known.keys, key)
        having = self._having("occurrences", number, known.starts)
        if number is None or having is None:
            return np.empty(0, dtype=np.uint32)
        counts = (having.heads & 15) + (having.heads >> 4) + having.bodies.astype(np.int64)
        start, end = known.place_starts[number : number + 2].tolist()
        places = np.frombuffer(self._read("places", 2 * start, 2 * end), dtype="<u2")
        if len(places) != counts.sum():
            raise self._damaged("is damaged (the places of a word)")
        of_each = np.repeat(having.ordinals.astype(np.uint32), counts)
        found: NDArray[np.uint32] = of_each << np.uint32(16) | places
        return found

    def _having(self, part: str, number: int | None, starts: NDArray[np.uint32]) -> Having | None:
        if number is None:
            return None
        start, end = starts[number : number + 2].tolist()
        found = self._read(part, _OCCURRENCE_BYTES * start, _OCCURRENCE_BYTES * end)
        size = end - start
        ordinals = np.frombuffer(found, dtype="<u2", count=size)
        heads = np.frombuffer(found, dtype=np.uint8, count=size, offset=2 * size)
        return Having(ordinals, heads, np.frombuffer(found, dtype=np.uint8, offset=3 * size))

    def _read(self, part: str, start: int, end: int) -> bytes:
        at, behind = self._parts.get()[part]
        if not at <= at + start <= at + end <= behind:
            raise self._damaged("is damaged (the words)")
        self._file.verify(at + start, at + end)
        return self._file.read(at + start, at + end)

    def _read_parts(self) -> dict[str, tuple[int, int]]:
        """Return where each part is; DamagedIndexError where the file is no file of words."""
        if self._size < _HEAD.itemsize:
            raise self._damaged("is no file of words")
        self._file.verify(0, _HEAD.itemsize)
        head = np.frombuffer(self._file.read(0, _HEAD.itemsize), dtype=_HEAD)[0]
        counts = _Counts(*head["counts"].tolist())
        parts = counts.parts
        if bytes(head["magic"]) != _MAGIC or parts["places"][1] != self._size:
            raise self._damaged("is no file of words")
        if counts.passages != self._passages:
            raise self._damaged("is a file of other passages")
        return parts

    def _read_dictionary(self) -> _Dictionary:
        return _Dictionary(
            note_ids=self._array("note_ids", np.dtype("<i4")),
            name_keys=self._array("name_keys", np.dtype("<u8")),
            name_starts=self._array("name_starts", np.dtype("<u4")),
            keys=self._array("keys", np.dtype("<u8")),
            starts=self._array("starts", np.dtype("<u4")),
            place_starts=self._array("place_starts", np.dtype("<u4")),
        )

    def _array(self, part: str, dtype: np.dtype[_Number]) -> NDArray[_Number]:
        start, end = self._parts.get()[part]
        return np.frombuffer(self._read(part, 0, end - start), dtype=dtype)


def _find(keys: NDArray[np.uint64], key: np.uint64) -> int | None:
    number = int(np.searchsorted(keys, key))
    return number if number < len(keys) and keys[number] == key else None
