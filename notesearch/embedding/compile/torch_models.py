"""Load models through sentence-transformers and torch, run them, and make their graphs.

Importing this module costs 4 to 7 s and 500 MB. It is imported to compile a model, to use a GPU,
and for models that cannot be compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
from notesearch.embedding.graph_engine import (
    Engine,
    GraphShape,
    ModelEmbedder,
    plan_batches,
)
from notesearch.embedding.token_reader import (
    PairReader,
    ReadingRules,
    TokenReader,
    to_valid_text,
)
from notesearch.errors import ModelError
from notesearch.odds import to_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import CrossEncoder, SentenceTransformer

    from notesearch.embedding.graph_engine import GraphInputs
    from notesearch.embedding.model_cache import ModelFiles
    from notesearch.embedding.model_choice import ModelChoice

CPU_BATCH_TOKENS = 4096
GPU_BATCH_TOKENS = 65536
_BATCH_PAIRS = 32
_PASSAGE_PROMPTS = ("document", "passage", "corpus")  # names in use, most usual first


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A sentence-transformers model with what the choice makes of it."""

    pipeline: SentenceTransformer
    reader: TokenReader
    shape: GraphShape
    device: str

    @property
    def batch_tokens(self) -> int:
        """Padded tokens in one run."""
        return CPU_BATCH_TOKENS if self.device == "cpu" else GPU_BATCH_TOKENS

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of sentence-transformers: (texts, dimension), rows of length 1."""
        return self._encode(self.pipeline.encode_document, texts, self.reader.rules.passage_prompt)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of sentence-transformers: (texts, dimension), rows of length 1."""
        return self._encode(self.pipeline.encode_query, texts, self.reader.rules.query_prompt)

    def _encode(
        self, encode: Callable[..., Any], texts: Sequence[str], prompt: str
    ) -> NDArray[np.float32]:
        with running(self.reader.rules.name):
            vectors = encode(
                [to_valid_text(text) for text in texts],
                prompt=prompt,
                batch_size=len(texts),
                normalize_embeddings=True,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
        rows: NDArray[np.float32] = vectors.float().cpu().numpy()
        return rows


def load_model(choice: ModelChoice, files: ModelFiles, device: str) -> LoadedModel:
    """Load from files on this machine; ModelError says what is wrong with them."""
    source, wanted = files.source, choice.truncate_dim
    pipeline: SentenceTransformer = load_from_files(files, device, truncate_dim=wanted)
    # float32 on the CPU whatever the files hold: half precision is slower there.
    dtype = "float32" if device == "cpu" else choice.dtype or "float32"
    pipeline.to(dtype=getattr(torch, dtype)).eval()
    with running(source.name):
        width = int(pipeline.encode(["width"], show_progress_bar=False).shape[1])
    if wanted is not None and width < wanted:
        raise ModelError(
            f"truncate_dim {wanted}: {source.name} gives {width} dimensions; "
            f"set it to {width} or less"
        )
    tokenizer = copy_tokenizer(pipeline.tokenizer, source)
    return LoadedModel(
        pipeline=pipeline,
        reader=TokenReader(tokenizer, _read_rules(choice, source.name, pipeline)),
        shape=shape_for(pipeline.tokenizer, width),
        device=device,
    )


def _read_rules(choice: ModelChoice, name: str, pipeline: SentenceTransformer) -> ReadingRules:
    """Take prompts and limit from the choice, else from the model's own configuration."""
    own = next((p for key in _PASSAGE_PROMPTS if (p := pipeline.prompts.get(key))), "")
    query = choice.query_prompt
    return ReadingRules(
        name=name,
        max_sequence=bounded(pipeline.max_seq_length),
        query_prompt=(pipeline.prompts.get("query") or "") if query is None else query,
        passage_prompt=own if choice.passage_prompt is None else choice.passage_prompt,
        special_tokens=type(pipeline[0]).__name__ != "StaticEmbedding",
    )


def pick_device(wanted: str) -> str:
    """Name the device as torch knows it; ModelError for one that this machine lacks."""
    has = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(device for device in has if has[device])
    if not has.get(wanted.partition(":")[0], False):
        raise ModelError(f"device {wanted}: torch finds none here; set device to auto or cpu")
    return wanted


class TorchEmbedder(ModelEmbedder):
    """An Embedder that runs sentence-transformers itself, for models that do not compile."""

    def __init__(self, model: LoadedModel, fingerprint: str, warn: Callable[[str], None]) -> None:
        super().__init__(model.reader, model.shape.dimension, fingerprint, warn)
        self._model = model

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1 in the order of the texts.

        Raises ModelError for a text over `max_tokens`.
        """
        lengths = [len(row) for row in self._reader.read_passages(texts)]
        vectors: NDArray[np.float32] = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for batch in plan_batches(lengths, self._model.batch_tokens):
            vectors[batch] = self._model.encode_passages([texts[i] for i in batch])
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1; a text over the limit is cut, with a warning."""
        self._reader.read_query(text, self.warn)
        vector: NDArray[np.float32] = self._model.encode_queries([text])[0]
        return vector


class UnitVectors(torch.nn.Module):
    """The whole pipeline as one graph, from token ids to vectors of length 1."""

    def __init__(self, model: LoadedModel) -> None:
        """Raise NotCompilableError for a pipeline that does more, which the graph would leave out.

        That is one that does not begin with token ids, or whose pooling leaves out the prompt.
        """
        super().__init__()
        first, *rest = model.pipeline.children()
        kind = type(first).__name__
        if kind not in {"Transformer", "StaticEmbedding"}:
            raise NotCompilableError(f"it begins with {kind}, not with a transformer")
        rules = model.reader.rules
        prompted = rules.query_prompt or rules.passage_prompt
        if prompted and not all(getattr(module, "include_prompt", True) for module in rest):
            raise NotCompilableError("its pooling leaves out the prompt")
        if kind == "StaticEmbedding":
            embedding: Any = first.embedding
            first = PaddedStatic(embedding.weight)
        self.steps = torch.nn.ModuleList([first, *rest])
        self.inputs = model.shape.inputs
        self.dimension = model.shape.dimension

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Take tensors of (texts, tokens) int64, return (texts, dimension) float32."""
        features: dict[str, Any] = dict(zip(self.inputs, tensors, strict=True))
        for step in self.steps:
            features = step(features)
        vectors = features["sentence_embedding"]
        if vectors.shape[1] != self.dimension:  # a Matryoshka model
            vectors = vectors[:, : self.dimension]
        return torch.nn.functional.normalize(vectors.float(), dim=1)


class PaddedStatic(torch.nn.Module):
    """sentence-transformers' StaticEmbedding over padded rows; its own takes ragged ones."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(weight.detach(), requires_grad=False)

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        """Put the mean of each row's token vectors under "sentence_embedding"."""
        mask = features["attention_mask"].unsqueeze(-1).to(self.weight.dtype)
        total = (torch.nn.functional.embedding(features["input_ids"], self.weight) * mask).sum(1)
        return features | {"sentence_embedding": total / mask.sum(1).clamp(min=1.0)}


def open_torch_engine(model: LoadedModel) -> Engine:
    """Run the graph by torch on the model's device."""
    graph = UnitVectors(model).eval()

    @torch.inference_mode()
    def run(inputs: GraphInputs) -> NDArray[np.float32]:
        tensors = [torch.from_numpy(array).to(model.device) for array in inputs.values()]
        vectors: NDArray[np.float32] = graph(*tensors).float().cpu().numpy()
        return vectors

    return Engine(run, model.batch_tokens)


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


def load_cross_encoder(files: ModelFiles) -> LoadedCrossEncoder:
    """Load from files on this machine, for the CPU; ModelError says what is wrong with them."""
    source = files.source
    pipeline: CrossEncoder = load_from_files(files, "cpu")
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
