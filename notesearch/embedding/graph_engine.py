"""Run a model's graph on token ids, and embed texts with it: onnxruntime, never torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.private_imports import import_private
from notesearch.embedding.token_reader import TokenReader
from notesearch.lazy import Lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # By name, each (texts, tokens).
    GraphInputs = dict[str, NDArray[np.int64]]

TOKEN_IDS = "input_ids"  # the input that the others go with
# A text a run and a run a core, measured on notes: no padding, no threads that wait for each
# other, and a third more passages a second than in batches of 4,096 tokens on all cores (int8:
# two thirds). In int8 it makes the vector of a text its own, whatever else is embedded with it.
# Graphs whose attention has no mask (see compile/onnx_graph.py) take no other.
EACH_ALONE = 1


@dataclass(frozen=True, slots=True)
class GraphShape:
    """What a graph takes and gives."""

    inputs: tuple[str, ...]  # each (texts, tokens) int64
    pad_id: int
    dimension: int  # numbers for a text; 1 for a cross-encoder, its score


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs a graph: onnxruntime on the CPU, or torch on a GPU."""

    run: Callable[[GraphInputs], NDArray[np.float32]]
    batch_tokens: int  # padded tokens in one run
    workers: int = 1  # runs at a time

    def run_all(
        self,
        lengths: Sequence[int],
        make_inputs: Callable[[list[int]], GraphInputs],
        results: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Fill the rows of `results` by runs over batches of rows of like length, in tokens.

        `make_inputs` returns the graph's inputs for some rows, by their positions.
        """

        def run(batch: list[int]) -> None:
            results[batch] = self.run(make_inputs(batch))

        batches = plan_batches(lengths, self.batch_tokens)
        if self.workers == 1 or len(batches) == 1:
            for batch in batches:
                run(batch)
            return results
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="embed")
        try:
            for done in [pool.submit(run, batch) for batch in batches]:
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C waits for no more than what is running
        return results


def plan_batches(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Group positions so that each group, padded to its longest, stays within the budget.

    Longest first, so that what does not fit in memory shows at once. A text longer than the
    budget is a group of its own.
    """
    batches: list[list[int]] = []
    width = 0
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and (len(batches[-1]) + 1) * width <= token_budget:
            batches[-1].append(position)
        else:
            batches.append([position])
            width = max(1, lengths[position])
    return batches


class GraphEmbedder:
    """An Embedder over a model's graph; one may be used by several threads at once."""

    def __init__(
        self,
        engine: Engine,
        reader: TokenReader,
        shape: GraphShape,
        fingerprint: str,
        warn: Callable[[str], None],
        open_for_passages: Callable[[], Engine] | None = None,
    ) -> None:
        """Run queries on `engine`, and passages on another where one can be opened for them."""
        self._engine = engine
        self._for_passages = Lazy(open_for_passages or (lambda: engine))
        self._reader = reader
        self._shape = shape
        self._warn = warn
        self.max_tokens = reader.max_tokens
        self.dimension = shape.dimension
        self.fingerprint = fingerprint

    def count_tokens(self, text: str) -> int:
        """Return the tokens of one text, comparable with `max_tokens`."""
        return self._reader.count_tokens(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1 in the order of the texts.

        A text without any token for the model (possible where it adds no special tokens) is a
        row of zeros: near to nothing. Raises ModelError for a text over `max_tokens`.
        """
        import numpy as np

        ids = self._reader.read_passages(texts)
        vectors: NDArray[np.float32] = np.zeros((len(ids), self.dimension), dtype=np.float32)
        engine = self._for_passages.get() if ids else self._engine
        return engine.run_all(
            [len(row) for row in ids],
            lambda batch: pad_rows([ids[position] for position in batch], self._shape),
            vectors,
        )

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1; a text over the limit is cut, with a warning."""
        ids = self._reader.read_query(text, self._warn)
        vector: NDArray[np.float32] = self._engine.run(pad_rows([ids], self._shape))[0]
        return vector


def pad_rows(
    rows: Sequence[Sequence[int]],
    shape: GraphShape,
    types: Sequence[Sequence[int]] | None = None,
) -> GraphInputs:
    """Make the graph's inputs, each (rows, longest row) int64, padded on the right.

    `types` says for each id which text of a pair it is from; by default all are from the first.
    """
    import numpy as np

    # A graph is exported for one token and more, so an empty text is one masked token.
    size = (len(rows), max(1, *(len(row) for row in rows)))
    ids = np.full(size, shape.pad_id, dtype=np.int64)
    mask = np.zeros(size, dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    type_ids = np.zeros_like(ids)
    for number, row in enumerate(types or ()):
        type_ids[number, : len(row)] = row
    known = {TOKEN_IDS: ids, "attention_mask": mask, "token_type_ids": type_ids}
    return {name: known[name] for name in shape.inputs}


class UnusableGraphError(Exception):
    """A graph that cannot be used: damaged, or made by a newer release of onnxruntime."""


def open_engine(graph: Path, *, at_once: bool = False) -> Engine:
    """Open onnxruntime for as many runs at a time as this process has cores.

    An engine opened `at_once`, for a question, reads the weights as they lie in their file instead
    of laying them out anew: it opens in 0.02 s, not 0.1, and a run takes twice as long. Raises
    UnusableGraphError.
    """
    onnxruntime = import_private("onnxruntime")
    failures = import_private("onnxruntime.capi.onnxruntime_pybind11_state")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors alone: its warnings are about its own graph rewriting
    options.add_session_config_entry("session.disable_prepacking", "1" if at_once else "0")
    try:
        session = onnxruntime.InferenceSession(
            str(graph),
            options,
            providers=["CPUExecutionProvider"],
            # The fused operator is slower than its parts: without it float32 gains 9 %, int8 20 %.
            disabled_optimizers=["SkipLayerNormFusion"],
        )
    except (
        failures.Fail,
        failures.InvalidArgument,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NoSuchFile,
        failures.NotImplemented,
    ) as error:
        raise UnusableGraphError(f"{graph}: {error}") from error

    def run(inputs: GraphInputs) -> NDArray[np.float32]:
        results: NDArray[np.float32] = session.run(None, inputs)[0]
        return results

    return Engine(run, EACH_ALONE, workers=count_cores())


def count_cores() -> int:
    """Return the cores that this process may use, which a container or taskset may have limited."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
