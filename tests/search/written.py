"""Small indexes for searching: each note is a title and lines, and a line is a passage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
from notesearch.records import FileReading, ListedFile, Listing, Note, NoteKind, Passage, ReadFile
from notesearch.search.answer import Answer
from notesearch.search.question_words import read_words
from notesearch.search.searcher import Searcher
from notesearch.search.verdict import UNRELATED
from tests.fakes import WordEmbedder


@dataclass(frozen=True)
class Written:
    """A note as a test writes it."""

    path: str
    title: str
    lines: tuple[str, ...]
    kind: NoteKind = NoteKind.NOTE
    tags: tuple[str, ...] = ()
    paper: str | None = None
    aliases: tuple[str, ...] = ()
    acronyms: tuple[tuple[str, str], ...] = ()


def note(path: str, *lines: str, title: str = "", **facts: object) -> Written:
    return Written(path, title or path, lines, **facts)  # type: ignore[arg-type]


class WrittenNotes:
    """A corpus that is nowhere but in a test."""

    def __init__(self, notes: Sequence[Written]) -> None:
        self._notes = {written.path: written for written in notes}

    def list_files(self) -> Listing:
        return Listing(tuple(ListedFile(path, 0, 0) for path in self._notes))

    def hash_file(self, path: str) -> str:
        return path

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        for path in paths:
            yield _read(self._notes[path])


def _read(written: Written) -> ReadFile:
    path, lines = written.path, written.lines
    made = Note(
        id=path,
        path=path,
        title=written.title,
        kind=written.kind,
        line_start=1,
        line_end=len(lines),
        lines=lines,
        markup=lines,
        line_numbers=range(1, len(lines) + 1),
        sections=(),
        tags=written.tags,
        paper=written.paper,
        aliases=written.aliases,
        acronyms=written.acronyms,
    )
    passages = tuple(
        Passage(
            id=hashlib.sha256(f"{path} {number}".encode()).hexdigest()[:16],
            note_id=path,
            section=(),
            roles=(),
            line_start=number,
            line_end=number,
            text=line,
            search_text=f"{written.title}\n{line}",
            tokens=len(read_words(f"{written.title} {line}")),  # as many as FTS5 counts
        )
        for number, line in enumerate(lines, start=1)
    )
    return ReadFile(FileReading(path, (made,)), (passages,))


class AskedStore:
    """A searcher with one store, whose every question is put to a snapshot of its own."""

    def __init__(self, store: Store, load: Callable[[], Any], **options: Any) -> None:
        self._store = store
        self._searcher = Searcher(Lazy(load), **options)

    def search(self, *question: Any, **options: Any) -> Answer:
        with self._store.snapshot() as snapshot:
            return self._searcher.search(snapshot, *question, **options)

    def similar(self, *notes: Any, **options: Any) -> Answer:
        with self._store.snapshot() as snapshot:
            return self._searcher.similar(snapshot, *notes, **options)


def build_store(index_dir: Path, *notes: Written) -> Store:
    """Index some notes by the words of the tests' embedder."""
    embedder = WordEmbedder()
    plan = UpdatePlan(
        source=WrittenNotes(notes),
        embedder=Lazy(lambda: embedder),
        embedder_fingerprint=embedder.fingerprint,
        reading="lines",
        probes=UNRELATED,
    )
    update_index(index_dir, plan)
    return Store(index_dir)
