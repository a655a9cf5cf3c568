"""Run a model's graph on token ids, and embed or rerank with it: onnxruntime, never torch."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.private_imports import import_private
from notesearch.embedding.token_reader import PairReader, TokenReader
from notesearch.errors import say_nothing
from notesearch.lazy import Lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.protocol import Embedder

    # By name, each (texts, tokens).
    GraphInputs = dict[str, NDArray[np.int64]]

TOKEN_IDS = "input_ids"  # the input that the others go with
# A text a run and a run a core, measured on notes: no padding, no threads that wait for each
# other, and a third more passages a second than in batches of 4,096 tokens on all cores (int8:
# two thirds). In int8 it makes the vector of a text its own, whatever else is embedded with it.
# Graphs whose attention has no mask (see compile/onnx_graph.py) take no other.
EACH_ALONE = 1
# For fewer, the processor is done before torch is imported.
BULK_PASSAGES = 1000
# For so few at a time, an engine that is open is done before a faster one has opened.
FEW_PASSAGES = 32
# A longer pause is the end of a run: a library held open for days adds a few notes now and then.
PAUSE_SECONDS = 60.0


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
        rows: Sequence[Sequence[int]],
        shape: GraphShape,
        types: Sequence[Sequence[int]] | None = None,
    ) -> NDArray[np.float32]:
        """Return (rows, dimension) for rows of token ids, by runs over rows of like length.

        `types` as in `pad_rows`.
        """
        import numpy as np

        results: NDArray[np.float32] = np.zeros((len(rows), shape.dimension), dtype=np.float32)

        def run(batch: list[int]) -> None:
            chosen = [rows[position] for position in batch]
            own_types = [types[position] for position in batch] if types is not None else None
            results[batch] = self.run(pad_rows(chosen, shape, own_types))

        batches = plan_batches([len(row) for row in rows], self.batch_tokens)
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


class PassageEngine:
    """Runs passages: on the processor's engine or, in a run of many, on one that opens slowly.

    A run is the calls that follow each other without a long pause: an update embeds its passages
    in parts. A few at a time, such as the sentences of an answer, make no run. The engines agree.
    """

    def __init__(
        self,
        ready: Lazy[Engine],
        bulk: Lazy[Engine] | None = None,
        bulk_from: int = BULK_PASSAGES,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the bulk engine for the `bulk_from`th passage of a run, and keep it."""
        self._ready = ready
        self._bulk = bulk or ready
        self._bulk_from = bulk_from
        self._clock = clock
        self._counting = threading.Lock()
        self._in_run = 0  # passages
        self._last_end = clock()

    def run_all(
        self, rows: Sequence[Sequence[int]], shape: GraphShape, at_once: Engine | None = None
    ) -> NDArray[np.float32]:
        """Return (rows, dimension) for rows of token ids; a few run on what is open.

        That is `at_once` where none of the engines is open yet.
        """
        if at_once is not None and len(rows) <= FEW_PASSAGES:
            opened = (engine.get() for engine in (self._bulk, self._ready) if engine.is_loaded)
            return next(opened, at_once).run_all(rows, shape)
        results = self._choose(len(rows)).get().run_all(rows, shape)
        self._last_end = self._clock()
        return results

    def _choose(self, passages: int) -> Lazy[Engine]:
        with self._counting:
            if self._clock() - self._last_end > PAUSE_SECONDS:
                self._in_run = 0
            self._in_run += passages
            is_many = self._bulk.is_loaded or self._in_run >= self._bulk_from
            return self._bulk if is_many else self._ready


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


class ModelEmbedder:
    """What every embedder of a sentence-transformers model has: its tokenizer and its name."""

    def __init__(
        self,
        reader: TokenReader,
        dimension: int,
        fingerprint: str,
        warn: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self.warn = warn
        self.max_tokens = reader.max_tokens
        self.dimension = dimension
        self.fingerprint = fingerprint

    def count_tokens(self, text: str) -> int:
        """Return the tokens of one text, comparable with `max_tokens`."""
        return self._reader.count_tokens(text)


def silenced(embedder: Embedder) -> Embedder:
    """Return the embedder for questions that no person asked: it cuts long ones silently."""
    if not isinstance(embedder, ModelEmbedder):
        return embedder
    silent = copy(embedder)
    silent.warn = say_nothing
    return silent


class GraphEmbedder(ModelEmbedder):
    """An Embedder over a model's graph; one may be used by several threads at once."""

    def __init__(
        self,
        engine: Engine,
        reader: TokenReader,
        shape: GraphShape,
        fingerprint: str,
        warn: Callable[[str], None],
        for_passages: PassageEngine | None = None,
    ) -> None:
        """Run queries on `engine`, and passages on another where there is one for them."""
        super().__init__(reader, shape.dimension, fingerprint, warn)
        self._engine = engine
        self._for_passages = for_passages
        self._shape = shape

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1 in the order of the texts.

        A text without any token for the model (possible where it adds no special tokens) is a
        row of zeros: near to nothing. Raises ModelError for a text over `max_tokens`.
        """
        rows = self._reader.read_passages(texts)
        if self._for_passages is None:
            return self._engine.run_all(rows, self._shape)
        return self._for_passages.run_all(rows, self._shape, self._engine)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1; a text over the limit is cut, with a warning."""
        ids = self._reader.read_query(text, self.warn)
        vector: NDArray[np.float32] = self._engine.run_all([ids], self._shape)[0]
        return vector


@dataclass(frozen=True, slots=True)
class GraphReranker:
    """A Reranker over a cross-encoder's graph; one may be used by several threads at once."""

    engine: Engine
    reader: PairReader
    shape: GraphShape
    warn: Callable[[str], None]

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """Return (passages,) float64 from 0 to 1, in the order of the passages."""
        from notesearch.odds import to_probabilities

        # Models differ in whether they do that themselves: here it is always done, once.
        return to_probabilities(self.read_logits(question, passages))

    def read_logits(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return (passages,) float32: what the model gives before it is made a probability."""
        pairs = self.reader.read_pairs(question, passages, self.warn)
        types = [pair.type_ids for pair in pairs]
        return self.engine.run_all([pair.ids for pair in pairs], self.shape, types)[:, 0]
