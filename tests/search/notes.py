"""Notes that are made up on the spot, put through a real update into a small index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
from notesearch.records import (
    FileReading,
    ListedFile,
    Listing,
    Note,
    NoteKind,
    Passage,
    ReadFile,
    Role,
)
from tests.fakes import WordEmbedder


@dataclass(frozen=True)
class Made:
    """A note with the passages below it, each its roles and a text."""

    path: str
    title: str = "Untitled"
    tags: tuple[str, ...] = ()
    folder_tags: tuple[str, ...] = ()
    date: str | None = None
    year: int | None = None
    paper: str | None = None
    kind: NoteKind = NoteKind.NOTE
    authors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    passages: tuple[tuple[tuple[Role, ...], str], ...] = (((), "some words"),)


@dataclass(frozen=True)
class MadeCorpus:
    """A corpus source that holds its notes itself, one a file."""

    notes: tuple[Made, ...]

    def list_files(self) -> Listing:
        return Listing(tuple(ListedFile(made.path, 1, 1) for made in self.notes))

    def hash_file(self, path: str) -> str:
        return path

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        by_path = {made.path: made for made in self.notes}
        return (_read(by_path[path]) for path in paths)


def build_index(index_dir: Path, notes: Sequence[Made]) -> None:
    """Index these notes; the passages of a note are called `path 0`, `path 1`, …"""
    embedder = WordEmbedder()
    plan = UpdatePlan(
        source=MadeCorpus(tuple(notes)),
        embedder=Lazy(lambda: embedder),
        embedder_fingerprint=embedder.fingerprint,
        reading="made-1",
    )
    update_index(index_dir, plan)


def _read(made: Made) -> ReadFile:
    note = Note(
        id=made.path,
        path=made.path,
        title=made.title,
        kind=made.kind,
        line_start=1,
        line_end=len(made.passages),
        lines=(),
        markup=(),
        line_numbers=(),
        sections=(),
        tags=made.tags,
        folder_tags=made.folder_tags,
        date=made.date,
        year=made.year,
        paper=made.paper,
        authors=made.authors,
        aliases=made.aliases,
    )
    passages = tuple(
        Passage(f"{made.path} {number}", made.path, (), roles, 1, 1, text, f"\n{text}", 3)
        for number, (roles, text) in enumerate(made.passages)
    )
    return ReadFile(FileReading(made.path, (note,)), (passages,))
