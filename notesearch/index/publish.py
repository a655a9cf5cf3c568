"""Write what is searched: the segments of passages that are new, and the state that names them.

New passages make a new segment, together with those of the newest segments before that are hardly
larger: so there are few segments, and a passage is written some six times in all as an index grows
by small updates. A segment of which half is gone is written anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.faiss_file import scale_of, write_vectors
from notesearch.index.index_layout import IndexLayout, disk_errors
from notesearch.index.passage_table import read_passage_ids
from notesearch.index.probes import measure_probes
from notesearch.index.segment_rows import SegmentRow, read_segments, write_segments
from notesearch.index.segments import MOST_PASSAGES, Segment
from notesearch.index.state import IndexState
from notesearch.index.word_file import write_words
from notesearch.index.word_places import SegmentWords, WordCollector
from notesearch.number_sets import are_among

# A segment is written anew together with one behind it of more than a quarter of its passages.
_GROWTH = 4

_PASSAGES = """SELECT p.section, p.search_text, p.body_start, p.note, p.tokens, v.vector
    FROM passages p JOIN vectors v ON v.id = p.vector WHERE p.id BETWEEN ? AND ? ORDER BY p.id"""
_NAMES = """SELECT id, title, other_names FROM notes
    WHERE id IN (SELECT value FROM json_each(?)) AND first_passage >= ? ORDER BY id"""


def publish(
    layout: IndexLayout,
    catalog: Catalog,
    state: IndexState,
    probes: dict[str, NDArray[np.float32]],
    *,
    lost: Sequence[int] = (),
) -> IndexState:
    """Write the segments that are missing, and make the state name what is in force.

    `probes` are vectors by their texts: the state says how near the nearest passage to each is. The
    segments that are `lost` are written anew. Within the transaction: a reader sees nothing of it
    before it is committed.
    """
    ids = read_passage_ids(catalog)
    with disk_errors(layout):
        plan = plan_segments(layout, read_segments(catalog), ids, lost)
        numbers = count(max([layout.last_segment(), *(row.number for row in plan.before)]) + 1)
        kept = [replace(row, gone=_gone_of(layout, row, state, ids)) for row in plan.kept]
        scale = scale_of(probes.values(), max(state.dimension, 1))
        written = _write_segments(
            layout, catalog, zip(numbers, plan.to_write, strict=False), state.dimension, scale
        )
        rows = sorted([*kept, *written], key=lambda row: row.first)
        write_segments(catalog, rows)
        opened = [Segment(layout, row, state.dimension) for row in rows] if probes else []
        new = {row.number for row in written}
        cosines = measure_probes(
            catalog, probes, opened, [one for one in opened if one.row.number in new]
        )
    published = replace(
        state,
        passages=len(ids),
        probe_cosines=cosines,
        stamp=secrets.token_hex(8),
    )
    published.write(catalog)
    return published


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """What becomes of the segments that there are."""

    before: tuple[SegmentRow, ...]
    kept: tuple[SegmentRow, ...]
    to_write: tuple[NDArray[np.int64], ...]  # the passages of each new one, ascending


def plan_segments(
    layout: IndexLayout,
    rows: Sequence[SegmentRow],
    ids: NDArray[np.int64],
    lost: Sequence[int] = (),
) -> SegmentPlan:
    """Choose which segments to keep, and which passages new ones get; `ids` are all there are."""
    kept: list[SegmentRow] = []
    to_write: list[NDArray[np.int64]] = []  # in a row: nothing that is kept lies between
    for row in rows:
        own = row.own(ids)
        is_lost = row.number in lost or not _is_there(layout, row)
        if own.size and not is_lost and 2 * own.size >= row.passages:
            kept.append(row)
        elif own.size:
            to_write.append(own)
    newest = ids[np.searchsorted(ids, rows[-1].last + 1) :] if rows else ids
    while kept and newest.size:
        last = kept[-1]
        start = int(np.searchsorted(ids, last.first))
        behind = ids[start:]
        size = int(np.searchsorted(behind, last.last + 1))
        if size >= _GROWTH * newest.size or len(behind) > MOST_PASSAGES:
            break
        newest = behind
        kept.pop()
        to_write = [part for part in to_write if part[-1] < last.first]
    if newest.size:
        to_write = [part for part in to_write if part[-1] < newest[0]]
        to_write += [newest[at : at + MOST_PASSAGES] for at in range(0, len(newest), MOST_PASSAGES)]
    return SegmentPlan(tuple(rows), tuple(kept), tuple(to_write))


def find_lost(layout: IndexLayout, catalog: Catalog) -> list[SegmentRow]:
    """Return the segments of which a file is gone."""
    return [row for row in read_segments(catalog) if not _is_there(layout, row)]


def _is_there(layout: IndexLayout, row: SegmentRow) -> bool:
    return layout.vectors(row.number).exists() and layout.words(row.number).exists()


def _gone_of(
    layout: IndexLayout, row: SegmentRow, state: IndexState, ids: NDArray[np.int64]
) -> bytes:
    """Return a bit for each passage of a segment: whether it is gone."""
    own = row.own(ids)
    if own.size == row.passages:
        return b""
    written = Segment(layout, row, state.dimension).ids
    return np.packbits(~are_among(written, own)).tobytes()


def _write_segments(
    layout: IndexLayout,
    catalog: Catalog,
    parts: Iterable[tuple[int, NDArray[np.int64]]],
    dimension: int,
    scale: float,
) -> list[SegmentRow]:
    """Write the files of segments, each of a number and its passages.

    One is sorted and written in a thread while the next one is read: two are held in memory.
    """

    def write(number: int, contents: _Contents) -> SegmentRow:
        ids = contents.ids
        return SegmentRow(
            number=number,
            first=int(ids[0]),
            last=int(ids[-1]),
            passages=len(ids),
            gone=b"",
            scale=scale,
            vectors=write_vectors(layout.vectors(number), ids, contents.vectors, scale),
            words=write_words(layout.words(number), contents.collect_words()),
        )

    written: list[Future[SegmentRow]] = []
    with ThreadPoolExecutor(1, thread_name_prefix="segments") as thread:
        for number, ids in parts:
            contents = _read_passages(catalog, ids, dimension)
            if written:
                written[-1].result()
            written.append(thread.submit(write, number, contents))
    return [one.result() for one in written]


@dataclass(frozen=True, slots=True, eq=False)
class _Contents:
    """What a segment is made of, as it is read from the catalog."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float16]
    owners: NDArray[np.int32]
    tokens: NDArray[np.int32]
    passages: WordCollector
    note_ids: NDArray[np.int32]
    names: WordCollector

    def collect_words(self) -> SegmentWords:
        """Sort the words."""
        found, places = self.passages.collect_passages()
        names = self.names.collect_names()
        return SegmentWords(self.owners, self.tokens, found, places, names, self.note_ids)


def read_contents(
    catalog: Catalog, ids: NDArray[np.int64], dimension: int
) -> tuple[SegmentWords, NDArray[np.float16]]:
    """Read from the catalog what a segment of some passages holds."""
    contents = _read_passages(catalog, ids, dimension)
    return contents.collect_words(), contents.vectors


def _read_passages(catalog: Catalog, ids: NDArray[np.int64], dimension: int) -> _Contents:
    collector = WordCollector(3, catalog.stems_of)
    vectors = np.empty((len(ids), dimension), dtype="<f2")
    owners, tokens = np.empty((2, len(ids)), dtype=np.int32)
    at = 0
    try:
        for rows in catalog.batches(_PASSAGES, (int(ids[0]), int(ids[-1])), size=1024):
            for section, text, body_start, *_ in rows:
                collector.add(text[:body_start], section, text[body_start:])
            part = slice(at, at := at + len(rows))
            owners[part], tokens[part] = zip(*(row[3:5] for row in rows), strict=True)
            of_rows = np.frombuffer(b"".join(row[5] for row in rows), dtype="<f2")
            vectors[part] = of_rows.reshape(len(rows), dimension)
        if at != len(ids):
            raise ValueError("passages are missing")
    except (IndexError, OverflowError, TypeError, ValueError) as error:
        raise catalog.damaged(error) from error
    notes, names = [], WordCollector(2, catalog.stems_of)
    # A note whose passages are in two segments has its names in the first.
    for note, title, others in catalog.rows(_NAMES, (str(np.unique(owners).tolist()), int(ids[0]))):
        notes.append(note)
        names.add(title, others)
    note_ids = np.array(notes, dtype=np.int32)
    return _Contents(ids, vectors, owners, tokens, collector, note_ids, names)
