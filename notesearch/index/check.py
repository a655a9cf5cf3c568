"""An index folder in, what is wrong with it out; mends what can be mended without the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from notesearch.index.catalog import Catalog, no_index_yet
from notesearch.index.digest import digest_of
from notesearch.index.journal import is_whole
from notesearch.index.layout import DamagedIndexError, IndexLayout, disk_errors
from notesearch.index.lock import writer_lock
from notesearch.index.publish import publish
from notesearch.index.records import Problem
from notesearch.index.schema import FULL_TEXT_TABLES
from notesearch.index.seal import break_seal, put_seal, verify_seal
from notesearch.index.state import IndexState, read_state

_FIX = "run: notesearch check --fix"
_REBUILD = "run: notesearch index --rebuild"
_UNUSED = "FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages WHERE vector = vectors.id)"


@dataclass(frozen=True, slots=True)
class _Fault:
    """A problem with what mends it, if anything short of a rebuild does."""

    message: str
    mend: Callable[[], object] | None = None


def check_index(
    index_dir: Path, *, fix: bool = False, lock_timeout_s: float = 10.0
) -> tuple[Problem, ...]:
    """Look the whole index over, which reads all of it; with `fix`, mend what can be mended.

    A lost or damaged FAISS file and full-text tables are made anew from the catalog. A damaged
    catalog is mended by a rebuild, which takes over the vectors that are still whole.
    """
    layout = IndexLayout(index_dir)
    if not layout.catalog.exists():
        raise no_index_yet(index_dir)
    with writer_lock(layout, lock_timeout_s):
        try:
            with closing(Catalog.for_writing(layout)) as catalog:
                if catalog.is_empty():
                    raise no_index_yet(index_dir)
                verify_seal(layout, catalog)
                return _check(layout, catalog, fix)
        except DamagedIndexError as error:
            return (Problem(str(error)),)


def _check(layout: IndexLayout, catalog: Catalog, fix: bool) -> tuple[Problem, ...]:
    faults = list(_catalog_faults(layout, catalog))
    if not faults:
        faults = [*_derived_faults(layout, catalog), *_leftovers(layout, catalog)]
    if not fix:
        return tuple(Problem(fault.message) for fault in faults)
    with disk_errors(layout):
        break_seal(layout)
        for fault in faults:
            if fault.mend is not None:
                fault.mend()
        problems = tuple(Problem(fault.message, fault.mend is not None) for fault in faults)
        if all(problem.fixed for problem in problems):
            put_seal(layout, catalog)
        return problems


def _catalog_faults(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Look for damage to the truth itself; only a rebuild mends that."""
    place = layout.catalog
    for (finding,) in catalog.rows("PRAGMA integrity_check(5)"):
        if finding != "ok":
            yield _Fault(f"{place}: {' '.join(finding.split())}; {_REBUILD}")
            return
    orphans = catalog.rows('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1')
    for table, count in orphans:
        yield _Fault(f"{place}: {count} rows of {table} belong to nothing; {_REBUILD}")
    broken = sum(
        not is_whole(text_hash, vector, crc)
        for rows in catalog.batches("SELECT text_hash, vector, crc FROM vectors")
        for text_hash, vector, crc in rows
    )
    if broken:
        yield _Fault(f"{place}: {broken} vectors are damaged; {_REBUILD}")


def _derived_faults(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Compare what was made from the catalog's truth: both full-text tables and the FAISS file."""
    for table in FULL_TEXT_TABLES:
        try:
            catalog.rows(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
        except DamagedIndexError:
            yield _Fault(
                f"{layout.catalog}: the full-text table {table} is damaged; {_FIX}",
                partial(catalog.rows, f"INSERT INTO {table} ({table}) VALUES ('rebuild')"),
            )
    state = read_state(catalog)
    finding = _fault_of_vectors(layout, state)
    if finding:
        yield _Fault(
            f"{layout.vectors(state.generation)}: {finding}; {_FIX}",
            lambda: _publish_again(layout, catalog, state),
        )


def _fault_of_vectors(layout: IndexLayout, state: IndexState) -> str:
    if not state.passages:
        return ""
    try:
        same = digest_of(layout.vectors(state.generation)) == state.vectors_digest
    except FileNotFoundError:
        return "is lost"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if same else "is not as it was written"


def _publish_again(layout: IndexLayout, catalog: Catalog, state: IndexState) -> None:
    with catalog.transaction():
        publish(layout, catalog, replace(state, generation=state.generation + 1))
    with suppress(OSError):
        layout.vectors(state.generation).unlink()


def _leftovers(layout: IndexLayout, catalog: Catalog) -> Iterator[_Fault]:
    """Find what an update that was killed has left: harmless, but it takes room."""
    unused = catalog.number(f"SELECT count(*) {_UNUSED}")
    if unused:
        yield _Fault(
            f"{layout.catalog}: {unused} vectors belong to no passage; {_FIX}",
            lambda: catalog.rows(f"DELETE {_UNUSED}"),
        )
    for path in layout.other_vectors(read_state(catalog).generation):
        yield _Fault(f"{path}: is left over from an update that was cut short; {_FIX}", path.unlink)
