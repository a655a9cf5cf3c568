"""Write what is searched: the segments of passages that are new, and the state that names them.

New passages make a new segment, together with those of the newest segments before that are hardly
larger: so there are few segments, and a passage is written some six times in all as an index grows
by small updates. A segment of which half is gone is written anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog, Row
from notesearch.index.faiss_file import scale_of, write_vectors
from notesearch.index.index_layout import IndexLayout, damaged, disk_errors
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
        written = [
            _write_segment(layout, catalog, next(numbers), own, state.dimension, scale)
            for own in plan.to_write
        ]
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


def _write_segment(
    layout: IndexLayout,
    catalog: Catalog,
    number: int,
    ids: NDArray[np.int64],
    dimension: int,
    scale: float,
) -> SegmentRow:
    """Write the two files of a segment."""
    words, rows = read_contents(catalog, ids, dimension)
    return SegmentRow(
        number=number,
        first=int(ids[0]),
        last=int(ids[-1]),
        passages=len(ids),
        gone=b"",
        scale=scale,
        vectors=write_vectors(layout.vectors(number), ids, rows, scale),
        words=write_words(layout.words(number), words),
    )


def read_contents(
    catalog: Catalog, ids: NDArray[np.int64], dimension: int
) -> tuple[SegmentWords, NDArray[np.float16]]:
    """Read from the catalog what a segment of some passages holds."""
    stems_of, collector = catalog.stems_of, WordCollector(3)
    rows = np.empty((len(ids), dimension), dtype="<f2")
    owners, tokens = np.empty((2, len(ids)), dtype=np.int32)
    try:
        for at, row in enumerate(_passages(catalog, ids)):
            section, text, body_start, owners[at], tokens[at], vector = row
            title, body = text[:body_start], text[body_start:]
            collector.add(stems_of(title), stems_of(section), stems_of(body))
            rows[at] = np.frombuffer(vector, dtype="<f2")
    except (IndexError, OverflowError, TypeError, ValueError) as error:
        remedy = IndexLayout(catalog.path.parent).rebuild
        raise damaged(catalog.path, f"is damaged ({error})", remedy) from error
    found, places = collector.collect_passages()
    notes, names = [], WordCollector(2)
    # A note whose passages are in two segments has its names in the first.
    for note, title, others in catalog.rows(_NAMES, (str(np.unique(owners).tolist()), int(ids[0]))):
        notes.append(note)
        names.add(stems_of(title), stems_of(others))
    note_ids = np.array(notes, dtype=np.int32)
    words = SegmentWords(owners, tokens, found, places, names.collect_names(), note_ids)
    return words, rows


def _passages(catalog: Catalog, ids: NDArray[np.int64]) -> Iterator[Row]:
    for rows in catalog.batches(_PASSAGES, (int(ids[0]), int(ids[-1])), size=1024):
        yield from rows
