"""A torch module over token ids in, its ONNX graph out, for any number of texts and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from notesearch.embedding.compile.pretrained import first_line
from notesearch.embedding.private_imports import import_private
from notesearch.embedding.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray


_FUSED = "one_operator"  # the name of `_fused_attention` in transformers


class NotCompilableError(Exception):
    """Why a model has to run through torch; the text is shown to the user."""


def export_module(
    module: torch.nn.Module,
    path: Path,
    sample: dict[str, NDArray[np.int64]],
    output: str,
    *,
    one_text: bool,
) -> None:
    """Write the graph of a module that takes the sample's arrays, in their order.

    A graph for `one_text` a run takes arrays of one row. Raises NotCompilableError with the reason.
    The exporter that traces is no way out: it loses the attention mask and is off by 0.15.
    """
    dynamic = torch.export.Dim.DYNAMIC
    rows, sizes = (-1, {1: dynamic}) if one_text else (0, {0: dynamic, 1: dynamic})
    with quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                module.eval(),
                tuple(torch.from_numpy(array[rows:]) for array in sample.values()),
                dynamo=True,
                input_names=list(sample),
                output_names=[output],
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


@contextmanager
def attention_for_export(transformer: object, *, one_text: bool) -> Iterator[None]:
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
    how: dict[str, Any] = {"num_heads": heads}
    if scaling is not None:
        how["scale"] = scaling
    answer = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        flat,
        how,
        dtype=query.dtype,
        shape=flat[0].shape,
        version=1,
    )
    return answer.reshape(texts, tokens, heads, width), None
