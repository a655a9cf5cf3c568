"""A choice in, its files and its compiled form out: compiled at first use, found ever after.

The same for all kinds of models; what compiling means is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.compiled import Engine, UnusableGraphError, open_engine
from notesearch.embedding.fingerprint import compute_fingerprint
from notesearch.embedding.source import ModelSource, find_source
from notesearch.embedding.store import (
    GRAPH,
    Manifest,
    choose_cache,
    folder_of,
    locked,
    open_manifest,
)
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.choice import AnyChoice


@dataclass(frozen=True, slots=True)
class Place:
    """A model's files, and the folder of its compiled form, which may not be there yet."""

    source: ModelSource
    fingerprint: str
    folder: Path


def find_place(choice: AnyChoice, cache_dir: Path | None, warn: Callable[[str], None]) -> Place:
    """Find a model's files, and where its compiled form stands or will."""
    source = locate(choice)
    cache = choose_cache(cache_dir, warn)
    fingerprint = compute_fingerprint(choice, source, cache)
    return Place(source, fingerprint, folder_of(cache, fingerprint))


def locate(choice: AnyChoice) -> ModelSource:
    """Find the model's files, fetching a hub model that is not on this machine."""
    source = find_source(choice)
    if source is None:
        from notesearch.embedding.hub import fetch_model

        fetch_model(choice)
        source = find_source(choice)
    if source is None:
        raise ModelError(f"model {choice.name}: not found in the hub's cache after its download")
    return source


def open_form(
    place: Place,
    compile_form: Callable[[], Manifest],
    warn: Callable[[str], None],
    tell: Callable[[str], None],
    open_graph: Callable[[Path], Engine] = open_engine,
) -> tuple[Manifest, Engine | None]:
    """Open the compiled form, making it where there is none; no engine where torch has to run.

    A form that onnxruntime does not take is made anew.
    """
    manifest = ensure_compiled(place, compile_form, tell)
    if manifest.warning:
        warn(manifest.warning)
    if GRAPH not in manifest.files:
        return manifest, None
    try:
        return manifest, open_graph(place.folder / GRAPH)
    except UnusableGraphError:
        manifest = _compile(place, compile_form, tell)
        return manifest, open_graph(place.folder / GRAPH)


def ensure_compiled(
    place: Place, compile_form: Callable[[], Manifest], tell: Callable[[str], None]
) -> Manifest:
    """Give the compiled form's manifest; compile where there is none, or a damaged one."""
    return open_manifest(place.folder) or _compile(place, compile_form, tell, unless_there=True)


def _compile(
    place: Place,
    compile_form: Callable[[], Manifest],
    tell: Callable[[str], None],
    *,
    unless_there: bool = False,
) -> Manifest:
    """Compile under the lock; another process may have done it while this one waited."""
    with locked(place.folder):
        there = open_manifest(place.folder) if unless_there else None
        if there is not None:
            return there
        tell(f"compiling {place.source.name}, once for this machine (about 15 s)")
        try:
            return compile_form()
        except OSError as error:
            raise ModelError(
                f"{place.folder}: the compiled model cannot be written: {error}; "
                "make room there, or name another cache folder"
            ) from error
