"""The project itself as one of the engines that `peers.py` compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_passages import (
    DIMENSION,
    PASSAGES_PER_NOTE,
    K,
    Passage,
    PassageFiles,
    hash_text,
    is_rare,
    note_of,
    year_of,
)
from notesearch import Index, records
from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
from notesearch.records import FileReading, Hit, ListedFile, Listing, Note, NoteKind, ReadFile

WHERE = {"none": None, "2 %": "tag:rare", "50 %": "year:..2011"}


class LookUpEmbedder:
    """Gives each text the vector that the other engines get for it."""

    fingerprint = f"looked-up-{DIMENSION}"
    dimension = DIMENSION
    max_tokens = 254

    def __init__(self, files: PassageFiles) -> None:
        self._files = files

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension) float32, rows of length 1."""
        return self._files.embed(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of length 1."""
        unit: NDArray[np.float32] = self._files.embed([text])[0]
        return unit


class NoteFiles:
    """The notes as an update reads them; those of `changed` have other passages now."""

    def __init__(self, files: PassageFiles) -> None:
        self._files = files
        self.changed: dict[str, list[Passage]] = {}  # by path

    def list_files(self) -> Listing:
        """Name all notes; those that have changed have another time."""
        count = self._files.count // PASSAGES_PER_NOTE
        paths = (f"{number}.md" for number in range(count))
        return Listing(tuple(ListedFile(path, 0, int(path in self.changed)) for path in paths))

    def hash_file(self, path: str) -> str:
        """Give what tells a note from what it was before it changed."""
        return " ".join([path, *(passage.line for passage in self.changed.get(path, ()))])

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read notes, each with one passage a line."""
        for path in paths:
            number = int(path.removesuffix(".md"))
            yield _read(path, self.changed.get(path) or self._files.read_note(number))


def _read(path: str, own: Sequence[Passage]) -> ReadFile:
    lines = tuple(passage.line for passage in own)
    note = Note(
        id=path,
        path=path,
        title=own[0].title,
        kind=NoteKind.NOTE,
        line_start=1,
        line_end=len(lines),
        lines=lines,
        markup=lines,
        line_numbers=range(1, len(lines) + 1),
        sections=(),
        tags=("rare",) if is_rare(own[0].number) else (),
        year=year_of(own[0].number),
    )
    passages = tuple(
        records.Passage(
            id=f"{hash_text(f'{path}:{line}'):016x}",
            note_id=path,
            section=(),
            roles=(),
            line_start=line,
            line_end=line,
            text=passage.line,
            search_text=passage.text,
            tokens=130,
        )
        for line, passage in enumerate(own, start=1)
    )
    return ReadFile(FileReading(path, (note,)), (passages,))


class Notesearch:
    """An index made by `update_index` and asked as a program asks it."""

    def __init__(self, files: PassageFiles, folder: Path) -> None:
        self._folder = folder
        self._embedder = LookUpEmbedder(files)
        self._notes = NoteFiles(files)
        self._index: Index | None = None

    def build(self) -> None:
        """Index all passages."""
        plan = UpdatePlan(
            source=self._notes,
            embedder=Lazy(lambda: self._embedder),
            embedder_fingerprint=self._embedder.fingerprint,
            reading="passages",
        )
        update_index(self._folder, plan)

    def open(self) -> None:
        """Open the index that was built."""
        self._index = Index.open(self._folder, embedder=self._embedder)

    def ask(self, question: str, where: str) -> list[int]:
        """Give the first 10 by words and meaning together, the best passage of each note."""
        return _numbers(self._opened.query(question, K, WHERE[where]))

    def nearest(self, question: str) -> list[int]:
        """Give the first 10 by meaning alone."""
        return _numbers(self._opened.query(question, K, mode="dense", per_note=None))

    def by_words(self, question: str) -> list[int]:
        """Give the first 10 by words alone."""
        return _numbers(self._opened.query(question, K, mode="lexical", per_note=None))

    def replace(self, passages: Sequence[Passage]) -> None:
        """Bring the index in step with a note that has other lines now."""
        self._notes.changed[f"{note_of(passages[0].number)}.md"] = list(passages)
        self.build()

    @property
    def _opened(self) -> Index:
        assert self._index is not None, "open it first"
        return self._index


def _numbers(hits: Sequence[Hit]) -> list[int]:
    return [
        int(hit.path.removesuffix(".md")) * PASSAGES_PER_NOTE + hit.line_start - 1 for hit in hits
    ]
