"""A corpus in a folder with a reader of a few lines: one line of a file is one passage.

`#a b` on the first line are tags, `!` as the first character makes the file unreadable. The
file's first line is no title, so that a renamed file keeps its search texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from notesearch.index import adding
from notesearch.index.index_in_folder import writing_folder
from notesearch.index.ingest import StageClock
from notesearch.index.reports import UpdateReport, ignore_progress
from notesearch.index.update import UpdatePlan
from notesearch.lazy import Lazy
from notesearch.records import (
    AddedNote,
    FileReading,
    Finding,
    LinkKind,
    ListedFile,
    Listing,
    Note,
    NoteKind,
    NoteLink,
    Passage,
    ReadFile,
    Role,
)
from notesearch.regular_files import read_stamped
from tests.fakes import WordEmbedder


def read_lines(path: str, text: str) -> ReadFile:
    if text.startswith("!"):
        return ReadFile(FileReading(path, skipped=Finding(path, 1, "begins with !")))
    lines = text.splitlines()
    tags = tuple(lines[0][1:].split()) if lines and lines[0].startswith("#") else ()
    note = Note(
        id=path,
        path=path,
        title=f"On {lines[-1] if lines else 'nothing'}",
        kind=NoteKind.NOTE,
        line_start=1,
        line_end=len(lines),
        lines=tuple(lines),
        markup=tuple(lines),
        line_numbers=range(1, len(lines) + 1),
        sections=(),
        tags=tags,
        folder_tags=tuple(path.split("/")[:-1]),
        year=2000 + len(lines),
        authors=("Ada",),
        aliases=(f"also {path}",),
        acronyms=tuple((word[0], word) for line in lines for word in line.split()[:1]),
        note_links=tuple(
            NoteLink(LinkKind.WIKILINK, word, number, line)
            for number, line in enumerate(lines, start=1)
            for word in line.split()[1:]
        ),
    )
    findings = (Finding(path, 1, "odd"),) if "odd" in text else ()
    passages = tuple(
        _passage(path, number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    )
    return ReadFile(FileReading(path, (note,), findings), (passages,))


def _passage(path: str, number: int, line: str) -> Passage:
    return Passage(
        id=hashlib.sha256(f"{path} {number} {line}".encode()).hexdigest()[:16],
        note_id=path,
        section=("Results", f"line {number}"),
        roles=(Role.RESULTS,) if "results" in line else (),
        line_start=number,
        line_end=number,
        text=line,
        search_text=f"Title\n{line}",
        tokens=len(line.split()) + 1,
    )


@dataclass
class LineCorpus:
    """A folder of text files, with a count of what was opened."""

    root: Path
    hashed: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    unlisted: tuple[Finding, ...] = ()

    def write(self, path: str, *lines: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines), encoding="utf-8")

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def rename(self, path: str, to: str) -> None:
        (self.root / to).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).rename(self.root / to)

    def list_files(self) -> Listing:
        blind = {skipped.path for skipped in self.unlisted}
        files = [
            ListedFile(path.relative_to(self.root).as_posix(), stat.st_size, stat.st_mtime_ns)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and (stat := path.stat())
        ]
        listed = (f for f in files if not any(f.path.startswith(b) for b in blind))
        return Listing(tuple(listed), self.unlisted)

    def hash_file(self, path: str) -> str:
        self.hashed.append(path)
        return hashlib.sha256((self.root / path).read_bytes()).hexdigest()

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        for path in paths:
            self.read.append(path)
            try:
                data, stamp = read_stamped(self.root, path)
                read = read_lines(path, data.decode("utf-8"))
                stamp = replace(stamp, hash=hashlib.sha256(data).hexdigest())
                yield replace(read, reading=replace(read.reading, stamp=stamp))
            except OSError as error:
                yield ReadFile(FileReading(path, skipped=Finding(path, None, str(error))))


def read_added(notes: Iterable[AddedNote]) -> Iterator[ReadFile]:
    for note in notes:
        read = read_lines(note.id, note.text)
        notes_read = tuple(
            replace(made, kind=NoteKind.ADDED, tags=tuple(note.tags)) for made in read.reading.notes
        )
        yield replace(read, reading=replace(read.reading, notes=notes_read))


class CountedLoads:
    """Hands out an embedder and counts how often it was asked for."""

    def __init__(self, embedder: WordEmbedder) -> None:
        self.embedder = embedder
        self.loads = 0

    def __call__(self) -> WordEmbedder:
        self.loads += 1
        return self.embedder


def plan_of(
    corpus: LineCorpus,
    embedder: WordEmbedder | None = None,
    *,
    load: CountedLoads | None = None,
    reading: str = "lines-1",
    rebuild: bool = False,
    allow_empty: bool = False,
    most_bytes: int | None = None,
) -> UpdatePlan:
    load = load or CountedLoads(embedder or WordEmbedder())
    return UpdatePlan(
        source=corpus,
        embedder=Lazy(load),
        embedder_fingerprint=load.embedder.fingerprint,
        reading=reading,
        read_added=read_added,
        rebuild=rebuild,
        allow_empty=allow_empty,
        most_bytes=most_bytes,
    )


def add_notes(
    index_dir: Path, plan: UpdatePlan, notes: Sequence[AddedNote], *, overwrite: bool = False
) -> UpdateReport:
    with writing_folder(index_dir) as index:
        return adding.add_notes(
            index, plan, notes, StageClock(ignore_progress), overwrite=overwrite
        )


def remove_notes(index_dir: Path, plan: UpdatePlan, ids: Sequence[str]) -> UpdateReport:
    with writing_folder(index_dir, create=False) as index:
        return adding.remove_notes(index, plan, ids, StageClock(ignore_progress))
