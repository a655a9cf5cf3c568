"""A choice in, an embedder out: compiled at first use, opened from the cache ever after."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.choice import ModelChoice
from notesearch.embedding.compiled import GraphEmbedder, open_engine
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
from notesearch.embedding.tokens import TokenReader
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder


class ModelWarning(UserWarning):
    """Something about a model that a person should know, and that is no error."""


def warn_in_python(message: str) -> None:
    """The library's way to warn; the command line hands in its own."""
    warnings.warn(message, ModelWarning, stacklevel=3)


def load_embedder(
    choice: ModelChoice = ModelChoice(),  # noqa: B008  frozen
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> Embedder:
    """Open the chosen model, compiling it first where that has not been done (about 15 s).

    Raises ModelError for a model that is not there or cannot be loaded.
    """
    source = locate(choice)
    cache = choose_cache(cache_dir, warn)
    fingerprint = compute_fingerprint(choice, source, cache)
    folder, manifest = ensure_compiled(choice, source, fingerprint, cache)
    if manifest.warning:
        warn(manifest.warning)
    reader = TokenReader.from_file(folder / TOKENIZER, manifest.rules)
    engine = open_engine(folder / GRAPH)
    return GraphEmbedder(engine, reader, manifest.shape, fingerprint, warn)


def fingerprint_of(
    choice: ModelChoice = ModelChoice(),  # noqa: B008  frozen
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> str:
    """The fingerprint that `load_embedder` would give, without loading anything."""
    return compute_fingerprint(choice, locate(choice), choose_cache(cache_dir, warn))


def locate(choice: ModelChoice) -> ModelSource:
    """Find the model's files, fetching a hub model that is not on this machine."""
    source = find_source(choice)
    if source is None:
        from notesearch.embedding import torch_model

        torch_model.download(choice)
        source = find_source(choice)
    if source is None:
        raise ModelError(f"model {choice.name}: not found in the hub's cache after its download")
    return source


def ensure_compiled(
    choice: ModelChoice, source: ModelSource, fingerprint: str, cache: Path
) -> tuple[Path, Manifest]:
    """The compiled form's folder and manifest; compiles where there is none, or a damaged one."""
    folder = folder_of(cache, fingerprint)
    manifest = open_manifest(folder)
    if manifest is None:
        with locked(folder):
            manifest = open_manifest(folder)  # another process may have compiled it meanwhile
            if manifest is None:
                from notesearch.embedding.compiler import compile_model

                manifest = compile_model(choice, source, fingerprint, folder)
    return folder, manifest
