"""Many notes out of the real ones of an index in a folder: for what cannot be read in such numbers.

The first copy is the notes as they are. Of each further one, a passage has the first half of its
words, and the second half of another passage's; and its vector is moved by half of the difference
between two others, so that copies lie about as near to each other as passages on one matter do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout
from notesearch.index.journal import as_vector
from notesearch.index.move import read_folder_index
from notesearch.index.note_writer import hash_text
from notesearch.index.qdrant.note_points import NewNote, name_texts, passage_texts
from notesearch.index.qdrant.word_coding import WordSplitter
from notesearch.index.snapshot import NewPart
from notesearch.records import Note, Passage

RARE = "rare"  # the tag of one note in fifty
_MOVED_BY = 0.5
_SEEN_S = 1_700_000_000


@dataclass(frozen=True, slots=True)
class RealNotes:
    """The notes of an index in a folder, with their passages and vectors."""

    embedder: str
    reading: str
    notes: list[tuple[Note, tuple[Passage, ...]]]
    first: list[int]  # number of the first passage of each note
    passages: list[Passage]
    vectors: NDArray[np.float32]  # (passages, dimension)


def read_real(index_dir: Path) -> RealNotes:
    """Read all notes that have passages."""
    with closing(Catalog.for_reading(IndexLayout(index_dir))) as catalog:
        moved = read_folder_index(catalog, index_dir)
        notes = [
            (note, own)
            for file in moved.readings
            for note, own in zip(file.read.reading.notes, file.read.passages, strict=True)
            if own
        ]
        rows = dict(moved.vectors)
    passages = [passage for _, own in notes for passage in own]
    sizes = [len(own) for _, own in notes]
    return RealNotes(
        moved.embedder,
        moved.reading,
        notes,
        first=[0, *np.cumsum(sizes).tolist()],
        passages=passages,
        vectors=np.stack([as_vector(rows[hash_text(p.search_text)]) for p in passages]),
    )


def copies(real: RealNotes, wanted: int) -> Iterator[NewNote]:
    """Yield notes with so many passages in all."""
    splitter = WordSplitter()
    left = wanted
    for copy in count():
        rows = moved_vectors(real.vectors, copy)
        others = random.Random(copy)
        for number, (note, own) in enumerate(real.notes):
            if left <= 0:
                return
            passages = [
                _mixed(passage, others.choice(real.passages), copy) if copy else passage
                for passage in own[:left]
            ]
            left -= len(passages)
            tags = (*note.tags, RARE) if number % 50 == copy % 50 else note.tags
            named = replace(note, tags=tags)
            if copy:
                named = replace(named, id=f"{note.id}-{copy}", path=f"copy-{copy}/{note.path}")
            first = real.first[number]
            yield _new_note(
                named, passages, rows[first : first + len(passages)], real.embedder, splitter
            )


def moved_vectors(vectors: NDArray[np.float32], copy: int) -> NDArray[np.float32]:
    """Return the vectors of a copy, of length 1; those of the first are as they are."""
    if not copy:
        return vectors
    dice = np.random.default_rng([7, copy])
    one, other = (vectors[dice.permutation(len(vectors))] for _ in range(2))
    moved: NDArray[np.float32] = vectors + _MOVED_BY * (one - other)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return moved


def _mixed(passage: Passage, other: Passage, copy: int) -> Passage:
    title, newline, body = passage.search_text.partition("\n")
    their_body = other.search_text.partition("\n")[2] or other.search_text
    mixed = _halves(body or title, their_body)
    return replace(
        passage,
        id=f"{int(passage.id, 16) ^ copy:016x}",
        text=_halves(passage.text, other.text),
        search_text=f"{title}\n{mixed}" if newline else mixed,
        tokens=(passage.tokens + other.tokens) // 2,
    )


def _halves(first: str, second: str) -> str:
    return first[: _middle(first)] + second[_middle(second) :]


def _middle(text: str) -> int:
    """Return where a word ends about the middle of a text."""
    return max(text.find(" ", len(text) // 2), len(text) // 2)


def _new_note(
    note: Note,
    passages: Sequence[Passage],
    rows: NDArray[np.float32],
    embedder: str,
    splitter: WordSplitter,
) -> NewNote:
    return NewNote(
        note,
        passages,
        vectors=[row.astype("<f2").tobytes() for row in rows],
        text_hashes=[hash_text(passage.search_text) for passage in passages],
        embedder=embedder,
        first_seen_s=_SEEN_S,
        parts=[NewPart(_SEEN_S, 0, len(passage.text)) for passage in passages],
        names=splitter.split([name_texts(note)])[0],
        texts=splitter.split([passage_texts(passage) for passage in passages]),
    )
