"""A choice in, an embedder out: compiled at first use, opened from the cache ever after."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.bulk import BULK_PASSAGES, BulkEmbedder, may_have_accelerator
from notesearch.embedding.choice import ModelChoice, Precision
from notesearch.embedding.compiled import GraphEmbedder, UnusableGraphError, open_engine
from notesearch.embedding.fingerprint import compute_fingerprint
from notesearch.embedding.source import ModelSource, find_source
from notesearch.embedding.store import (
    GRAPH,
    TOKENIZER,
    Manifest,
    choose_cache,
    folder_of,
    locked,
    open_manifest,
)
from notesearch.embedding.tokens import ReadingRules, TokenReader
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder, TokenCounter


DEFAULT_CHOICE = ModelChoice()


class ModelWarning(UserWarning):
    """Something about a model that a person should know, and that is no error."""


def warn_in_python(message: str) -> None:
    """Warn as libraries do; the command line hands in its own."""
    warnings.warn(message, ModelWarning, stacklevel=3)


def say_nothing(message: str) -> None:
    """Observe for those who do not want to know."""


def load_embedder(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> Embedder:
    """Open the chosen model, compiling it first where that has not been done (about 15 s).

    `warn` hears what a person should know, `tell` what takes long. Raises ModelError for a model
    that is not there or cannot be loaded.
    """
    _check_device(choice)
    source = locate(choice)
    cache = choose_cache(cache_dir, warn)
    place = _Place(choice, source, compute_fingerprint(choice, source, cache), cache)
    manifest = _ensure_compiled(place, tell)
    if manifest.warning:
        warn(manifest.warning)
    if GRAPH not in manifest.files:
        return _open_torch(place, warn)
    graph = place.folder / GRAPH
    try:
        engine = open_engine(graph, at_once=True)
    except UnusableGraphError:
        manifest = _compile(place, tell)
        engine = open_engine(graph, at_once=True)
    reader = TokenReader.from_file(place.folder / TOKENIZER, manifest.rules)
    for_passages = partial(open_engine, graph)
    ready = GraphEmbedder(engine, reader, manifest.shape, place.fingerprint, warn, for_passages)
    return _with_bulk(place, ready, warn)


def load_counter(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> TokenCounter:
    """Open the chosen model's tokenizer alone: no graph, and no torch once it is compiled.

    The bundled model's is opened as it came, so that counting never waits for a compiler.
    """
    source = locate(choice)
    cache = choose_cache(cache_dir, warn)
    place = _Place(choice, source, compute_fingerprint(choice, source, cache), cache)
    manifest = open_manifest(place.folder)
    if manifest is None and source.max_sequence is not None:
        rules = ReadingRules(
            name=source.name,
            max_sequence=source.max_sequence,
            query_prompt=choice.query_prompt or "",
            passage_prompt=choice.passage_prompt or "",
            special_tokens=True,
        )
        return TokenReader.from_file(source.folder / TOKENIZER, rules)
    rules = (manifest or _ensure_compiled(place, tell)).rules
    return TokenReader.from_file(place.folder / TOKENIZER, rules)


def fingerprint_of(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> str:
    """Give the fingerprint that `load_embedder` would, without loading anything."""
    return compute_fingerprint(choice, locate(choice), choose_cache(cache_dir, warn))


def locate(choice: ModelChoice) -> ModelSource:
    """Find the model's files, fetching a hub model that is not on this machine."""
    source = find_source(choice)
    if source is None:
        from notesearch.embedding.hub import fetch_model

        fetch_model(choice)
        source = find_source(choice)
    if source is None:
        raise ModelError(f"model {choice.name}: not found in the hub's cache after its download")
    return source


@dataclass(frozen=True, slots=True)
class _Place:
    """A choice with its files and the folder of its compiled form."""

    choice: ModelChoice
    source: ModelSource
    fingerprint: str
    cache: Path

    @property
    def folder(self) -> Path:
        return folder_of(self.cache, self.fingerprint)


def _ensure_compiled(place: _Place, tell: Callable[[str], None]) -> Manifest:
    """Give the compiled form's manifest; compile where there is none, or a damaged one."""
    return open_manifest(place.folder) or _compile(place, tell, unless_there=True)


def _compile(place: _Place, tell: Callable[[str], None], *, unless_there: bool = False) -> Manifest:
    """Compile under the lock; another process may have done it while this one waited."""
    from notesearch.embedding.compiler import compile_model

    with locked(place.folder):
        there = open_manifest(place.folder) if unless_there else None
        if there is not None:
            return there
        tell(f"compiling {place.source.name}, once for this machine (about 15 s)")
        try:
            return compile_model(place.choice, place.source, place.fingerprint, place.folder)
        except OSError as error:
            raise ModelError(
                f"{place.folder}: the compiled model cannot be written: {error}; "
                "make room there, or name another cache folder"
            ) from error


def _open_torch(place: _Place, warn: Callable[[str], None]) -> Embedder:
    """For a model that does not compile."""
    from notesearch.embedding import torch_model

    device = torch_model.pick_device(place.choice.device)
    model = torch_model.load_model(place.choice, place.source, device)
    return torch_model.TorchEmbedder(model, place.fingerprint, warn)


def _with_bulk(place: _Place, ready: GraphEmbedder, warn: Callable[[str], None]) -> Embedder:
    """Add the GPU for large batches where the choice and the machine have one."""
    wanted, precision = place.choice.device, place.choice.precision
    if wanted == "cpu":
        return ready
    if wanted == "auto" and (precision is Precision.INT8 or not may_have_accelerator()):
        return ready

    def open_bulk() -> Embedder:
        from notesearch.embedding import torch_model

        device = torch_model.pick_device(wanted)
        if device == "cpu":
            return ready
        model = torch_model.load_model(place.choice, place.source, device)
        engine, shape = torch_model.open_torch_engine(model), torch_model.shape_of(model)
        return GraphEmbedder(engine, model.reader, shape, place.fingerprint, warn)

    return BulkEmbedder(ready, open_bulk, BULK_PASSAGES if wanted == "auto" else 1)


def _check_device(choice: ModelChoice) -> None:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", choice.device):
        raise ModelError(f"device {choice.device}: not known; use auto, cpu, cuda, cuda:N or mps")
    if choice.precision is Precision.INT8 and choice.device not in {"auto", "cpu"}:
        raise ModelError(
            f"device {choice.device}: int8 runs on the CPU; set device to cpu, or another precision"
        )
