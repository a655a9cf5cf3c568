"""Load a cross-encoder through sentence-transformers and torch, run it, and make its graph.

Imported to compile a model, and for models that cannot be compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from notesearch.embedding.compile.onnx_graph import NotCompilableError
from notesearch.embedding.compile.pretrained import (
    bounded,
    copy_tokenizer,
    load_from_files,
    running,
    shape_for,
)
from notesearch.embedding.cross_encoder import PairReader, to_probabilities
from notesearch.embedding.graph_engine import GraphShape
from notesearch.embedding.token_reader import ReadingRules
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import CrossEncoder

    from notesearch.embedding.model_choice import RerankerChoice
    from notesearch.embedding.model_source import ModelSource

_BATCH_PAIRS = 32


@dataclass(frozen=True, slots=True)
class LoadedCrossEncoder:
    """A CrossEncoder with one label, and how it reads pairs."""

    pipeline: CrossEncoder
    reader: PairReader
    shape: GraphShape

    def predict_logits(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return what sentence-transformers gives pairs, before any activation: (pairs,)."""
        with running(self.reader.rules.name):
            logits = self.pipeline.predict(
                list(pairs),
                batch_size=_BATCH_PAIRS,
                show_progress_bar=False,
                activation_fn=torch.nn.Identity(),
            )
        return np.asarray(logits, dtype=np.float32)


def load_cross_encoder(choice: RerankerChoice, source: ModelSource) -> LoadedCrossEncoder:
    """Load from files on this machine, for the CPU; ModelError says what is wrong with them."""
    pipeline: CrossEncoder = load_from_files(choice, source, "cpu")
    if pipeline.num_labels != 1:
        raise ModelError(
            f"model {source.folder}: gives {pipeline.num_labels} labels for a pair, and ranking "
            "takes one; set rerank to a CrossEncoder with num_labels 1"
        )
    pipeline.to(dtype=torch.float32).eval()
    # The tokens of a pair that both tokenizer and transformer allow.
    limit = bounded(pipeline.tokenizer.model_max_length)
    positions = getattr(pipeline.config, "max_position_embeddings", None) or limit
    rules = ReadingRules(source.name, min(limit, positions))
    shape = shape_for(pipeline.tokenizer, dimension=1)
    known = inspect.signature(pipeline.model.forward).parameters if pipeline.model else {}
    return LoadedCrossEncoder(
        pipeline=pipeline,
        reader=PairReader(copy_tokenizer(pipeline.tokenizer, source), rules),
        shape=replace(shape, inputs=tuple(name for name in shape.inputs if name in known)),
    )


@dataclass(frozen=True, slots=True)
class TorchReranker:
    """A Reranker that runs sentence-transformers itself, for models that do not compile."""

    model: LoadedCrossEncoder
    warn: Callable[[str], None]

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """Return (passages,) float64 from 0 to 1, in the order of the passages."""
        pairs = self.model.reader.cut_texts(question, passages, self.warn)
        return to_probabilities(self.model.predict_logits(pairs))


class PairLogits(torch.nn.Module):
    """A cross-encoder's transformer with its head as one graph, from ids of pairs to logits."""

    def __init__(self, model: LoadedCrossEncoder) -> None:
        """Raise NotCompilableError for a model that a graph would leave a part out of."""
        super().__init__()
        pipeline = model.pipeline
        transformer = pipeline.model
        kind = type(transformer).__name__
        if transformer is None or not kind.endswith("ForSequenceClassification"):
            raise NotCompilableError(f"it is no sequence classifier but {kind}")
        prompts = getattr(pipeline, "prompts", {})
        if prompts.get(getattr(pipeline, "default_prompt_name", None)):
            raise NotCompilableError("it puts a prompt before its pairs")
        self.transformer = transformer
        self.inputs = model.shape.inputs

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Take tensors of (pairs, tokens) int64, return (pairs, 1) float32."""
        answer = self.transformer(**dict(zip(self.inputs, tensors, strict=True)))
        logits: torch.Tensor = answer.logits
        return logits.float()
