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
from notesearch.index.apply import Means, Work, apply_work, finish, prepare_folder
from notesearch.index.catalog import Catalog
from notesearch.index.changes import SeenFile
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.ingest import StageClock
from notesearch.index.journal import Journal, as_vector
from notesearch.index.lock import writer_lock
from notesearch.index.note_reader import NoteReader
from notesearch.index.reports import ProgressObserver, UpdateReport, ignore_progress
from notesearch.index.snapshot import StoredNote
from notesearch.index.state import read_state
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
class MovedIndex:
    """All that an index holds, in the order in which its notes are numbered."""

    embedder: str  # fingerprint
    reading: str  # fingerprint
    corpus: Path | None
    files: tuple[SeenFile, ...]
    readings: Iterable[ReadFile]  # of each file; notes come without their lines
    added: tuple[AddedNote, ...]
    vectors: Iterable[tuple[bytes, bytes]]  # hash of the text, float16 row
    probes: Mapping[str, bytes]  # float16 rows by their texts

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
        return Work(read=self.files, readings=self.readings, added=self.added)

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
    )


def _read_files(catalog: Catalog, files: Iterable[tuple[int, str]]) -> Iterator[ReadFile]:
    reader = NoteReader(catalog)
    for number, path in files:
        rows = catalog.rows(
            "SELECT id, link_ids, first_passage, passages FROM notes WHERE file = ? ORDER BY id",
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
        yield ReadFile(
            FileReading(
                path,
                tuple(
                    note_of_stored(stored[note], links[note], json.loads(ids))
                    for note, ids, *_ in rows
                ),
                tuple(Finding(path, line, reason) for skipped, line, reason in findings
                      if not skipped),
                next((Finding(path, line, reason) for skipped, line, reason in findings if skipped),
                     None),
            ),
            tuple(
                tuple(one.passage for one in reader.passages(range(first, first + count)))
                for *_, first, count in rows
            ),
        )  # fmt: skip


def write_folder_index(
    index_dir: Path,
    moved: MovedIndex,
    *,
    lock_timeout_s: float = 10.0,
    progress: ProgressObserver = ignore_progress,
) -> UpdateReport:
    """Make an index of what was moved; UsageError where the folder holds one."""
    layout = IndexLayout(index_dir)
    prepare_folder(layout)
    clock = StageClock(progress)
    with writer_lock(layout, lock_timeout_s), closing(Catalog.for_writing(layout)) as catalog:
        if not catalog.is_empty():
            raise holds_an_index(str(index_dir))
        moved.keep_vectors(layout)
        state, _ = apply_work(layout, moved.means(), catalog, None, moved.work(), clock)
        report = UpdateReport(passages_reused=clock.progress.passages)
        return finish(layout, catalog, state, report, clock)


def holds_an_index(place: str) -> UsageError:
    """Return the error for a place that an index is to be moved to, and that has one."""
    return UsageError(
        f"{place} holds an index already",
        Remedy("name another place", "name another folder, or another name in the engine"),
    )
