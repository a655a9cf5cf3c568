"""Open the models that the settings choose: compiled at first use, from the cache ever after.

Each function takes `cache_dir` for another cache folder than the user's, and two functions of one
line of text: `warn` is called with what a person should know, `announce` with what takes long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.embedding.bulk_embedder import BULK_PASSAGES, BulkEmbedder, may_have_accelerator
from notesearch.embedding.graph_engine import GraphEmbedder, open_engine
from notesearch.embedding.model_cache import (
    TOKENIZER,
    CompiledForm,
    ModelFiles,
    find_files,
    open_manifest,
)
from notesearch.embedding.model_choice import ModelChoice, Precision, RerankerChoice
from notesearch.embedding.token_reader import ReadingRules, TokenReader, open_tokenizer
from notesearch.errors import ModelError, say_nothing, warn_in_python

if TYPE_CHECKING:
    from notesearch.embedding.protocol import Embedder, Reranker

DEFAULT_CHOICE = ModelChoice()
# What the architectures of cross-encoders end in: with a head, or asked for yes or no.
_HEADS = ("ForSequenceClassification", "ForCausalLM")


def fingerprint_of(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
) -> str:
    """Return the fingerprint of the embedder that `load_embedder` opens; nothing is loaded."""
    return find_files(choice, cache_dir, warn).fingerprint


def load_counter(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> TokenReader:
    """Open the chosen model's tokenizer alone: no graph, and no torch once it is compiled.

    The bundled model's is opened as it came, so that counting never waits for a compiler.
    """
    files = find_files(choice, cache_dir, warn)
    source, folder = files.source, files.folder
    if open_manifest(folder) is None and source.max_sequence is not None:
        rules = ReadingRules(
            source.name, source.max_sequence, choice.query_prompt or "", choice.passage_prompt or ""
        )
        folder = source.folder
    else:
        rules = CompiledForm(files, announce).manifest.rules
    return TokenReader(open_tokenizer(folder / TOKENIZER), rules)


def load_embedder(
    choice: ModelChoice = DEFAULT_CHOICE,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> Embedder:
    """Open the chosen model, compiling it first where that has not been done (about 15 s).

    Raises ModelError for a model that is not there or cannot be loaded.
    """
    _check_choice(choice)
    files = find_files(choice, cache_dir, warn)
    form = CompiledForm(files, announce)
    if form.manifest.warning:
        warn(form.manifest.warning)
    if not form.has_graph:
        from notesearch.embedding.compile import torch_embedder

        device = torch_embedder.pick_device(choice.device)
        files.require_unchanged()
        model = torch_embedder.load_model(choice, files.source, device)
        return torch_embedder.TorchEmbedder(model, files.fingerprint, warn)
    ready = GraphEmbedder(
        form.open(partial(open_engine, at_once=True)),
        TokenReader(open_tokenizer(files.folder / TOKENIZER), form.manifest.rules),
        form.manifest.shape,
        files.fingerprint,
        warn,
        form.open,
    )
    return _with_bulk(choice, files, ready, warn)


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


def _with_bulk(
    choice: ModelChoice, files: ModelFiles, ready: GraphEmbedder, warn: Callable[[str], None]
) -> Embedder:
    """Add the GPU for large batches where the choice and the machine have one."""
    wanted = choice.device
    if wanted == "cpu":
        return ready
    is_float32 = choice.precision is Precision.FLOAT32
    if wanted == "auto" and not (is_float32 and may_have_accelerator()):
        return ready

    def open_bulk() -> Embedder:
        from notesearch.embedding.compile import torch_embedder

        device = torch_embedder.pick_device(wanted)
        if device == "cpu":
            return ready
        files.require_unchanged()
        model = torch_embedder.load_model(choice, files.source, device)
        engine = torch_embedder.open_torch_engine(model)
        return GraphEmbedder(engine, model.reader, model.shape, files.fingerprint, warn)

    return BulkEmbedder(ready, open_bulk, BULK_PASSAGES if wanted == "auto" else 1)


def load_reranker(
    choice: RerankerChoice,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> Reranker:
    """Open the chosen cross-encoder, compiling it first where that has not been done.

    Raises ModelError for a model that is not there, cannot be loaded, or is no CrossEncoder with
    one label.
    """
    files = find_files(choice, cache_dir, warn)
    _require_cross_encoder(files.source.folder)
    form = CompiledForm(files, announce)
    if form.manifest.warning:
        warn(form.manifest.warning)
    if not form.has_graph:
        from notesearch.embedding.compile import torch_reranker

        files.require_unchanged()
        model = torch_reranker.load_cross_encoder(choice, files.source)
        return torch_reranker.TorchReranker(model, warn)
    # Imported where the settings name a cross-encoder alone.
    from notesearch.embedding.cross_encoder import GraphReranker, PairReader

    engine = form.open()
    reader = PairReader(open_tokenizer(files.folder / TOKENIZER), form.manifest.rules)
    return GraphReranker(engine, reader, form.manifest.shape, warn)


def _require_cross_encoder(folder: Path) -> None:
    """Refuse another kind of model: sentence-transformers gives it a head of random numbers.

    A folder that names its kind is believed; else its architecture decides.
    """
    if (folder / "modules.json").is_file():
        config = _read_json(folder / "config_sentence_transformers.json")
        kind = str(config.get("model_type", "SentenceTransformer"))
        fits = kind == "CrossEncoder"
    else:
        architectures = _read_json(folder / "config.json").get("architectures")
        named = architectures if isinstance(architectures, list) else []
        kind = str(named[0]) if named else "of unknown architecture"
        fits = kind.endswith(_HEADS)
    if not fits:
        raise ModelError(
            f"model {folder}: not a CrossEncoder but {kind}; "
            "set rerank to a CrossEncoder of sentence-transformers"
        )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
