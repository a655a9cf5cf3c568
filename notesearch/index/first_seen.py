"""Know when the index first saw each text: an update asks here before it stores a passage.

A text keeps its time when it moves: to another line or note, to a renamed file, into a passage that
is cut in another way, through a rebuild and to another model. Times are whole seconds since 1970,
and no two updates have the same.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from notesearch.index.snapshot import NewPart
from notesearch.records import Passage, ReadFile

# The hash of its file, the id of its note, when that was first seen; then when the text was, from
# where to where it was new, and the text.
SeenText = tuple[str | None, str, int, int, int, int, str]
TimesOfFile = Sequence[tuple[int, Sequence[NewPart]]]  # of each note, and of its passages

_PIECE = re.compile(r"(?<=[.!?])\s+|\n")  # the ends of sentences and lines, where passages are cut


@dataclass(frozen=True, slots=True)
class _EarlierNote:
    """A note that was taken out: it may come back, under its name or another."""

    first_seen_s: int
    file_hash: str | None
    texts: tuple[int, ...]


class FirstSeen:
    """Remembers the texts that an update takes out of an index, for those that it puts in."""

    def __init__(self, updated: str | None) -> None:
        """Choose the time of this update, later than that of the one before; None: it is first."""
        self.now_s = int(time.time())
        if updated is not None:
            self.now_s = max(self.now_s, seconds_of(updated) + 1)
        self._is_first = updated is None
        self._texts: dict[int, NewPart] = {}
        self._files: dict[str, int] = {}  # by the hash of their bytes: when the last text was seen
        self._notes: dict[str, _EarlierNote] = {}
        self._pieces: dict[int, int] = {}  # sentences and lines of files that changed or are gone
        self._put_texts: set[int] = set()
        self._put_files: set[str] = set()
        self._put_notes: set[str] = set()

    @property
    def now(self) -> str:
        """The time of this update, as an index has it."""
        return as_date_time(self.now_s)

    @property
    def made(self) -> str:
        """When the index was made, if this change makes it."""
        return self.now

    def take_file(self, texts: Sequence[SeenText], new_hash: str | None = None) -> None:
        """Remember the texts of a file, before they go, or bytes of a new hash replace them."""
        self.take(texts)
        for file_hash, _, _, first_seen_s, _, _, text in texts:
            for piece, _, _ in _pieces_of(text) if file_hash != new_hash else ():
                self._pieces[piece] = min(self._pieces.get(piece, first_seen_s), first_seen_s)

    def take(self, found: Sequence[SeenText]) -> None:
        """Remember texts before they go, whose files may come back as they are."""
        texts: dict[str, list[int]] = {}
        for file_hash, note_id, _, first_seen_s, start, end, text in found:
            key = _key(text)
            part = NewPart(first_seen_s, start, end)
            self._texts[key] = min(self._texts.get(key, part), part)
            texts.setdefault(note_id, []).append(key)
            if file_hash is not None:
                self._files[file_hash] = max(self._files.get(file_hash, 0), first_seen_s)
        for file_hash, note_id, note_seen_s, *_ in found:
            if note_id in texts:
                before = self._notes.get(note_id)
                keys = (*(before.texts if before else ()), *texts.pop(note_id))
                self._notes[note_id] = _EarlierNote(note_seen_s, file_hash, keys)

    def put(self, read: ReadFile) -> Iterator[tuple[int, Sequence[NewPart]]]:
        """Yield for each note of a file when it was first seen, and of each passage what is new."""
        stamp = read.reading.stamp
        unseen_s = self.now_s
        if self._is_first and stamp is not None and stamp.mtime_ns > 0:
            unseen_s = min(stamp.mtime_ns // 1_000_000_000, self.now_s)
        file_seen_s = self._files.get(stamp.hash) if stamp is not None else None
        if stamp is not None:
            self._put_files.add(stamp.hash)
        for note, passages in zip(read.reading.notes, read.passages, strict=True):
            earlier = [self._earlier(passage, file_seen_s) for passage in passages]
            known = [part.first_seen_s for part in earlier if part is not None]
            before = self._notes.get(note.id)
            if before is not None:
                note_seen_s = before.first_seen_s
            else:
                is_known = bool(known) and 2 * len(known) >= len(earlier)
                note_seen_s = min(known) if is_known else unseen_s
            self._put_notes.add(note.id)
            yield (
                note_seen_s,
                [
                    NewPart(unseen_s, *self._new_span(passage.text)) if part is None else part
                    for passage, part in zip(passages, earlier, strict=True)
                ],
            )

    def _earlier(self, passage: Passage, file_seen_s: int | None) -> NewPart | None:
        """Return when a text was first seen, and what of it was new then; None where it is new."""
        key = _key(passage.text)
        self._put_texts.add(key)
        if key in self._texts:
            return self._texts[key]
        if file_seen_s is not None:  # the same bytes, cut in another way
            return NewPart(file_seen_s, 0, len(passage.text))
        if not self._pieces:
            return None
        found = [self._pieces.get(piece) for piece, _, _ in _pieces_of(passage.text)]
        known = [seen_s for seen_s in found if seen_s is not None]
        if not known or len(known) < len(found):
            return None
        return NewPart(max(known), 0, len(passage.text))

    def _new_span(self, text: str) -> tuple[int, int]:
        """Return from where to where a text says what no changed file has said before."""
        if not self._pieces:
            return 0, len(text)
        spans = [(s, e) for piece, s, e in _pieces_of(text) if piece not in self._pieces]
        return (spans[0][0], spans[-1][1]) if spans else (0, len(text))

    def deletions(self) -> dict[int, int]:
        """Count the notes that were taken out and came back under no name, by the time of this."""
        deleted = sum(
            1
            for note_id, note in self._notes.items()
            if note_id not in self._put_notes
            and note.file_hash not in self._put_files
            and 2 * sum(text in self._put_texts for text in note.texts) < len(note.texts)
        )
        return {self.now_s: deleted} if deleted else {}


class MovedTimes(FirstSeen):
    """Gives texts the times that they have in the index that they are moved from."""

    def __init__(self, created: str, updated: str, deletions: dict[int, int]) -> None:
        """Take when that index was made and last changed, and what was gone at which time."""
        super().__init__(updated)
        self._created = created
        self._deletions = deletions
        self._times: dict[str, TimesOfFile] = {}

    @property
    def made(self) -> str:
        """When the index was made that is moved."""
        return self._created

    def keep(self, path: str, times: TimesOfFile) -> None:
        """Keep the times of a file until it is put."""
        self._times[path] = times

    def put(self, read: ReadFile) -> Iterator[tuple[int, Sequence[NewPart]]]:
        """Yield for each note of a file when it was first seen, and of each passage what is new."""
        yield from self._times.pop(read.reading.path)

    def deletions(self) -> dict[int, int]:
        """Return how many notes were gone, by the times at which that was found."""
        return self._deletions


def seconds_of(written: str) -> int:
    """Read a time as an index has it, in seconds since 1970; 0 for what is none."""
    try:
        return int(datetime.fromisoformat(written).timestamp())
    except (OverflowError, ValueError):
        return 0


def as_date_time(seconds: int) -> str:
    """Write a time as an index has it: ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def _key(text: str) -> int:
    return hash(" ".join(text.split()))


def _pieces_of(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the sentences and lines of a text, each as its key with its place."""
    start = 0
    for end, following in (*(found.span() for found in _PIECE.finditer(text)), (len(text), 0)):
        if text[start:end].strip():
            yield _key(text[start:end]), start, end
        start = following
