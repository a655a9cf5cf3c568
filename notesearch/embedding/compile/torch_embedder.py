"""An embedding model through sentence-transformers and torch: load it, run it, export it.

Importing this module costs 4 to 7 s and 500 MB. It is imported to compile a model, to use a GPU,
and for models that cannot be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from notesearch.embedding.batching import plan_batches
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
from notesearch.embedding.graph_engine import OUTPUT, Engine, GraphShape
from notesearch.embedding.token_reader import ReadingRules, TokenReader, to_valid_text
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    from notesearch.embedding.model_choice import ModelChoice
    from notesearch.embedding.model_source import ModelSource

CPU_BATCH_TOKENS = 4096
GPU_BATCH_TOKENS = 65536
_PASSAGE_PROMPTS = ("document", "passage", "corpus")  # names in use, most usual first
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A sentence-transformers model with what the choice makes of it."""

    pipeline: SentenceTransformer
    rules: ReadingRules
    reader: TokenReader
    inputs: tuple[str, ...]  # what its graph takes
    pad_id: int
    truncate_dim: int | None
    device: str


def load_model(choice: ModelChoice, source: ModelSource, device: str) -> LoadedModel:
    """Load from files on this machine; ModelError says what is wrong with them."""
    pipeline: SentenceTransformer = load_from_files(
        choice, source, device, truncate_dim=choice.truncate_dim
    )
    _check_dimensions(choice, source.name, pipeline)
    # float32 on the CPU whatever the files hold: half precision is slower there.
    pipeline.to(dtype=torch.float32 if device == "cpu" else _dtype_of(choice)).eval()
    tokenizer = copy_tokenizer(pipeline.tokenizer, source)
    rules = _read_rules(choice, source.name, pipeline)
    return LoadedModel(
        pipeline=pipeline,
        rules=rules,
        reader=TokenReader(tokenizer, rules),
        inputs=input_names(pipeline.tokenizer),
        pad_id=pad_id_of(pipeline.tokenizer),
        truncate_dim=choice.truncate_dim,
        device=device,
    )


class TorchEmbedder:
    """An Embedder that runs sentence-transformers itself, for models that do not compile."""

    def __init__(self, model: LoadedModel, fingerprint: str, warn: Callable[[str], None]) -> None:
        self._model = model
        self._warn = warn
        self.max_tokens = model.reader.max_tokens
        self.dimension = model.truncate_dim or _width(model.rules.name, model.pipeline)
        self.fingerprint = fingerprint

    def count_tokens(self, text: str) -> int:
        """Tokens of one text, comparable with `max_tokens`."""
        return self._model.reader.count_tokens(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension) float32, rows of length 1 in the order of the texts.

        Raises ModelError for a text over `max_tokens`.
        """
        lengths = [len(row) for row in self._model.reader.read_passages(texts)]
        vectors: NDArray[np.float32] = np.zeros((len(texts), self.dimension), dtype=np.float32)
        budget = CPU_BATCH_TOKENS if self._model.device == "cpu" else GPU_BATCH_TOKENS
        for batch in plan_batches(lengths, budget):
            vectors[batch] = encode_passages(self._model, [texts[i] for i in batch])
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of length 1; a text over the limit is cut, with a warning."""
        self._model.reader.read_query(text, self._warn)
        vector: NDArray[np.float32] = encode_queries(self._model, [text])[0]
        return vector


def encode_passages(model: LoadedModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """Give what sentence-transformers itself makes of passages: (texts, dimension), length 1."""
    return _encode(model, model.pipeline.encode_document, texts, model.rules.passage_prompt)


def encode_queries(model: LoadedModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """Give what sentence-transformers itself makes of queries: (texts, dimension), length 1."""
    return _encode(model, model.pipeline.encode_query, texts, model.rules.query_prompt)


def _encode(
    model: LoadedModel, encode: Callable[..., Any], texts: Sequence[str], prompt: str
) -> NDArray[np.float32]:
    with running(model.rules.name):
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


class UnitVectors(torch.nn.Module):
    """The whole pipeline as one graph: token ids in, vectors of length 1 out."""

    def __init__(self, model: LoadedModel) -> None:
        super().__init__()
        first, *rest = model.pipeline.children()
        if type(first).__name__ == "StaticEmbedding":
            embedding: Any = first.embedding
            first = PaddedStatic(embedding.weight)
        self.steps = torch.nn.ModuleList([first, *rest])
        self.inputs = model.inputs
        self.truncate_dim = model.truncate_dim

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Each tensor is (texts, tokens) int64; the answer is (texts, dimension) float32."""
        features: dict[str, Any] = dict(zip(self.inputs, tensors, strict=True))
        for step in self.steps:
            features = step(features)
        vectors = features["sentence_embedding"]
        if self.truncate_dim is not None:
            vectors = vectors[:, : self.truncate_dim]
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


def export_graph(
    model: LoadedModel, path: Path, sample: dict[str, NDArray[np.int64]], *, one_text: bool
) -> None:
    """Write the pipeline's ONNX graph; NotCompilableError with the reason where that cannot be.

    A graph for `one_text` a run heeds no mask in its attention, and takes one row.
    """
    _refuse_unsuited(model)
    inputs = {name: sample[name] for name in model.inputs}
    with attention_for_export(getattr(model.pipeline[0], "auto_model", None), one_text=one_text):
        export_module(UnitVectors(model), path, inputs, OUTPUT, one_text=one_text)


def _refuse_unsuited(model: LoadedModel) -> None:
    """Pipelines that do more than ids in, vectors out: the graph would leave that out."""
    first, *rest = model.pipeline.children()
    if type(first).__name__ not in {"Transformer", "StaticEmbedding"}:
        raise NotCompilableError(f"it begins with {type(first).__name__}, not with a transformer")
    prompts = model.rules.query_prompt or model.rules.passage_prompt
    if prompts and not all(getattr(module, "include_prompt", True) for module in rest):
        raise NotCompilableError("its pooling leaves out the prompt")


def open_torch_engine(model: LoadedModel) -> Engine:
    """Run the same graph by torch on the model's device."""
    graph = UnitVectors(model).eval()

    @torch.inference_mode()
    def run(feed: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        tensors = [torch.from_numpy(feed[name]).to(model.device) for name in model.inputs]
        vectors: NDArray[np.float32] = graph(*tensors).float().cpu().numpy()
        return vectors

    return Engine(run, CPU_BATCH_TOKENS if model.device == "cpu" else GPU_BATCH_TOKENS)


def shape_of(model: LoadedModel) -> GraphShape:
    """Describe what the model's graph takes and gives."""
    return GraphShape(
        model.inputs, model.pad_id, model.truncate_dim or _width(model.rules.name, model.pipeline)
    )


def pick_device(wanted: str) -> str:
    """Name the device as torch knows it; ModelError for one that is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind = wanted.partition(":")[0]
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(kind, False):
        raise ModelError(f"device {wanted}: torch finds none here; set device to auto or cpu")
    return wanted


def _read_rules(choice: ModelChoice, name: str, pipeline: SentenceTransformer) -> ReadingRules:
    """Prompts and limit from the choice, else from the model's own configuration."""
    own = next((p for key in _PASSAGE_PROMPTS if (p := pipeline.prompts.get(key))), "")
    query = choice.query_prompt
    return ReadingRules(
        name=name,
        max_sequence=bounded(pipeline.max_seq_length),
        query_prompt=(pipeline.prompts.get("query") or "") if query is None else query,
        passage_prompt=own if choice.passage_prompt is None else choice.passage_prompt,
        special_tokens=type(pipeline[0]).__name__ != "StaticEmbedding",
    )


def _check_dimensions(choice: ModelChoice, name: str, pipeline: SentenceTransformer) -> None:
    wanted = choice.truncate_dim
    if wanted is not None and (width := _width(name, pipeline)) < wanted:
        raise ModelError(
            f"truncate_dim {wanted}: {name} gives {width} dimensions; set it to {width} or less"
        )


def _dtype_of(choice: ModelChoice) -> torch.dtype:
    name = choice.dtype or "float32"
    if name not in _DTYPES:
        raise ModelError(f"dtype {name}: not known; use one of {', '.join(_DTYPES)}")
    return _DTYPES[name]


def _width(name: str, pipeline: SentenceTransformer) -> int:
    with running(name):
        vectors = pipeline.encode(["width"], show_progress_bar=False)
    return int(vectors.shape[1])
