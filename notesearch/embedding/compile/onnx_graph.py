"""Write ONNX graphs: export a torch module, quantise it, and look into what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch

from notesearch.embedding.compile.pretrained import first_line, quiet
from notesearch.embedding.compiled_form import WEIGHTS, TokenTable
from notesearch.embedding.graph_engine import TOKEN_IDS
from notesearch.embedding.private_imports import import_private

if TYPE_CHECKING:
    from notesearch.embedding.graph_engine import GraphInputs

_FUSED = "one_operator"  # the name of `_fused_attention` in transformers


class NotCompilableError(Exception):
    """Why a model has to run through torch; the text is shown to the user."""


def export_graph(
    module: torch.nn.Module,
    transformer: object,
    path: Path,
    sample: GraphInputs,
    *,
    one_text: bool,
) -> None:
    """Write the graph of a module that takes the sample's arrays, in their order.

    A graph for `one_text` a run takes arrays of one row, and the attention of the `transformer`
    in it has no mask; else it takes any number of rows. Weights go into a file of their own.
    Raises NotCompilableError with the reason. The exporter that traces is no alternative: it loses
    the attention mask and is off by 0.15.
    """
    dynamic = torch.export.Dim.DYNAMIC
    rows, sizes = (-1, {1: dynamic}) if one_text else (0, {0: dynamic, 1: dynamic})
    with _attention_for_export(transformer, one_text=one_text), quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                module.eval(),
                tuple(torch.from_numpy(array[rows:]) for array in sample.values()),
                dynamo=True,
                input_names=list(sample),
                output_names=["results"],
                dynamic_shapes=(tuple(sizes for _ in sample),),
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise NotCompilableError(
                f"its graph cannot be exported: {first_line(error)}"
            ) from error
        if program is None:
            raise NotCompilableError("torch.onnx gave no graph")
        program.save(path)
    move_weights_out(path)


@contextmanager
def _attention_for_export(transformer: object, *, one_text: bool) -> Iterator[None]:
    """Let a transformer compute its attention so that onnxruntime is quick at it.

    For `one_text` a run it is one operator: no mask, no matrix of tokens by tokens, and int8 gains
    a tenth. Else it is matrix products and a softmax, 15 % faster in onnxruntime than the graph of
    torch's own operator. A model that knows no such choice keeps its own attention.
    """
    switch = getattr(transformer, "set_attn_implementation", None)
    if switch is None:
        yield
        return
    config: Any = transformer.config  # type: ignore[attr-defined]
    before = config._attn_implementation
    import_private("transformers").AttentionInterface.register(_FUSED, _fused_attention)
    with quiet():  # it warns of models that keep their own
        try:
            switch(_FUSED if one_text else "eager")
        except ValueError as error:
            raise NotCompilableError(f"its attention cannot be set: {first_line(error)}") from error
        try:
            yield
        finally:
            switch(before)


def _fused_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **others: object,
) -> tuple[torch.Tensor, None]:
    """Every token looks at every token; each tensor is (texts, heads, tokens, width).

    What asks for more than that, such as a window, is refused.
    """
    asks = [
        name
        for name, given in others.items()
        if name != "dropout" and given is not None and given is not False
    ]
    if getattr(module, "is_causal", False) or attention_mask is not None or asks:
        raise NotCompilableError("its attention is of a kind of its own")
    texts, heads, tokens, width = query.shape
    flat = [
        part.transpose(1, 2).reshape(texts, tokens, heads * width) for part in (query, key, value)
    ]
    options: dict[str, Any] = {"num_heads": heads}
    if scaling is not None:
        options["scale"] = scaling
    result = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        flat,
        options,
        dtype=query.dtype,
        shape=flat[0].shape,
        version=1,
    )
    return result.reshape(texts, tokens, heads, width), None


@dataclass(frozen=True, slots=True)
class Int8Attempt:
    """A way to quantise a model."""

    seven_bits: bool = False  # of each weight
    spares_narrowing: bool = False  # keeps products in float32 that give less than they take


def write_int8(graph: Path, target: Path, attempt: Int8Attempt) -> None:
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
            reduce_range=attempt.seven_bits,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=_narrowing_products(graph) if attempt.spares_narrowing else [],
        )


def _narrowing_products(graph: Path) -> list[str]:
    """Name the products with a weight matrix that gives fewer numbers than it takes."""
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

    Opening all-MiniLM-L6-v2 takes 0.06 s of processor time so, and 0.16 s from one file. What the
    exporter tells about the graph goes too: its code with paths of this machine, most of the file.
    """
    model = onnx.load(graph)
    for part in (model.graph, *model.graph.node, *model.graph.initializer, *model.graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    (graph.parent / WEIGHTS).unlink(missing_ok=True)  # onnx would add to it
    onnx.save_model(
        model, graph, save_as_external_data=True, all_tensors_to_one_file=True, location=WEIGHTS
    )


def find_token_table(graph: Path) -> TokenTable | None:
    """Find the most weights of which a run reads the rows of its token ids, and nothing else."""
    model = onnx.load(graph, load_external_data=False).graph
    if any(attribute.g.node for node in model.node for attribute in node.attribute):
        return None  # what stands inside a branch is not looked at
    tables = []
    for tensor in model.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        users = [node for node in model.node if tensor.name in node.input]
        if place.get("location") == WEIGHTS and len(users) == 1 and _looks_up_tokens(users[0]):
            rows = tensor.dims[0]
            row_bytes = int(place["length"]) // rows
            tables.append(TokenTable(int(place.get("offset", 0)), row_bytes, rows))
    return max(tables, key=lambda table: table.row_bytes, default=None)


def _looks_up_tokens(node: onnx.NodeProto) -> bool:
    axes = [attribute.i for attribute in node.attribute if attribute.name == "axis"]
    return node.op_type == "Gather" and node.input[1] == TOKEN_IDS and axes in ([], [0])
