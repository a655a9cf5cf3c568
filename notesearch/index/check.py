"""Find what is wrong with an index folder, and mend what can be mended without the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UnusableIndexError
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.index_layout import DamagedIndexError, IndexLayout, damaged, disk_errors
from notesearch.index.journal import as_vector, is_whole
from notesearch.index.lock import writer_lock
from notesearch.index.map_file import holds_places
from notesearch.index.passage_table import read_passage_ids
from notesearch.index.publish import publish, read_contents
from notesearch.index.reports import Problem
from notesearch.index.segment_rows import SegmentRow, read_segments, require_all_passages
from notesearch.index.segments import Segment
from notesearch.index.state import IndexState, read_state

_UNUSED = "FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages WHERE vector = vectors.id)"


@dataclass(frozen=True, slots=True)
class _Fault:
    """A problem with what mends it, if anything short of a rebuild does."""

    error: UnusableIndexError
    mend: Callable[[], object] | None = None


def check_index(
    index_dir: Path, *, fix: bool = False, lock_timeout_s: float = 10.0
) -> tuple[Problem, ...]:
    """Look the whole index over, which reads all of it; with `fix`, mend what can be mended.

    A lost or damaged segment is made anew from the catalog, and a damaged map is removed, as the
    next who asks makes it anew. A damaged catalog is mended by a rebuild, which takes over the
    vectors that are still whole.
    """
    layout = IndexLayout(index_dir)
    if not layout.catalog.exists():
        raise no_index_yet(layout)
    with writer_lock(layout, lock_timeout_s):
        try:
            with closing(Catalog.for_writing(layout)) as catalog:
                if catalog.is_empty():
                    raise no_index_yet(layout)
                return _check(layout, catalog, fix)
        except DamagedIndexError as error:
            return (_problem(error),)


def _check(layout: IndexLayout, catalog: Catalog, fix: bool) -> tuple[Problem, ...]:
    faults = list(_catalog_faults(layout, catalog))
    if not faults:
        faults = [*_derived_faults(layout, catalog), *_leftovers(layout, catalog)]
    if not fix:
        return tuple(_problem(fault.error) for fault in faults)
    with disk_errors(layout):
        for fault in faults:
            if fault.mend is not None:
                fault.mend()
    catalog.settle()
    return tuple(_problem(fault.error, fixed=fault.mend is not None) for fault in faults)


def _problem(error: UnusableIndexError, *, fixed: bool = False) -> Problem:
    return Problem(str(error), error.for_shell, fixed)


def _catalog_faults(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Look for damage to the truth itself; only a rebuild mends that."""
    place = layout.catalog
    for (finding,) in catalog.rows("PRAGMA integrity_check(5)"):
        if finding != "ok":
            yield _Fault(damaged(place, " ".join(finding.split()), layout.rebuild))
            return
    orphans = catalog.rows('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1')
    for table, count in orphans:
        orphaned = f"{count} rows of {table} belong to nothing"
        yield _Fault(damaged(place, orphaned, layout.rebuild))
    broken = sum(
        not is_whole(text_hash, vector, crc)
        for rows in catalog.batches("SELECT text_hash, vector, crc FROM vectors")
        for text_hash, vector, crc in rows
    )
    if broken:
        yield _Fault(damaged(place, f"{broken} vectors are damaged", layout.rebuild))


def _derived_faults(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Compare what was made from the catalog's truth: the segments and the map."""
    if not holds_places(layout):
        remove = partial(layout.note_map.unlink, missing_ok=True)
        yield _Fault(damaged(layout.note_map, "is damaged", layout.fix), remove)
    state = read_state(catalog)
    ids = read_passage_ids(catalog)
    faulty: list[int] = []
    rows = read_segments(catalog)
    require_all_passages(catalog, rows, len(ids))
    for row in rows:
        finding = _fault_of_segment(layout, catalog, state, row, ids)
        if finding:
            faulty.append(row.number)
            # All are written anew at once, by whoever comes first.
            yield _Fault(finding, partial(_publish_again, layout, catalog, faulty))


def _fault_of_segment(
    layout: IndexLayout,
    catalog: Catalog,
    state: IndexState,
    row: SegmentRow,
    all_ids: NDArray[np.int64],
) -> UnusableIndexError | None:
    """Read a segment through: as it was written, and with what the catalog says of its passages."""
    try:
        segment = Segment(layout, row, state.dimension)
        segment.vectors.verify()
        segment.words.verify()
    except FileNotFoundError as error:
        return damaged(Path(error.filename or error.args[0]), "is lost", layout.fix)
    except UnusableIndexError as error:
        return error
    try:
        ids, _, _ = segment.read_passages()
    except UnusableIndexError as error:
        return error
    if not np.array_equal(
        ids, all_ids[slice(*np.searchsorted(all_ids, (row.first, row.last + 1)))]
    ):
        path = layout.words(row.number)
        return damaged(path, "holds other passages than the catalog", layout.fix)
    words, vectors = read_contents(catalog, ids, state.dimension)
    if not segment.vectors.holds(ids, vectors):
        path = layout.vectors(row.number)
        return damaged(path, "holds other vectors than the catalog", layout.fix)
    # Of passages that are gone the catalog has no words to compare with.
    if len(ids) == row.passages and not segment.words.holds(words):
        path = layout.words(row.number)
        return damaged(path, "holds other words than the catalog", layout.fix)
    return None


def _publish_again(layout: IndexLayout, catalog: Catalog, segments: Sequence[int]) -> None:
    """Write some segments anew, and remove what they were."""
    faulty = {row.number for row in read_segments(catalog)} & set(segments)
    if not faulty:
        return
    state = read_state(catalog)
    probes: dict[str, bytes] = dict(catalog.rows("SELECT text, vector FROM probes"))
    vectors = {text: as_vector(row) for text, row in probes.items()}
    with catalog.transaction():
        publish(
            layout,
            catalog,
            replace(state, generation=state.generation + 1),
            vectors,
            lost=sorted(faulty),
        )
    for number in faulty:
        for path in (layout.vectors(number), layout.words(number)):
            with suppress(OSError):
                path.unlink()


def _leftovers(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Find what an update that was killed has left: harmless, but it takes room."""
    unused = catalog.number(f"SELECT count(*) {_UNUSED}")
    if unused:
        yield _Fault(
            damaged(layout.catalog, f"{unused} vectors belong to no passage", layout.fix),
            lambda: catalog.rows(f"DELETE {_UNUSED}"),
        )
    unfinished = layout.other_segment_files(row.number for row in read_segments(catalog))
    for path in (*unfinished, *layout.unfinished_maps()):
        yield _Fault(
            damaged(path, "is left over from an update that was cut short", layout.fix),
            partial(path.unlink, missing_ok=True),
        )
