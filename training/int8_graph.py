"""Write the graph of an encoder in int8: small, quick, and near to its float32 vectors.

Weights are rounded with a scale for each column of a product and each row of the token table. What
a product takes is rounded as it comes, with one scale for all, so that few large numbers would
leave the others none: it is scaled first, which the weights undo. Each weight's rounding error is
made good by the weights that follow it in its column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from notesearch.embedding.graph_engine import TOKEN_IDS
from notesearch.embedding.private_imports import import_private

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from notesearch.embedding.graph_engine import GraphInputs

# Seven bits. Processors without VNNI add two products with numbers of 0 to 255 in 16 bits, where
# 2 * 255 * 64 has room and 2 * 255 * 127 overflows: so all processors find the same sums.
LARGEST_WEIGHT = 64
LARGEST_IN_TABLE = 127  # nothing is added up there
# Between 0, which leaves the large numbers to what a product takes, and 1, which leaves them to its
# weights. all-MiniLM-L6-v2 has these cosines to float32 over 300 paragraphs and 150 questions, mean
# and least: 0.9907 and 0.966 as it is, 0.9960 and 0.987 scaled by 0.8, 0.9974 and 0.983 with errors
# made good as well, 0.9976 and 0.995 by 0.75, 0.9972 and 0.994 by 0.7.
SCALING = 0.75
DAMPING = 0.01  # of the mean square: keeps inputs that were hardly seen from large corrections
_SMALLEST = 1e-5


@dataclass(frozen=True, slots=True)
class Seen:
    """What a product takes, over all tokens of the samples."""

    greatest: NDArray[np.float64]  # (inputs,), without signs
    moments: NDArray[np.float64]  # (inputs, inputs): the mean of the products of any two


def write_int8(graph: Path, target: Path, samples: Iterable[GraphInputs]) -> None:
    """Write the int8 form of a float32 graph, weights included; the samples show what it takes."""
    model = onnx.load(graph)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [n for n in model.graph.node if n.op_type == "MatMul" and n.input[1] in weights]
    seen = _look_at_inputs(model, {node.input[0] for node in products}, samples)
    writer = _Writer(weights)
    for name, what in seen.items():
        writer.round_input(name, what, [n.input[1] for n in products if n.input[0] == name])
    for node in model.graph.node:
        writer.copy(node)
    del model.graph.node[:]
    model.graph.node.extend(writer.nodes)
    kept = {name for node in writer.nodes for name in node.input}
    tensors = [tensor for tensor in (*weights.values(), *writer.tensors) if tensor.name in kept]
    copies = [TensorProto.FromString(tensor.SerializeToString()) for tensor in tensors]
    del model.graph.initializer[:]
    model.graph.initializer.extend(copies)
    onnx.save_model(model, target)


def _look_at_inputs(
    model: onnx.ModelProto, names: set[str], samples: Iterable[GraphInputs]
) -> dict[str, Seen]:
    """Run the samples, and return what was seen of each tensor named, in the graph's order."""
    watched = onnx.ModelProto.FromString(model.SerializeToString())
    ordered = [name for node in model.graph.node for name in node.output if name in names]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ordered]
    watched.graph.output.extend(outputs)
    session = import_private("onnxruntime").InferenceSession(watched.SerializeToString())
    greatest: dict[str, Any] = dict.fromkeys(ordered, 0.0)
    moments: dict[str, Any] = dict.fromkeys(ordered, 0.0)
    tokens = 0
    for sample in samples:
        found = session.run(ordered, sample)
        tokens += found[0].size // found[0].shape[-1]
        for name, values in zip(ordered, found, strict=True):
            rows = values.reshape(-1, values.shape[-1])
            greatest[name] = np.maximum(greatest[name], np.abs(rows).max(axis=0))
            moments[name] = moments[name] + (rows.T @ rows).astype(np.float64)
    return {name: Seen(greatest[name], moments[name] / tokens) for name in ordered}


class _Writer:
    """Collects the nodes of the new graph, and the tensors that are new in it."""

    def __init__(self, weights: dict[str, TensorProto]) -> None:
        self._weights = weights
        self._rounded: dict[str, tuple[Seen, NDArray[np.float64]]] = {}  # with its scaling
        self._is_written: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[TensorProto] = []

    def round_input(self, name: str, seen: Seen, products: list[str]) -> None:
        """Have a tensor rounded for the products whose weights are named."""
        largest = np.max([np.abs(self._array(w)).max(axis=1) for w in products], axis=0)
        taken = np.maximum(seen.greatest, _SMALLEST)
        scaling = taken**SCALING / np.maximum(largest, _SMALLEST) ** (1 - SCALING)
        self._rounded[name] = seen, scaling / np.exp(np.log(scaling).mean())

    def copy(self, node: onnx.NodeProto) -> None:
        """Add a node as it is, or what computes the same in int8."""
        if node.op_type == "MatMul" and node.input[0] in self._rounded:
            self._add_product(node)
        elif node.op_type == "Gather" and node.input[1] == TOKEN_IDS:
            self._add_lookup(node)
        else:
            self.nodes.append(node)

    def _add_product(self, node: onnx.NodeProto) -> None:
        taken, weight = node.input
        seen, scaling = self._rounded[taken]
        rounded, scale, zero = (f"{taken}_{part}" for part in ("int8", "scale", "zero"))
        if taken not in self._is_written:
            self._is_written.add(taken)
            factor = self._keep(f"{taken}_factor", (1 / scaling).astype(np.float32))
            self._add("Mul", [taken, factor], f"{taken}_scaled")
            self._add("DynamicQuantizeLinear", [f"{taken}_scaled"], rounded, scale, zero)
        numbers, scales = round_weights(
            self._array(weight) * scaling[:, None], seen.moments / np.outer(scaling, scaling)
        )
        whole = self._keep(f"{weight}_int8", numbers)
        no_zero = self._keep(f"{weight}_zero", np.zeros(len(scales), dtype=np.int8))
        self._add("MatMulInteger", [rounded, whole, zero, no_zero], f"{weight}_sums")
        self._add("Cast", [f"{weight}_sums"], f"{weight}_floats", to=TensorProto.FLOAT)
        steps = self._keep(f"{weight}_scales", scales.astype(np.float32))
        self._add("Mul", [scale, steps], f"{weight}_steps")
        self._add("Mul", [f"{weight}_floats", f"{weight}_steps"], node.output[0])

    def _add_lookup(self, node: onnx.NodeProto) -> None:
        name = node.input[0]
        rows = self._array(name)
        scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True), _SMALLEST) / LARGEST_IN_TABLE
        table = self._keep(f"{name}_int8", np.round(rows / scales).astype(np.int8))
        steps = self._keep(f"{name}_scales", scales.astype(np.float32))
        self._add("Gather", [table, TOKEN_IDS], f"{name}_rows", axis=0)
        self._add("Cast", [f"{name}_rows"], f"{name}_floats", to=TensorProto.FLOAT)
        self._add("Gather", [steps, TOKEN_IDS], f"{name}_steps", axis=0)
        self._add("Mul", [f"{name}_floats", f"{name}_steps"], node.output[0])

    def _array(self, name: str) -> NDArray[np.float64]:
        return numpy_helper.to_array(self._weights[name]).astype(np.float64)

    def _keep(self, name: str, array: NDArray[Any]) -> str:
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def _add(self, operator: str, inputs: list[str], *outputs: str, **how: Any) -> None:  # noqa: ANN401 - attributes of any operator
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **how))


def round_weights(
    weights: NDArray[np.float64], moments: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return (inputs, outputs) int8 and a scale for each output, near in what the product gives.

    One input after the other is rounded, those with the largest numbers first, and what that
    changes is made good by those to come, as far as they go together (GPTQ).
    """
    scales = np.maximum(np.abs(weights).max(axis=0), _SMALLEST) / LARGEST_WEIGHT
    powers = np.diag(moments)
    damped = moments + np.eye(len(powers)) * DAMPING * powers.mean()
    order = np.argsort(-powers, kind="stable")
    left = weights[order].copy()
    reach = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    numbers = np.zeros(weights.shape, dtype=np.int8)
    for step, place in enumerate(order):
        rounded = np.clip(np.round(left[step] / scales), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        numbers[place] = rounded
        error = (left[step] - rounded * scales) / reach[step, step]
        left[step + 1 :] -= np.outer(reach[step, step + 1 :], error)
    return numbers, scales
