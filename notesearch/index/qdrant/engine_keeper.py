"""Describe an index in an engine, compare it with its corpus, and look it over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from qdrant_client import models

from notesearch.errors import Remedy
from notesearch.index.origin import read_corpus_name
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.engine_records import all_skipped, known_files, read_added, read_files
from notesearch.index.qdrant.engine_state import EngineState, rebuild_of
from notesearch.index.qdrant.engine_store import EngineStore
from notesearch.index.qdrant.index_in_engine import EnginePlace
from notesearch.index.qdrant.point_conditions import all_of, is_within
from notesearch.index.qdrant.writer_lease import writer_lease
from notesearch.index.reports import CorpusDrift, Counts, IndexStatus, Problem
from notesearch.index.status import drift_of
from notesearch.records import AddedNote, Listing


def known_corpus(place: EnginePlace) -> Path | None:
    """Return the folder of notes that this machine brings the index in step with."""
    known = read_corpus_name(place.layout.corpus_name)
    return Path(known) if known else None


def read_engine_status(place: EnginePlace, listing: Listing | None = None) -> IndexStatus:
    """Describe an index; with a listing of its corpus, also count what changed by stat alone."""
    with closing(EngineStore(place.address)) as store:
        state, engine = store.read_state(), store.engine
        files, added = read_files(engine), read_added(engine)
        return IndexStatus(
            counts=Counts(
                files=len(files) - len(added),
                added=len(added),
                notes=engine.count(engine.names.notes, state.in_force()),
                passages=state.passages,
                vectors=state.passages,
            ),
            generation=state.generation,
            embedder=state.embedder,
            reading=state.reading,
            corpus=str(known_corpus(place) or ""),
            dimension=state.dimension,
            created=state.created,
            updated=state.updated,
            catalog_bytes=0,  # an engine does not say what it takes
            segments_bytes=0,
            skipped=all_skipped(files, listing.skipped if listing else ()),
            drift=_drift(listing, files, added) if listing is not None else None,
        )


def read_engine_drift(
    place: EnginePlace, corpus: Path | None, list_files: Callable[[Path], Listing]
) -> CorpusDrift | None:
    """Count by stat alone what changed in the corpus of this machine; None when it is not there.

    A machine without the notes only asks: nothing is behind there.
    """
    if corpus is None:
        return CorpusDrift(0, 0, 0)
    if not corpus.is_dir():
        return None
    with closing(EngineStore(place.address)) as store:
        store.read_state()
        return _drift(list_files(corpus), read_files(store.engine), read_added(store.engine))


def _drift(listing: Listing, files: dict[str, Payload], added: Iterable[AddedNote]) -> CorpusDrift:
    ids = {note.id for note in added}
    return drift_of(listing, known_files(files, ids), ids)


# ---------------------------------------------------------------- looking it over


def check_engine(place: EnginePlace, *, fix: bool = False) -> tuple[Problem, ...]:
    """Compare what the engine holds with what its state says; with `fix`, clear up.

    What is left over from an update that was cut short can be removed. What is lost is read and
    embedded again by a rebuild.
    """
    with closing(EngineStore(place.address)) as store:
        state, engine = store.read_state(), store.engine
        problems = list(_lost(place, engine, state))
        left = _leftovers(engine, state)
        for collection, where, count, what in left:
            if fix:
                with writer_lease(engine, timeout_s=10.0):
                    engine.remove(collection, where)
            message = f"{place.address.text}: {collection} holds {count} points {what}"
            remedy = Remedy(
                "call check(fix=True)",
                f"run: notesearch check --fix --index {place.address.text}",
            )
            problems.append(_problem(message, remedy, fixed=fix))
        return tuple(problems)


def _lost(place: EnginePlace, engine: Engine, state: EngineState) -> Iterator[Problem]:
    names, remedy = engine.names, rebuild_of(place.address)
    in_force = state.in_force()
    found = engine.count(names.passages, in_force) if state.dimension else 0
    if found != state.passages:
        yield _problem(
            f"{place.address.text} holds {found} passages, and should hold {state.passages}",
            remedy,
        )
    notes = list(engine.scroll(names.notes, in_force, ["passages", "path"]))
    filled = [record.payload for record in notes if record.payload and record.payload["passages"]]
    if len(filled) != state.notes:
        yield _problem(
            f"{place.address.text} holds {len(filled)} notes with passages, and should hold "
            f"{state.notes}",
            remedy,
        )
    if (listed := sum(note["passages"] for note in filled)) != state.passages:
        yield _problem(
            f"{place.address.text}: the notes name {listed} passages, and should name "
            f"{state.passages}",
            remedy,
        )
    known = read_files(engine)
    strange = sum(record.payload["path"] not in known for record in notes if record.payload)
    if strange:
        yield _problem(
            f"{place.address.text} holds {strange} notes of no file that it knows", remedy
        )


def _leftovers(engine: Engine, state: EngineState) -> list[tuple[str, models.Filter, int, str]]:
    """Return what no generation shows: harmless, but it takes room."""
    names = engine.names
    cut_short = all_of(is_within("since", least=state.generation + 1))
    # What ended with the generation in force, readers of the one before may still ask for.
    ended = all_of(is_within("until", most=state.generation - 1))
    asked = [
        (collection, where, what)
        for collection in (names.notes, *([names.passages] if state.dimension else []))
        for where, what in (
            (cut_short, "of an update that was cut short"),
            (ended, "that have ended"),
        )
    ]
    counted = [(name, where, engine.count(name, where), what) for name, where, what in asked]
    return [found for found in counted if found[2]]


def _problem(message: str, remedy: Remedy, *, fixed: bool = False) -> Problem:
    return Problem(f"{message}; {remedy.call}", f"{message}; {remedy.command}", fixed)
