"""A CrossEncoder's files in, its compiled form in the cache out: exported, checked, kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.compile.model_compiler import (
    move_weights_out,
    write_compiled,
    write_for_one_text,
)
from notesearch.embedding.graph_engine import open_engine, pad_rows
from notesearch.embedding.model_cache import Manifest
from notesearch.embedding.probes import PROBE_QUERIES, probe_passages
from notesearch.embedding.reranking.compiled import GraphReranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from notesearch.embedding.compile.torch_reranker import LoadedCrossEncoder
    from notesearch.embedding.model_choice import RerankerChoice
    from notesearch.embedding.place import Place

# Of a logit: a probability moves by a quarter of it at most, which is 1e-4.
MOST_DIFFERENCE = 4e-4
# For models whose logits are large, where float32 itself is no more exact.
MOST_RELATIVE_DIFFERENCE = 1e-4


def compile_reranker(choice: RerankerChoice, place: Place) -> Manifest:
    """Put the compiled form in its folder, or the reason why there is none.

    To be called under `store.locked`. Raises ModelError where the model cannot be loaded at all.
    """
    from notesearch.embedding.compile import torch_reranker

    model = torch_reranker.load_cross_encoder(choice, place.source)
    return write_compiled(
        place.folder,
        Manifest(place.fingerprint, model.rules, model.shape),
        model.reader.save,
        lambda graph: _write_graph(model, graph),
    )


def _write_graph(model: LoadedCrossEncoder, graph: Path) -> None:
    """Write a graph; NotCompilableError where it does not say what the CrossEncoder says."""
    import numpy as np

    from notesearch.embedding.compile import torch_reranker
    from notesearch.embedding.compile.onnx_graph import NotCompilableError

    probes = PairProbes.make(model)

    def write(*, one_text: bool) -> None:
        torch_reranker.export_graph(model, graph, probes.sample(model), one_text=one_text)
        move_weights_out(graph)
        found, expected = probes.read_logits(model, graph), probes.logits
        if not np.allclose(found, expected, rtol=MOST_RELATIVE_DIFFERENCE, atol=MOST_DIFFERENCE):
            raise NotCompilableError(
                "its graph differs from the CrossEncoder: "
                f"by {np.abs(found - expected).max():.4f} on a probe pair"
            )

    write_for_one_text(write)


@dataclass(frozen=True, slots=True)
class PairProbes:
    """Questions, the passages of each, and the logits that the CrossEncoder gives the pairs."""

    passages: dict[str, list[str]]  # by question; none so long that it is cut
    logits: NDArray[np.float32]  # of each question's passages in turn

    @classmethod
    def make(cls, model: LoadedCrossEncoder) -> PairProbes:
        """Score the probe pairs through sentence-transformers."""
        from notesearch.embedding.compile import torch_reranker

        reader = model.reader
        passages = {
            question: probe_passages(reader.count_many, reader.room_beside(question))
            for question in PROBE_QUERIES
            if reader.count_many([question])[0] <= reader.max_question
        }
        pairs = [(question, text) for question, texts in passages.items() for text in texts]
        return cls(passages, torch_reranker.predict_logits(model, pairs))

    def sample(self, model: LoadedCrossEncoder) -> dict[str, NDArray[np.int64]]:
        """Make inputs to export with: two pairs of unlike length, so that there is padding."""
        question, passages = next(iter(self.passages.items()))
        short, *_, long = model.reader.read_pairs(question, passages[:4], warn=lambda _: None)
        return pad_rows([short.ids, long.ids], model.shape, [short.types, long.types])

    def read_logits(self, model: LoadedCrossEncoder, graph: Path) -> NDArray[np.float32]:
        """Give what the graph makes of the pairs, in the order of `logits`."""
        import numpy as np

        reranker = GraphReranker(open_engine(graph), model.reader, model.shape, warn=lambda _: None)
        return np.concatenate(
            [reranker.read_logits(question, texts) for question, texts in self.passages.items()]
        )
