"""Say what a change of an index is made with and what there is to do, and write what is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.index.changes import SeenFile
from notesearch.index.first_seen import FirstSeen
from notesearch.index.index_layout import IndexLayout
from notesearch.index.ingest import EmbeddingWork, StageClock, VectorSupply, ingest_files
from notesearch.index.journal import Journal
from notesearch.index.note_writer import NoteWriter
from notesearch.index.reports import Stage
from notesearch.lazy import Lazy
from notesearch.records import AddedNote, Finding, ReadFile

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder

ReadAdded = Callable[[Iterable[AddedNote]], Iterator[ReadFile]]
# Gives the float16 rows of those texts, by their hashes, whose vectors are known elsewhere.
FindVectors = Callable[[Sequence[bytes]], Mapping[bytes, bytes]]


def read_no_notes(notes: Iterable[AddedNote]) -> Iterator[ReadFile]:
    """Read none, where nobody adds any."""
    return iter(())


def find_no_vectors(hashes: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Find none, where no other index is asked."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a change of an index is made with."""

    embedder: Lazy[Embedder]  # loaded when the first new text turns up
    embedder_fingerprint: str
    model_may_change: bool = False  # and keep its fingerprint, as that of a server may
    reading: str  # fingerprint of the reader and the chunker with their settings
    read_added: ReadAdded = read_no_notes  # by default for an index of files alone
    find_vectors: FindVectors = find_no_vectors  # of the same model, before the model is asked
    probes: tuple[str, ...] = ()  # questions about something else: how near is near by chance
    corpus: Path | None = None  # the folder of the notes; None where they come from none


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to do."""

    read: tuple[SeenFile, ...] = ()
    readings: Iterable[ReadFile] = ()  # of each of `read`, as they are asked for
    remove: tuple[str, ...] = ()  # paths of files, ids of added notes
    touch: tuple[SeenFile, ...] = ()  # same bytes, another size or time
    unreadable: tuple[tuple[SeenFile, Finding], ...] = ()
    added: tuple[AddedNote, ...] = ()  # to be kept, beside being read
    clear: bool = False  # all but the added notes goes first
    publish: bool = True  # passages change, or a segment is lost
    first_seen: FirstSeen | None = None  # where the times of texts come along with them

    @property
    def is_none(self) -> bool:
        """Nothing needs to be written."""
        return not (self.publish or self.touch or self.unreadable)


def store_work(
    layout: IndexLayout,
    means: Means,
    work: Work,
    writer: NoteWriter,
    journal: Journal,
    dimension: int,
    clock: StageClock,
) -> tuple[VectorSupply, tuple[Finding, ...]]:
    """Write what there is to do; return what gives vectors and what was odd.

    `dimension` is that of the vectors that the index goes on with, 0 where it has none.
    """
    to_embed = EmbeddingWork(work.read, clock)
    supply = VectorSupply(
        layout,
        means.embedder,
        means.embedder_fingerprint,
        journal,
        writer,
        dimension,
        to_embed,
        compare_probe=means.model_may_change,
        find_vectors=means.find_vectors,
    )
    clock.enter(Stage.STORE)
    for path in work.remove:
        writer.remove_file(path)
    for seen in work.touch:
        writer.touch_file(seen)
    for seen, skipped in work.unreadable:
        writer.put_unread(seen, skipped)
    writer.keep_added(work.added)
    return supply, ingest_files(work.read, work.readings, writer, supply, to_embed)
