"""What a search may ask of one generation of an index, and the values that it gets.

`SqliteSnapshot` answers from the index on disk, `qdrant/engine_snapshot.py` from an engine that
others run. Passages and notes go by numbers, int64 here, which callers keep and look up in arrays:
they are greater than 0, without large gaps, and mean the same as long as `stamp` is the same. Words
match by their stems and without case.

The search scores all passages at once, in arrays over their numbers. That is right where the index
lies beside it, and wrong where an engine holds ten million passages. So it first says what it is
going to ask (`Asked`), and goes on with what `narrowed` returns: the snapshot itself, or a small
one of the passages that can matter. There the passages have numbers of their own, and what counts
over the whole index is still said of the whole: how many passages and notes there are
(`PassageTable`), how many have a word (`Matches.in_all`), and what all that may be hits are like on
average (`background`). The arithmetic is the same on both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.number_sets import numbers_in, run_starts
from notesearch.query.filters import Filter
from notesearch.records import Facts, NoteKind, NoteLink, Passage

# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Passages by cosine, best first."""

    ids: NDArray[np.int64]
    cosines: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Passages or notes with their BM25, in ascending order of the numbers."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    having: int | None = None  # how many the whole index has, where these are some of them

    @property
    def in_all(self) -> int:
        """How many there are, here and elsewhere in the index."""
        return len(self.ids) if self.having is None else self.having


@dataclass(frozen=True, slots=True)
class ColumnWeights:
    """How much a word counts by where it stands; names of a note have no section."""

    title: float = 1.0
    section: float = 1.0
    body: float = 1.0
    other_names: float = 1.0  # of a note alone: were they of each passage, none would stand out


@dataclass(frozen=True, eq=False)
class PassageTable:
    """Whose passages there are and how long; 0 where no passage or note has that number."""

    note_of: NDArray[np.int32]  # by passage
    passage_lengths: NDArray[np.int32]  # by passage, in tokens, at least 1
    note_lengths: NDArray[np.int64]  # by note
    passages_of: NDArray[np.int64]  # by note: how many
    passage_ids: NDArray[np.int64]  # ascending
    passages: int  # in the whole index, where the arrays are of a part of it
    notes: int  # that have passages; in the whole index
    tokens: int  # in all

    @cached_property
    def relative_lengths(self) -> NDArray[np.float32]:
        """The lengths of passages in average ones, by passage."""
        average = self.tokens / max(len(self.passage_ids), 1)
        return (self.passage_lengths / max(average, 1)).astype(np.float32)

    @cached_property
    def relative_note_lengths(self) -> NDArray[np.float32]:
        """The lengths of notes in average ones, by note."""
        average = self.tokens / max(self.notes, 1)
        return (self.note_lengths / max(average, 1)).astype(np.float32)

    @cached_property
    def first_passages(self) -> NDArray[np.int64]:
        """The first passage of each note, by note; the others come right behind it."""
        owners = self.note_of.take(self.passage_ids)
        starts = run_starts(owners)
        firsts = np.zeros(len(self.passages_of), dtype=np.int64)
        firsts[owners[starts]] = self.passage_ids[starts]
        return firsts

    def passages_in(self, notes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the passages of some notes, ascending."""
        firsts = self.first_passages.take(notes)
        order = np.argsort(firsts, kind="stable")
        return numbers_in(firsts[order], self.passages_of.take(notes[order]))


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a question is going to ask of a snapshot."""

    depth: int  # passages that each ranking hands on
    words: Mapping[str, float]  # that are looked for, with what each counts
    where: Filter | None = None
    phrases: tuple[tuple[str, ...], ...] = ()  # that a passage has to have
    name: str = ""  # that a note may have
    # Words side by side whose passages may be hits too; asked for where they are needed.
    runs: Callable[[], Sequence[Sequence[str]]] = tuple
    vector: Callable[[], NDArray[np.float32]] | None = None  # of the question; None: by words alone


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Passages that stand for all that may be hits."""

    ids: NDArray[np.int64]
    among: int  # how many may be


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNote(Facts):
    """A note as the index keeps it: all but its lines."""

    note_id: str
    path: str
    title: str
    kind: NoteKind
    line_start: int
    line_end: int


class NoteNames(NamedTuple):  # made for all notes at once, five times as fast as a dataclass
    """What a note is called, and its number inside the index."""

    number: int
    path: str
    title: str
    aliases: tuple[str, ...]
    line_start: int
    index_name: str = ""  # of the index that it is in, where several are asked at once
    note_id: str = ""
    paper: str | None = None
    link_ids: tuple[str, ...] = ()  # as in `records.Note`

    @property
    def full_path(self) -> str:
        """The path as it is printed."""
        return f"{self.index_name}:{self.path}" if self.index_name else self.path


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with its number inside the index and the note it is from."""

    id: int
    note: StoredNote
    passage: Passage
    # (dimension,) float32, of length 1 before it was rounded to float16; None where not asked for.
    vector: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


class NewPart(NamedTuple):
    """When a passage was first seen as it is, and what of its text was new then."""

    first_seen_s: int  # since 1970
    start: int  # in the text, in characters
    end: int


@dataclass(frozen=True, slots=True)
class NewTexts:
    """What came into an index after some time, and what went."""

    passages: dict[int, NewPart]  # by number
    notes: frozenset[int]  # that are new themselves
    deleted: int  # notes that are gone


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and the number of notes that carry it."""

    normal: str
    written: str  # the commonest way to write it
    folder: bool
    notes: int


# ---------------------------------------------------------------- questions


class Snapshot(Protocol):
    """One generation of an index, whole, whatever a writer does meanwhile.

    One thread asks for texts and words, while another may ask for vectors: `require_embedder`,
    `nearest` and `cosines`.
    """

    @property
    def stamp(self) -> str:
        """A name of the contents, which no other generation has."""

    @property
    def embedder(self) -> str:
        """The fingerprint of the model that made the vectors."""

    @property
    def probe_cosines(self) -> tuple[float, ...]:
        """The cosine of the nearest passage to each of the questions about something else."""

    @property
    def table(self) -> PassageTable:
        """The passages and notes there are, by number."""

    def narrowed(self, asked: Asked) -> Snapshot:
        """Return the part of the index that can matter for a question; it may be all of it."""

    @property
    def background(self) -> Background | None:
        """What stands for all that may be hits; None where all passages are here."""

    @property
    def note_count(self) -> int:
        """How many notes have any text."""

    # Which passages: numbers in ascending order.

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return the passages that a filter lets through."""

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the passages that have the words side by side."""

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return the passages of some notes."""

    def notes_of(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the notes that passages are from, in their order."""

    # How near they are, and how much they say.

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError when the vectors are another model's."""

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Return the k allowed passages of greatest cosine; `query` is (dimension,), length 1.

        The answer is exact: where as many are allowed as asked for, it holds all of them.
        """

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of passages, ascending; `nearest` knows its own more exactly."""

    def vectors_of(self, passage_ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of passages in their order: (passages, dimension)."""

    def known_words(self, words: Sequence[str]) -> set[str]:
        """Return those of some words, of letters alone, that a passage or a note's name has."""

    def word_scores(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches]:
        """Score every passage and every note that has a word.

        A note has the word as often as its names and the texts of its passages together.
        """

    def phrase_scores(
        self, words: Sequence[str], weights: ColumnWeights
    ) -> tuple[Matches, Matches]:
        """Score every passage that has the words side by side; a note as its best passage."""

    def acronyms(self, words: Sequence[str], phrases: Sequence[str]) -> list[tuple[str, str]]:
        """Return acronyms with their long forms, in lower case: of the words, or for the phrases.

        The pairs that most notes explain come first.
        """

    # What they are.

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Return passages with their notes, in the order in which the numbers are given."""

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return notes by their numbers."""

    def find_notes(self, name: str, by: str = "note_id") -> dict[int, StoredNote]:
        """Return the notes of a name, `by` note_id, passage_id, path or name.

        The last is the title, an alias or the file's name; its case, signs and spaces do not count.
        """

    def note_names(self) -> list[NoteNames]:
        """Return what all notes are called."""

    def note_links(self) -> list[tuple[int, NoteLink]]:
        """Return the links of all notes, as they are written, each with the number of its note.

        Those of a note are in a row, in the order of the note.
        """

    def new_texts(self, after_s: Sequence[int]) -> NewTexts:
        """Return what was first seen after a time, in seconds since 1970; one for each index."""

    def list_notes(self, where: Filter | None, limit: int) -> list[StoredNote]:
        """Return the notes of which a filter lets something through, the newest first.

        Those without a date come last.
        """

    def newest(self, notes: Sequence[int], limit: int) -> list[int]:
        """Return the newest of some notes in the order of `list_notes`."""

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return the passages of a note, in the order of the note."""

    def tags(self, where: Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; a tag is not counted as its parent."""

    def has_tag(self, normal: str) -> bool:
        """Return whether a note has a tag, in its normal form, or one below it."""
