"""The one door to sentence-transformers and torch: load a model, run it, export it.

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
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from notesearch.embedding.batching import plan_batches
from notesearch.embedding.compiled import OUTPUT, Engine, GraphShape
from notesearch.embedding.quiet import quiet
from notesearch.embedding.tokens import (
    UNLIMITED_SEQUENCE,
    ReadingRules,
    TokenReader,
    to_valid_text,
)
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from notesearch.embedding.choice import ModelChoice
    from notesearch.embedding.source import ModelSource

CPU_BATCH_TOKENS = 4096
GPU_BATCH_TOKENS = 65536
_PASSAGE_PROMPTS = ("document", "passage", "corpus")  # names in use, most usual first
_LOADING_ERRORS = (  # what files that are no model, or damaged, were seen to raise
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
)
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


class NotCompilableError(Exception):
    """Why a model has to run through torch; the text is shown to the user."""


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
    with quiet():
        try:
            pipeline = SentenceTransformer(
                str(source.folder),
                device=device,
                trust_remote_code=choice.trust_remote_code,
                local_files_only=True,
                truncate_dim=choice.truncate_dim,
            )
        except _LOADING_ERRORS as error:
            raise ModelError(
                f"model {source.folder}: sentence-transformers cannot load it: {_line(error)}; "
                "check the folder, or trust_remote_code where the model brings its own code"
            ) from error
    # float32 on the CPU whatever the files hold: half precision is slower there.
    pipeline.to(dtype=torch.float32 if device == "cpu" else _dtype_of(choice)).eval()
    tokenizer = _rust_tokenizer(pipeline, source)
    rules = _read_rules(choice, source.name, pipeline)
    names = getattr(pipeline.tokenizer, "model_input_names", ["input_ids", "attention_mask"])
    return LoadedModel(
        pipeline=pipeline,
        rules=rules,
        reader=TokenReader(tokenizer, rules),
        inputs=tuple(names),
        pad_id=getattr(pipeline.tokenizer, "pad_token_id", None) or 0,
        truncate_dim=choice.truncate_dim,
        device=device,
    )


def download(choice: ModelChoice) -> None:
    """Fetch a hub model into the hub's cache; OSError where that cannot be."""
    with quiet():
        try:
            SentenceTransformer(
                choice.name,
                device="cpu",
                revision=choice.revision,
                trust_remote_code=choice.trust_remote_code,
            )
        except _LOADING_ERRORS as error:
            raise OSError(_line(error)) from error


class TorchEmbedder:
    """An Embedder that runs sentence-transformers itself, for models that do not compile."""

    def __init__(self, model: LoadedModel, fingerprint: str, warn: Callable[[str], None]) -> None:
        self._model = model
        self._warn = warn
        self.max_tokens = model.reader.max_tokens
        self.dimension = model.truncate_dim or _width(model.pipeline)
        self.fingerprint = fingerprint

    def count_tokens(self, text: str) -> int:
        """Tokens of one text, comparable with `max_tokens`."""
        return self._model.reader.count_tokens(text)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, in order."""
        return self._model.reader.count_many(texts)

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


def export_graph(model: LoadedModel, path: Path, sample: dict[str, NDArray[np.int64]]) -> None:
    """Write the pipeline's ONNX graph, for any number of texts and tokens.

    Raises NotCompilableError with the reason. The exporter that traces is no way out: it loses
    the attention mask and is off by 0.15.
    """
    _refuse_unsuited(model)
    _prefer_plain_attention(model)
    dynamic = torch.export.Dim.DYNAMIC
    with quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                UnitVectors(model).eval(),
                tuple(torch.from_numpy(sample[name]) for name in model.inputs),
                dynamo=True,
                input_names=list(model.inputs),
                output_names=[OUTPUT],
                dynamic_shapes=(tuple({0: dynamic, 1: dynamic} for _ in model.inputs),),
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise NotCompilableError(f"its graph cannot be exported: {_line(error)}") from error
        if program is None:
            raise NotCompilableError("torch.onnx gave no graph")
        program.save(path)


def _refuse_unsuited(model: LoadedModel) -> None:
    """Pipelines that do more than ids in, vectors out: the graph would leave that out."""
    first, *rest = model.pipeline.children()
    if type(first).__name__ not in {"Transformer", "StaticEmbedding"}:
        raise NotCompilableError(f"it begins with {type(first).__name__}, not with a transformer")
    prompts = model.rules.query_prompt or model.rules.passage_prompt
    if prompts and not all(getattr(module, "include_prompt", True) for module in rest):
        raise NotCompilableError("its pooling leaves out the prompt")


def _prefer_plain_attention(model: LoadedModel) -> None:
    """Attention as matmul and softmax: measured 15 % faster in onnxruntime than sdpa's graph."""
    transformer = getattr(model.pipeline[0], "auto_model", None)
    switch = getattr(transformer, "set_attn_implementation", None)
    if switch is not None:
        switch("eager")


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
    return GraphShape(model.inputs, model.pad_id, model.truncate_dim or _width(model.pipeline))


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
    limit = pipeline.max_seq_length
    own = next((p for key in _PASSAGE_PROMPTS if (p := pipeline.prompts.get(key))), "")
    query = choice.query_prompt
    return ReadingRules(
        name=name,
        # A static model says infinity, a tokenizer without a limit 1e30.
        max_sequence=int(min(limit or UNLIMITED_SEQUENCE, UNLIMITED_SEQUENCE)),
        query_prompt=(pipeline.prompts.get("query") or "") if query is None else query,
        passage_prompt=own if choice.passage_prompt is None else choice.passage_prompt,
        special_tokens=type(pipeline[0]).__name__ != "StaticEmbedding",
    )


def _rust_tokenizer(pipeline: SentenceTransformer, source: ModelSource) -> Tokenizer:
    """Copy the tokenizer, in the form that the library tokenizers runs."""
    own = pipeline.tokenizer
    backend = own if isinstance(own, Tokenizer) else getattr(own, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(
            f"model {source.name}: its tokenizer {type(own).__name__} cannot count tokens fast; "
            "name a model with a tokenizer.json"
        )
    return Tokenizer.from_str(backend.to_str())


def _dtype_of(choice: ModelChoice) -> torch.dtype:
    name = choice.dtype or "float32"
    if name not in _DTYPES:
        raise ModelError(f"dtype {name}: not known; use one of {', '.join(_DTYPES)}")
    return _DTYPES[name]


def _width(pipeline: SentenceTransformer) -> int:
    vectors = pipeline.encode(["width"], show_progress_bar=False)
    return int(vectors.shape[1])


def _line(error: BaseException) -> str:
    """Keep the first line of a library's message, which may be pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
