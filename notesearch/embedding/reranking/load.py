"""A choice in, a reranker out: compiled at first use, opened from the cache ever after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.embedding.cross_encoder import PairReader
from notesearch.embedding.model_cache import TOKENIZER, Manifest
from notesearch.embedding.model_choice import RerankerChoice
from notesearch.embedding.place import CompiledForm, Place, find_place
from notesearch.embedding.reranking.compiled import GraphReranker
from notesearch.errors import ModelError, say_nothing, warn_in_python

if TYPE_CHECKING:
    from notesearch.embedding.model_source import ModelSource
    from notesearch.embedding.protocol import Reranker

# What the architectures of cross-encoders end in: with a head, or asked for yes or no.
_HEADS = ("ForSequenceClassification", "ForCausalLM")


def load_reranker(
    choice: RerankerChoice,
    *,
    cache_dir: Path | None = None,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> Reranker:
    """Open the chosen cross-encoder, compiling it first where that has not been done.

    `warn` hears what a person should know, `tell` what takes long. Raises ModelError for a model
    that is not there, cannot be loaded, or is no CrossEncoder with one label.
    """
    place = find_place(choice, cache_dir, warn)
    require_cross_encoder(place.source)
    form = CompiledForm(place, lambda: _compile(choice, place), tell)
    if form.manifest.warning:
        warn(form.manifest.warning)
    if not form.has_graph:
        from notesearch.embedding.compile import torch_reranker

        place.require_unchanged()
        model = torch_reranker.load_cross_encoder(choice, place.source)
        return torch_reranker.TorchReranker(model, warn)
    engine = form.open()
    reader = PairReader.from_file(place.folder / TOKENIZER, form.manifest.rules)
    return GraphReranker(engine, reader, form.manifest.shape, warn)


def _compile(choice: RerankerChoice, place: Place) -> Manifest:
    from notesearch.embedding.reranking.compiler import compile_reranker

    return compile_reranker(choice, place)


def require_cross_encoder(source: ModelSource) -> None:
    """Refuse another kind of model: sentence-transformers gives it a head of random numbers.

    A folder that says of itself what it is is believed; else it is seen by its architecture.
    """
    if (source.folder / "modules.json").is_file():
        said = _read_json(source.folder / "config_sentence_transformers.json")
        kind = str(said.get("model_type", "SentenceTransformer"))
        fits = kind == "CrossEncoder"
    else:
        architectures = _read_json(source.folder / "config.json").get("architectures")
        kind = str(architectures[0]) if architectures else "of unknown architecture"
        fits = kind.endswith(_HEADS)
    if not fits:
        raise ModelError(
            f"model {source.folder}: not a CrossEncoder but {kind}; "
            "set rerank to a CrossEncoder of sentence-transformers"
        )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
