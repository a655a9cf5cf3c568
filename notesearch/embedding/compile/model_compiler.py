"""A model's files in, a compiled form in the cache out: exported, quantised, checked, kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from notesearch.embedding.graph_engine import (
    TOKEN_IDS,
    Engine,
    GraphEmbedder,
    UnusableGraphError,
    open_engine,
    pad_rows,
)
from notesearch.embedding.model_cache import (
    GRAPH,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    TokenTable,
    building,
    sum_files,
    write_manifest,
)
from notesearch.embedding.model_choice import Precision
from notesearch.embedding.private_imports import import_private
from notesearch.embedding.probes import PROBE_QUERIES, probe_passages
from notesearch.embedding.quiet import quiet
from notesearch.file_sums import PIECE_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from notesearch.embedding.compile.torch_embedder import LoadedModel
    from notesearch.embedding.model_choice import ModelChoice
    from notesearch.embedding.model_source import ModelSource

LOWEST_COSINE = 0.9999  # of any probe text, in float32
MEAN_COSINE_INT8 = 0.99


@dataclass(frozen=True, slots=True)
class Int8Attempt:
    """A way to quantise a model."""

    seven_bits: bool = False  # of each weight
    spares_narrowing: bool = False  # keeps products in float32 that give less than they take


# The first that is near enough is taken. Without VNNI a processor overflows adding eight-bit
# products, so that seven bits are nearer. The products that bring a feed-forward layer back to its
# width take activations with outliers, which leave no room in one scale for the rest:
# all-mpnet-base-v2 has a mean cosine of 0.88 with them and of 0.99 without.
INT8_ATTEMPTS = (
    Int8Attempt(),
    Int8Attempt(seven_bits=True),
    Int8Attempt(spares_narrowing=True),
    Int8Attempt(seven_bits=True, spares_narrowing=True),
)


class WriteGraph(Protocol):
    """What writes a graph and checks it."""

    def __call__(self, *, one_text: bool) -> None:
        """Raises NotCompilableError or UnusableGraphError."""


def compile_model(
    choice: ModelChoice, source: ModelSource, fingerprint: str, folder: Path
) -> Manifest:
    """Put the compiled form in the folder, or the reason why there is none.

    To be called under `store.locked`. Raises ModelError where the model cannot be loaded at all.
    """
    from notesearch.embedding.compile import torch_embedder

    model = torch_embedder.load_model(choice, source, device="cpu")
    return write_compiled(
        folder,
        Manifest(fingerprint, model.rules, torch_embedder.shape_of(model)),
        model.reader.save,
        lambda graph: _write_graph(choice.precision, model, graph),
    )


def write_compiled(
    folder: Path,
    manifest: Manifest,
    save_tokenizer: Callable[[Path], None],
    write_graph: Callable[[Path], str | None],
) -> Manifest:
    """Put a tokenizer and a graph in the folder, and give the manifest that names them.

    `write_graph` gives a warning, or None; with its NotCompilableError the reason stands in the
    graph's place.
    """
    from notesearch.embedding.compile.onnx_graph import NotCompilableError

    with building(folder) as scratch:
        save_tokenizer(scratch / TOKENIZER)
        try:
            warning = write_graph(scratch / GRAPH)
        except NotCompilableError as error:
            warning = f"{manifest.rules.name} runs through torch, slower: {error}"
            for name in (GRAPH, WEIGHTS):
                (scratch / name).unlink(missing_ok=True)
        table = find_token_table(scratch / GRAPH) if (scratch / GRAPH).exists() else None
        manifest = replace(manifest, warning=warning, table=table, files=sum_files(scratch))
        write_manifest(scratch, manifest)
    return manifest


def _write_graph(precision: Precision, model: LoadedModel, graph: Path) -> str | None:
    """Write a checked graph; gives a warning where it is not in the precision asked for.

    Raises NotCompilableError where it does not say what sentence-transformers says.
    """
    from notesearch.embedding.compile import torch_embedder
    from notesearch.embedding.compile.onnx_graph import NotCompilableError

    probes = Probes.make(model)

    def write(*, one_text: bool) -> None:
        torch_embedder.export_graph(model, graph, probes.sample(model), one_text=one_text)
        move_weights_out(graph)
        lowest = float(probes.cosines(model, open_engine(graph)).min())
        if not lowest >= LOWEST_COSINE:
            raise NotCompilableError(
                f"its graph differs from sentence-transformers: cosine {lowest:.4f} on a probe text"
            )

    write_for_one_text(write)
    return _quantise(model, graph, probes) if precision is Precision.INT8 else None


def write_for_one_text(write: WriteGraph) -> None:
    """Write the graph that onnxruntime is quick at or, where that fails, one for any batch."""
    from notesearch.embedding.compile.onnx_graph import NotCompilableError

    try:
        write(one_text=True)
    except (NotCompilableError, UnusableGraphError):
        write(one_text=False)


def _quantise(model: LoadedModel, graph: Path, probes: Probes) -> str | None:
    """Replace a float32 graph by its int8 form, or keep it and give a warning."""
    best = 0.0
    for how in INT8_ATTEMPTS:
        candidate = graph.with_name("int8.onnx")
        write_int8(graph, candidate, how)
        best = max(best, float(probes.cosines(model, open_engine(candidate)).mean()))
        if best >= MEAN_COSINE_INT8:
            candidate.replace(graph)
            move_weights_out(graph)
            return None
        candidate.unlink()
    return (
        f"{model.rules.name} runs in float32: in int8 its vectors differ too much "
        f"(mean cosine {best:.3f}, {MEAN_COSINE_INT8} is asked)"
    )


def write_int8(graph: Path, target: Path, how: Int8Attempt) -> None:
    """Quantise the matrix products' weights, a scale for each column, and keep the rest.

    One scale for a whole matrix falls to a cosine of 0.945 where this one keeps 0.994.
    """
    quantization = import_private("onnxruntime.quantization")
    with quiet():  # it advises a pass over the graph that changes nothing here
        quantization.quantize_dynamic(
            graph,
            target,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=how.seven_bits,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=_narrowing_products(graph) if how.spares_narrowing else [],
        )


def _narrowing_products(graph: Path) -> list[str]:
    """Name the products with a weight matrix that gives fewer numbers than it takes."""
    import onnx

    model = onnx.load(graph, load_external_data=False)
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul"
        and (shape := shapes.get(node.input[1]))
        and shape[0] > shape[-1]
    ]


def move_weights_out(graph: Path) -> None:
    """Put a graph's weights in a file of their own, which onnxruntime maps instead of reading.

    Opening the default model takes 0.06 s of processor time so, and 0.16 s from one file.
    """
    import onnx

    model = onnx.load(graph)
    (graph.parent / WEIGHTS).unlink(missing_ok=True)  # onnx would add to it
    onnx.save_model(
        model, graph, save_as_external_data=True, all_tensors_to_one_file=True, location=WEIGHTS
    )


def find_token_table(graph: Path) -> TokenTable | None:
    """Find the weights of which a run reads the rows of its token ids, and nothing else."""
    import onnx

    model = onnx.load(graph, load_external_data=False).graph
    if any(attribute.g.node for node in model.node for attribute in node.attribute):
        return None  # what stands inside a branch is not looked at
    for tensor in model.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        users = [node for node in model.node if tensor.name in node.input]
        if place.get("location") == WEIGHTS and len(users) == 1 and _looks_up_tokens(users[0]):
            rows = tensor.dims[0]
            row_bytes = int(place["length"]) // rows
            # A row in two pieces at the most: `verify_rows` looks at its ends.
            if row_bytes <= PIECE_BYTES:
                return TokenTable(int(place.get("offset", 0)), row_bytes, rows)
    return None


def _looks_up_tokens(node: NodeProto) -> bool:
    axes = [attribute.i for attribute in node.attribute if attribute.name == "axis"]
    return node.op_type == "Gather" and node.input[1] == TOKEN_IDS and axes in ([], [0])


@dataclass(frozen=True, slots=True)
class Probes:
    """Texts with the vectors that sentence-transformers gives them."""

    passages: list[str]
    passage_vectors: NDArray[np.float32]
    query_vectors: NDArray[np.float32]

    @classmethod
    def make(cls, model: LoadedModel) -> Probes:
        """Embed the probe texts through sentence-transformers."""
        from notesearch.embedding.compile import torch_embedder

        passages = probe_passages(model.reader.count_many, model.reader.max_tokens)
        return cls(
            passages,
            torch_embedder.encode_passages(model, passages),
            torch_embedder.encode_queries(model, PROBE_QUERIES),
        )

    def sample(self, model: LoadedModel) -> dict[str, NDArray[np.int64]]:
        """Make inputs to export with: two texts of unlike length, so that there is padding."""
        from notesearch.embedding.compile import torch_embedder

        ids = model.reader.read_passages(self.passages[:4])
        return pad_rows([ids[0], ids[-1]], torch_embedder.shape_of(model))

    def cosines(self, model: LoadedModel, engine: Engine) -> NDArray[np.float32]:
        """How near the engine comes, for each passage and then each query; 1 is the same."""
        import numpy as np

        from notesearch.embedding.compile import torch_embedder

        embedder = GraphEmbedder(
            engine, model.reader, torch_embedder.shape_of(model), "", warn=lambda _: None
        )
        passages = embedder.embed_passages(self.passages)
        queries = np.stack([embedder.embed_query(text) for text in PROBE_QUERIES])
        found = np.concatenate([passages, queries])
        expected = np.concatenate([self.passage_vectors, self.query_vectors])
        cosines: NDArray[np.float32] = (found * expected).sum(axis=1)
        return cosines
