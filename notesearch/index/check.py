"""Find what is wrong with an index folder, and mend what can be mended without the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from notesearch.errors import UnusableIndexError
from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.faiss_file import VectorFile
from notesearch.index.index_layout import DamagedIndexError, IndexLayout, damaged, disk_errors
from notesearch.index.journal import is_whole
from notesearch.index.lock import writer_lock
from notesearch.index.map_file import holds_places
from notesearch.index.publish import publish, vectors_of_passages
from notesearch.index.reports import Problem
from notesearch.index.schema import FULL_TEXT_TABLES, VECTORS
from notesearch.index.state import IndexState, read_state

_OF_FULL_TEXT = ("fts5: ", "malformed inverted index")
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

    A lost or damaged FAISS file and full-text tables are made anew from the catalog, and a damaged
    map is removed, as the next who asks makes it anew. A damaged catalog is mended by a rebuild,
    which takes over the vectors that are still whole.
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
        # What it says of the full-text tables is not of the truth: they are looked at below.
        if finding != "ok" and not finding.startswith(_OF_FULL_TEXT):
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
    """Compare what was made from the catalog's truth: full-text tables, FAISS file and map."""
    for table in FULL_TEXT_TABLES:
        try:
            catalog.rows(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
        except DamagedIndexError:
            yield _Fault(
                damaged(layout.catalog, f"the full-text table {table} is damaged", layout.fix),
                partial(catalog.rows, f"INSERT INTO {table} ({table}) VALUES ('rebuild')"),
            )
    if not holds_places(layout):
        remove = partial(layout.note_map.unlink, missing_ok=True)
        yield _Fault(damaged(layout.note_map, "is damaged", layout.fix), remove)
    state = read_state(catalog)
    finding = _fault_of_vectors(layout, catalog, state)
    if finding:
        yield _Fault(finding, lambda: _publish_again(layout, catalog, state))


def _fault_of_vectors(
    layout: IndexLayout, catalog: Catalog, state: IndexState
) -> UnusableIndexError | None:
    """Read the FAISS file through: as it was written, and with the catalog's very vectors."""
    if not state.passages:
        return None
    path = layout.vectors(state.generation)
    try:
        sums = catalog.read_sums(VECTORS)
        file = VectorFile(path, state.dimension, state.passages, sums)
        file.verify()
    except FileNotFoundError:
        return damaged(path, "is lost", layout.fix)
    except UnusableIndexError as error:
        return error
    done = 0
    for ids, rows in vectors_of_passages(catalog):
        end = done + len(ids)
        if file.ids[done:end].tolist() != ids or file.rows(done, end) != rows:
            return damaged(path, "holds other vectors than the catalog", layout.fix)
        done = end
    if sums.digest != state.vectors_digest:
        return damaged(path, "is another file", layout.fix)
    return None


def _publish_again(layout: IndexLayout, catalog: Catalog, state: IndexState) -> None:
    rows: dict[str, bytes] = dict(catalog.rows("SELECT text, vector FROM probes ORDER BY text"))
    probes = np.frombuffer(b"".join(rows.values()), dtype="<f2").astype(np.float32)
    with catalog.transaction():
        # A name that no file has: what is left over under one is removed in the same run.
        last = max(state.generation, layout.last_generation())
        after = replace(state, generation=last + 1)
        publish(layout, catalog, after, probes.reshape(len(rows), state.dimension))
    with suppress(OSError):
        layout.vectors(state.generation).unlink()


def _leftovers(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Find what an update that was killed has left: harmless, but it takes room."""
    unused = catalog.number(f"SELECT count(*) {_UNUSED}")
    if unused:
        yield _Fault(
            damaged(layout.catalog, f"{unused} vectors belong to no passage", layout.fix),
            lambda: catalog.rows(f"DELETE {_UNUSED}"),
        )
    unfinished = layout.other_vectors(read_state(catalog).generation)
    for path in (*unfinished, *layout.unfinished_maps()):
        yield _Fault(
            damaged(path, "is left over from an update that was cut short", layout.fix),
            partial(path.unlink, missing_ok=True),
        )
