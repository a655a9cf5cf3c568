"""Move an index from a folder into an engine, or back, with its notes and vectors as they are.

Nothing is read again, and nothing is embedded. What it was moved from stays as it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import ModelError, Remedy, UsageError
from notesearch.index.added_table import read_added_notes
from notesearch.index.catalog import Catalog
from notesearch.index.changes import SeenFile
from notesearch.index.first_seen import MovedTimes, TimesOfFile
from notesearch.index.first_seen_table import read_deletions
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.ingest import StageClock
from notesearch.index.journal import Journal, as_vector
from notesearch.index.note_reader import NoteReader
from notesearch.index.reports import UpdateReport
from notesearch.index.snapshot import NewPart, StoredNote
from notesearch.index.state import read_state
from notesearch.index.stored_index import StoredIndex
from notesearch.index.work import Means, Work
from notesearch.lazy import Lazy
from notesearch.records import (
    AddedNote,
    FileReading,
    Finding,
    LinkKind,
    Note,
    NoteLink,
    ReadFile,
    facts_of,
)

_VECTORS_PER_WRITE = 4096


@dataclass(frozen=True, slots=True)
class MovedFile:
    """What was read in a file, and when each note and text of it was first seen."""

    read: ReadFile  # notes come without their lines
    times: TimesOfFile


@dataclass(frozen=True, slots=True)
class MovedIndex:
    """All that an index holds, in the order in which its notes are numbered."""

    embedder: str  # fingerprint
    reading: str  # fingerprint
    corpus: Path | None
    files: tuple[SeenFile, ...]
    readings: Iterable[MovedFile]  # of each file
    added: tuple[AddedNote, ...]
    vectors: Iterable[tuple[bytes, bytes]]  # hash of the text, float16 row
    probes: Mapping[str, bytes]  # float16 rows by their texts
    created: str
    updated: str
    deletions: dict[int, int]  # how many notes were found gone, by the time

    def means(self) -> Means:
        """Return what a change is made with that has every vector before it begins."""
        known = _KnownVectors(self.embedder, self.probes)
        return Means(
            embedder=Lazy(lambda: known),
            embedder_fingerprint=self.embedder,
            reading=self.reading,
            probes=tuple(self.probes),
            corpus=self.corpus,
        )

    def work(self) -> Work:
        """Return what there is to do."""
        times = MovedTimes(self.created, self.updated, self.deletions)

        def read() -> Iterator[ReadFile]:
            for file in self.readings:
                times.keep(file.read.reading.path, file.times)
                yield file.read

        return Work(read=self.files, readings=read(), added=self.added, first_seen=times)

    def keep_vectors(self, layout: IndexLayout) -> None:
        """Put the vectors where an update that goes on looks for them."""
        with disk_errors(layout), closing(Journal(layout.journal, self.embedder)) as journal:
            rows = iter(self.vectors)
            while part := list(islice(rows, _VECTORS_PER_WRITE)):
                journal.append([key for key, _ in part], [row for _, row in part])


class _KnownVectors:
    """Stands where a model does, and knows the vectors of the probes alone."""

    max_tokens = 1

    def __init__(self, fingerprint: str, probes: Mapping[str, bytes]) -> None:
        self.fingerprint = fingerprint
        self._probes = probes
        self.dimension = len(next(iter(probes.values()), b"")) // 2

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return as_vector(self._probes[text])

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ModelError(
            f"the vectors of {len(texts)} passages are lost; run: notesearch check, with the index "
            "that is to be moved"
        )

    def count_tokens(self, text: str) -> int:
        raise ModelError("a move counts no tokens")


def note_of_stored(stored: StoredNote, links: Iterable[NoteLink], link_ids: Iterable[str]) -> Note:
    """Return a stored note as a reader makes it, without its lines."""
    return Note(
        id=stored.note_id,
        path=stored.path,
        title=stored.title,
        kind=stored.kind,
        line_start=stored.line_start,
        line_end=stored.line_end,
        lines=(),
        markup=(),
        line_numbers=(),
        sections=(),
        note_links=tuple(links),
        link_ids=tuple(link_ids),
        **facts_of(stored),
    )


# ---------------------------------------------------------------- a folder


def read_folder_index(catalog: Catalog, index_dir: Path) -> MovedIndex:
    """Return all that the index in a folder holds; it is read on as it is asked for."""
    state = read_state(catalog)
    rows = catalog.rows(
        """SELECT f.id, f.path, f.size, f.mtime_ns, f.settled, f.hash FROM files f
        LEFT JOIN notes n ON n.file = f.id GROUP BY f.id
        ORDER BY min(n.id) IS NULL, min(n.id), f.path"""
    )
    files = tuple(
        SeenFile(path, size, mtime_ns, bool(settled), file_hash)
        for _, path, size, mtime_ns, settled, file_hash in rows
    )
    return MovedIndex(
        embedder=state.embedder,
        reading=state.reading,
        corpus=state.corpus_folder(index_dir),
        files=files,
        readings=_read_files(catalog, [(row[0], row[1]) for row in rows]),
        added=tuple(read_added_notes(catalog)),
        vectors=(
            (key, row)
            for part in catalog.batches("SELECT text_hash, vector FROM vectors ORDER BY id")
            for key, row in part
        ),
        probes=dict(catalog.rows("SELECT text, vector FROM probes")),
        created=state.created,
        updated=state.updated,
        deletions=read_deletions(catalog),
    )


def _read_files(catalog: Catalog, files: Iterable[tuple[int, str]]) -> Iterator[MovedFile]:
    reader = NoteReader(catalog)
    for number, path in files:
        rows = catalog.rows(
            """SELECT id, link_ids, first_seen, first_passage, passages FROM notes
            WHERE file = ? ORDER BY id""",
            (number,),
        )
        stored = reader.notes([note for note, *_ in rows])
        links: dict[int, list[NoteLink]] = defaultdict(list)
        for note, kind, *rest in catalog.rows(
            """SELECT note, kind, target, line, sentence FROM note_links
            WHERE note IN (SELECT id FROM notes WHERE file = ?) ORDER BY note, rowid""",
            (number,),
        ):
            links[note].append(NoteLink(LinkKind(kind), *rest))
        findings = catalog.rows(
            "SELECT skipped, line, reason FROM findings WHERE file = ? ORDER BY rowid", (number,)
        )
        parts: dict[int, list[NewPart]] = defaultdict(list)
        for note, *part in catalog.rows(
            """SELECT note, first_seen, new_start, new_end FROM passages
            WHERE note IN (SELECT id FROM notes WHERE file = ?) ORDER BY id""",
            (number,),
        ):
            parts[note].append(NewPart(*part))
        reading = FileReading(
            path,
            tuple(
                note_of_stored(stored[note], links[note], json.loads(ids)) for note, ids, *_ in rows
            ),
            tuple(Finding(path, line, why) for skipped, line, why in findings if not skipped),
            next((Finding(path, line, why) for skipped, line, why in findings if skipped), None),
        )
        passages = tuple(
            tuple(one.passage for one in reader.passages(range(first, first + count)))
            for *_, first, count in rows
        )
        yield MovedFile(
            ReadFile(reading, passages), [(seen_s, parts[note]) for note, _, seen_s, *_ in rows]
        )


# ---------------------------------------------------------------- either


def write_moved_index(index: StoredIndex, moved: MovedIndex, clock: StageClock) -> UpdateReport:
    """Make an index of what was moved; UsageError where there is one already."""
    if not index.is_new:
        raise UsageError(
            f"{index.name} holds an index already",
            Remedy("name another place", "name another folder, or another name in the engine"),
        )
    moved.keep_vectors(index.layout)
    index.apply(moved.means(), moved.work(), clock)
    return index.finish(UpdateReport(passages_reused=clock.progress.passages), clock)
