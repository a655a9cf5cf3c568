"""A choice in, an embedder out: compiled at first use, opened from the cache ever after."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.bulk_embedder import BULK_PASSAGES, BulkEmbedder, may_have_accelerator
from notesearch.embedding.graph_engine import (
    GraphEmbedder,
    open_engine,
)
from notesearch.embedding.model_cache import TOKENIZER, Manifest, open_manifest
from notesearch.embedding.model_choice import ModelChoice, Precision
from notesearch.embedding.place import CompiledForm, Place, find_place
from notesearch.embedding.token_reader import ReadingRules, TokenReader
from notesearch.errors import ModelError, say_nothing, warn_in_python

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder


DEFAULT_CHOICE = ModelChoice()


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
    _check_choice(choice)
    place = find_place(choice, cache_dir, warn)
    form = CompiledForm(place, lambda: _compile(choice, place), tell)
    if form.manifest.warning:
        warn(form.manifest.warning)
    if not form.has_graph:
        return _open_torch(choice, place, warn)
    ready = GraphEmbedder(
        form.open(partial(open_engine, at_once=True)),
        TokenReader.from_file(place.folder / TOKENIZER, form.manifest.rules),
        form.manifest.shape,
        place.fingerprint,
        warn,
        form.open,
    )
    return _with_bulk(choice, place, ready, warn)


def load_counter(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> TokenReader:
    """Open the chosen model's tokenizer alone: no graph, and no torch once it is compiled.

    The bundled model's is opened as it came, so that counting never waits for a compiler.
    """
    place = find_place(choice, cache_dir, warn)
    source, manifest = place.source, open_manifest(place.folder)
    if manifest is None and source.max_sequence is not None:
        rules = ReadingRules(
            name=source.name,
            max_sequence=source.max_sequence,
            query_prompt=choice.query_prompt or "",
            passage_prompt=choice.passage_prompt or "",
            special_tokens=True,
        )
        return TokenReader.from_file(source.folder / TOKENIZER, rules)
    rules = CompiledForm(place, lambda: _compile(choice, place), tell).manifest.rules
    return TokenReader.from_file(place.folder / TOKENIZER, rules)


def fingerprint_of(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> str:
    """Give the fingerprint that `load_embedder` would, without loading anything."""
    return find_place(choice, cache_dir, warn).fingerprint


def _compile(choice: ModelChoice, place: Place) -> Manifest:
    from notesearch.embedding.compile.model_compiler import compile_model

    return compile_model(choice, place.source, place.fingerprint, place.folder)


def _open_torch(choice: ModelChoice, place: Place, warn: Callable[[str], None]) -> Embedder:
    """For a model that does not compile."""
    from notesearch.embedding.compile import torch_embedder

    device = torch_embedder.pick_device(choice.device)
    place.require_unchanged()
    model = torch_embedder.load_model(choice, place.source, device)
    return torch_embedder.TorchEmbedder(model, place.fingerprint, warn)


def _with_bulk(
    choice: ModelChoice, place: Place, ready: GraphEmbedder, warn: Callable[[str], None]
) -> Embedder:
    """Add the GPU for large batches where the choice and the machine have one."""
    wanted, precision = choice.device, choice.precision
    if wanted == "cpu":
        return ready
    if wanted == "auto" and (precision is not Precision.FLOAT32 or not may_have_accelerator()):
        return ready

    def open_bulk() -> Embedder:
        from notesearch.embedding.compile import torch_embedder

        device = torch_embedder.pick_device(wanted)
        if device == "cpu":
            return ready
        place.require_unchanged()
        model = torch_embedder.load_model(choice, place.source, device)
        engine, shape = torch_embedder.open_torch_engine(model), torch_embedder.shape_of(model)
        return GraphEmbedder(engine, model.reader, shape, place.fingerprint, warn)

    return BulkEmbedder(ready, open_bulk, BULK_PASSAGES if wanted == "auto" else 1)


def _check_choice(choice: ModelChoice) -> None:
    if choice.truncate_dim is not None and choice.truncate_dim < 1:
        raise ModelError(
            f"truncate_dim {choice.truncate_dim}: no number of dimensions; set it to 1 or more"
        )
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", choice.device):
        raise ModelError(f"device {choice.device}: not known; use auto, cpu, cuda, cuda:N or mps")
    if choice.precision is not Precision.FLOAT32 and choice.device not in {"auto", "cpu"}:
        raise ModelError(
            f"device {choice.device}: {choice.precision.value} runs on the CPU; "
            "set device to cpu, or another precision"
        )
