"""Find how near the nearest passage is to each question about something else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.catalog import Catalog
from notesearch.index.journal import as_vector
from notesearch.index.segments import Segment, Segments, read_passage_table
from notesearch.index.snapshot import PassageTable


def measure_probes(
    catalog: Catalog,
    probes: dict[str, NDArray[np.float32]],
    segments: Sequence[Segment],
    new: Sequence[Segment],
) -> tuple[float, ...]:
    """Return the cosine of the nearest passage to each probe, and keep which passage that is.

    Where the one of before is still there, only the `new` segments are searched.
    """
    rows = catalog.rows(
        """SELECT text, nearest, cosine FROM probes
        WHERE typeof(nearest) = 'integer' AND typeof(cosine) = 'real'"""
    )
    known = {text: (nearest, cosine) for text, nearest, cosine in rows}
    if not segments:
        return ()
    table = read_passage_table(segments)
    all_of, new_ones = Segments(segments, table), Segments(new, table)
    found = {}
    for text, vector in probes.items():
        nearest, cosine = known.get(text, (None, None))
        is_there = nearest is not None and _is_passage(table, nearest)
        near = (new_ones if is_there else all_of).nearest(vector, 1)
        if not is_there or (len(near.ids) and near.cosines[0] > cosine):
            nearest = int(near.ids[0])
            cosine = _cosine(catalog, nearest, vector)
        found[text] = (nearest, cosine)
    catalog.insert(
        "UPDATE probes SET nearest = ?, cosine = ? WHERE text = ?",
        ((*measured, text) for text, measured in found.items()),
    )
    return tuple(cosine for _, cosine in found.values())


def _cosine(catalog: Catalog, passage: int, vector: NDArray[np.float32]) -> float:
    sql = """SELECT v.vector FROM passages p JOIN vectors v ON v.id = p.vector WHERE p.id = ?"""
    ((row,),) = catalog.rows(sql, (passage,))
    return float(as_vector(row) @ vector)


def _is_passage(table: PassageTable, number: int) -> bool:
    return number < len(table.note_of) and bool(table.note_of[number])
