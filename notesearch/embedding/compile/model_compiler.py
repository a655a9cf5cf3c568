"""Compile a model into the cache: export its graph, quantise it, check it, keep it.

A graph is compared with sentence-transformers on probes: texts of many lengths, and of the kinds
that notes hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from notesearch.embedding.compile.onnx_graph import (
    Int8Attempt,
    NotCompilableError,
    export_graph,
    find_token_table,
    move_weights_out,
    write_int8,
)
from notesearch.embedding.compile.torch_models import (
    LoadedCrossEncoder,
    LoadedModel,
    PairLogits,
    UnitVectors,
    load_cross_encoder,
    load_model,
)
from notesearch.embedding.compiled_form import (
    GRAPH,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    write_manifest,
)
from notesearch.embedding.graph_engine import (
    Engine,
    GraphEmbedder,
    GraphReranker,
    UnusableGraphError,
    open_engine,
    pad_rows,
)
from notesearch.embedding.model_cache import ModelFiles
from notesearch.embedding.model_choice import Precision, RerankerChoice
from notesearch.errors import say_nothing
from notesearch.file_sums import sum_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from notesearch.embedding.graph_engine import GraphInputs

LOWEST_COSINE = 0.9999  # of any probe text, in float32
MEAN_COSINE_INT8 = 0.99
# Of a logit: a probability moves by a quarter of it at most, which is 1e-4.
MOST_DIFFERENCE = 4e-4
# For models whose logits are large, where float32 itself is no more exact.
MOST_RELATIVE_DIFFERENCE = 1e-4

PROBE_QUERIES = ("attention", "why does direct preference optimization need no reward model?")
_PROSE = (
    "The paper asks whether a language model can be aligned without a separate reward model. "
    "It writes the optimal policy of the constrained problem in closed form and turns the "
    "comparison of two answers into a classification loss. Training is stable, needs no "
    "sampling in the loop, and the results match or beat those of reinforcement learning "
    "on summaries and dialogue. What is left open is how far the policy may drift from the "
    "data, and whether noisy labels hurt more than they do elsewhere. "
)
_ODD = (
    "a",
    "",
    "Größe, naïve, œuvre; 注意力机制 and внимание",
    "def f(x: int) -> int:\n    return x ** 2  # \U0001f600",
    "pi_theta(y|x) = 1/Z(x) pi_ref(y|x) exp(r(x, y)/beta), 2305.18290, 0.5634 +- 0.01",
)
_LENGTHS = (4, 12, 30, 64, 120, 200, 400)  # in words


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


def compile_model(files: ModelFiles, scratch: Path) -> Manifest:
    """Write the compiled form into an empty folder, or the reason why there is none.

    The reason stands in the manifest, in the graph's place. Raises ModelError where the model
    cannot be loaded at all.
    """
    choice, graph = files.choice, scratch / GRAPH
    model: LoadedModel | LoadedCrossEncoder
    table = warning = None
    try:
        if isinstance(choice, RerankerChoice):
            model = load_cross_encoder(files)
            _write_reranker(model, graph)
        else:
            model = load_model(choice, files, device="cpu")
            warning = _write_embedder(model, choice.precision, graph)
        table = find_token_table(graph)
    except NotCompilableError as error:
        warning = f"{files.source.name} runs through torch, slower: {error}"
        for name in (GRAPH, WEIGHTS):
            (scratch / name).unlink(missing_ok=True)
    rules = model.reader.rules
    model.reader.tokenizer.save(str(scratch / TOKENIZER), pretty=False)
    sums = {path.name: sum_file(path) for path in sorted(scratch.iterdir())}
    manifest = Manifest(files.fingerprint, rules, model.shape, warning, table, sums)
    write_manifest(scratch, manifest)
    return manifest


def _write_embedder(model: LoadedModel, precision: Precision | None, graph: Path) -> str | None:
    """Write a checked graph; return a warning where it is not in the precision asked for.

    Raises NotCompilableError where the graph differs from sentence-transformers.
    """
    module = UnitVectors(model)
    passages = _probe_passages(model.reader.count_many, model.reader.max_tokens)
    expected = np.concatenate(
        [model.encode_passages(passages), model.encode_queries(PROBE_QUERIES)]
    )

    def compare(engine: Engine) -> NDArray[np.float32]:
        """Return how near the engine comes, for each passage and query; 1 is the same."""
        embedder = GraphEmbedder(engine, model.reader, model.shape, "", say_nothing)
        queries = np.stack([embedder.embed_query(text) for text in PROBE_QUERIES])
        found = np.concatenate([embedder.embed_passages(passages), queries])
        cosines: NDArray[np.float32] = (found * expected).sum(axis=1)
        return cosines

    def check(engine: Engine) -> None:
        lowest = float(compare(engine).min())
        if not lowest >= LOWEST_COSINE:
            raise NotCompilableError(
                f"its graph differs from sentence-transformers: cosine {lowest:.4f} on a probe text"
            )

    short, *_, long = model.reader.read_passages(passages[:4])
    transformer = getattr(model.pipeline[0], "auto_model", None)
    _write_checked(module, transformer, graph, pad_rows([short, long], model.shape), check)
    if precision is Precision.INT8:
        return _quantise(model.reader.rules.name, graph, compare)
    return None


def _write_reranker(model: LoadedCrossEncoder, graph: Path) -> None:
    """Write a checked graph; NotCompilableError where it differs from the CrossEncoder."""
    module, reader = PairLogits(model), model.reader
    passages = {  # by question; none so long that it is cut
        question: _probe_passages(reader.count_many, reader.room_beside(question))
        for question in PROBE_QUERIES
        if reader.count_many([question])[0] <= reader.max_question
    }
    pairs = [(question, text) for question, texts in passages.items() for text in texts]
    expected = model.predict_logits(pairs)

    def check(engine: Engine) -> None:
        reranker = GraphReranker(engine, reader, model.shape, say_nothing)
        found = np.concatenate(
            [reranker.read_logits(question, texts) for question, texts in passages.items()]
        )
        if not np.allclose(found, expected, rtol=MOST_RELATIVE_DIFFERENCE, atol=MOST_DIFFERENCE):
            raise NotCompilableError(
                "its graph differs from the CrossEncoder: "
                f"by {np.abs(found - expected).max():.4f} on a probe pair"
            )

    question, texts = next(iter(passages.items()))
    short, *_, long = reader.read_pairs(question, texts[:4], say_nothing)
    sample = pad_rows([short.ids, long.ids], model.shape, [short.type_ids, long.type_ids])
    _write_checked(module, module.transformer, graph, sample, check)


def _write_checked(
    module: torch.nn.Module,
    transformer: object,
    graph: Path,
    sample: GraphInputs,
    check: Callable[[Engine], None],
) -> None:
    """Write the graph that onnxruntime is quick at or, where that fails, one for any batch.

    The sample is of two texts of unlike length, so that there is padding.
    """
    try:
        export_graph(module, transformer, graph, sample, one_text=True)
        check(open_engine(graph))
    except (NotCompilableError, UnusableGraphError):
        export_graph(module, transformer, graph, sample, one_text=False)
        check(open_engine(graph))


def _quantise(
    name: str, graph: Path, compare: Callable[[Engine], NDArray[np.float32]]
) -> str | None:
    """Replace a float32 graph by its int8 form, or keep it and return a warning."""
    best = 0.0
    candidate = graph.with_name("int8.onnx")
    for attempt in INT8_ATTEMPTS:
        write_int8(graph, candidate, attempt)
        best = max(best, float(compare(open_engine(candidate)).mean()))
        if best >= MEAN_COSINE_INT8:
            candidate.replace(graph)
            move_weights_out(graph)
            return None
        candidate.unlink()
    return (
        f"{name} runs in float32: in int8 its vectors differ too much "
        f"(mean cosine {best:.3f}, {MEAN_COSINE_INT8} is asked)"
    )


def _probe_passages(
    count_many: Callable[[Sequence[str]], list[int]], most_tokens: int
) -> list[str]:
    """Return passages from one token to the most that the model reads, none of them over it."""
    words = (_PROSE * 5).split()
    texts = [*(" ".join(words[:length]) for length in _LENGTHS), *_ODD]
    counts = count_many(texts)
    return [text for text, count in zip(texts, counts, strict=True) if 0 < count <= most_tokens]
