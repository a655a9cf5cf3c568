"""A CrossEncoder of sentence-transformers: load it, run it, export it.

Imported to compile a model, and for models that cannot be compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from notesearch.embedding.compile.onnx_graph import (
    NotCompilableError,
    attention_for_export,
    export_module,
)
from notesearch.embedding.compile.pretrained import (
    bounded,
    copy_tokenizer,
    input_names,
    load_from_files,
    pad_id_of,
    running,
)
from notesearch.embedding.cross_encoder import PairReader
from notesearch.embedding.graph_engine import GraphShape
from notesearch.embedding.reranking.compiled import to_probabilities
from notesearch.embedding.token_reader import ReadingRules
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import CrossEncoder

    from notesearch.embedding.model_choice import RerankerChoice
    from notesearch.embedding.model_source import ModelSource

OUTPUT = "logits"
_BATCH_PAIRS = 32


@dataclass(frozen=True, slots=True)
class LoadedCrossEncoder:
    """A CrossEncoder with one label, and how it reads pairs."""

    pipeline: CrossEncoder
    rules: ReadingRules
    reader: PairReader
    shape: GraphShape


def load_cross_encoder(choice: RerankerChoice, source: ModelSource) -> LoadedCrossEncoder:
    """Load from files on this machine, for the CPU; ModelError says what is wrong with them."""
    pipeline: CrossEncoder = load_from_files(choice, source, "cpu")
    if pipeline.num_labels != 1:
        raise ModelError(
            f"model {source.folder}: gives {pipeline.num_labels} labels for a pair, and ranking "
            "takes one; set rerank to a CrossEncoder with num_labels 1"
        )
    pipeline.to(dtype=torch.float32).eval()
    tokenizer = pipeline.tokenizer
    rules = ReadingRules(
        name=source.name,
        max_sequence=_limit_of(pipeline),
        query_prompt="",
        passage_prompt="",
        special_tokens=True,
    )
    known = inspect.signature(pipeline.model.forward).parameters if pipeline.model else {}
    inputs = tuple(name for name in input_names(tokenizer) if name in known)
    return LoadedCrossEncoder(
        pipeline=pipeline,
        rules=rules,
        reader=PairReader(copy_tokenizer(tokenizer, source), rules),
        shape=GraphShape(inputs, pad_id_of(tokenizer), dimension=1),
    )


class TorchReranker:
    """A Reranker that runs sentence-transformers itself, for models that do not compile."""

    def __init__(self, model: LoadedCrossEncoder, warn: Callable[[str], None]) -> None:
        self._model = model
        self._warn = warn

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """(passages,) float64 from 0 to 1, in the order of the passages."""
        pairs = self._model.reader.cut_texts(question, passages, self._warn)
        return to_probabilities(predict_logits(self._model, pairs))


def predict_logits(
    model: LoadedCrossEncoder, pairs: Sequence[tuple[str, str]]
) -> NDArray[np.float32]:
    """Give what sentence-transformers itself makes of pairs: (pairs,), before any activation."""
    with running(model.rules.name):
        logits = model.pipeline.predict(
            list(pairs),
            batch_size=_BATCH_PAIRS,
            show_progress_bar=False,
            activation_fn=torch.nn.Identity(),
        )
    return np.asarray(logits, dtype=np.float32)


class PairLogits(torch.nn.Module):
    """A cross-encoder's transformer with its head as one graph: ids of pairs in, logits out."""

    def __init__(self, transformer: torch.nn.Module, inputs: Sequence[str]) -> None:
        super().__init__()
        self.transformer = transformer
        self.inputs = tuple(inputs)

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Each tensor is (pairs, tokens) int64; the answer is (pairs, 1) float32."""
        answer = self.transformer(**dict(zip(self.inputs, tensors, strict=True)))
        logits: torch.Tensor = answer.logits
        return logits.float()


def export_graph(
    model: LoadedCrossEncoder, path: Path, sample: dict[str, NDArray[np.int64]], *, one_text: bool
) -> None:
    """Write the ONNX graph; NotCompilableError with the reason where that cannot be.

    A graph for `one_text`, which is a pair here, heeds no mask in its attention and takes one row.
    """
    transformer = model.pipeline.model
    if transformer is None or not type(transformer).__name__.endswith("ForSequenceClassification"):
        raise NotCompilableError(f"it is no sequence classifier but {type(transformer).__name__}")
    prompts = getattr(model.pipeline, "prompts", {})
    if prompts.get(getattr(model.pipeline, "default_prompt_name", None)):
        raise NotCompilableError("it puts a prompt before its pairs")
    names = model.shape.inputs
    inputs = {name: sample[name] for name in names}
    with attention_for_export(transformer, one_text=one_text):
        export_module(PairLogits(transformer, names), path, inputs, OUTPUT, one_text=one_text)


def _limit_of(pipeline: CrossEncoder) -> int:
    """Give the tokens of a pair that the model reads: what tokenizer and transformer allow."""
    positions = getattr(pipeline.config, "max_position_embeddings", None)
    limit = bounded(pipeline.tokenizer.model_max_length)
    return min(limit, positions) if positions else limit
