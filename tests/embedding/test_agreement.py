"""A compiled model says what sentence-transformers says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from notesearch.embedding import Embedder, ModelChoice, load_embedder, models
from notesearch.embedding.compile.pretrained import quiet
from notesearch.embedding.compiled_form import GRAPH, open_manifest
from notesearch.embedding.graph_engine import FEW_PASSAGES, GraphEmbedder, open_engine, pad_rows
from notesearch.embedding.model_cache import folder_of
from notesearch.embedding.model_files import find_source
from tests.conftest import BUNDLED
from tests.tiny_models import DIMENSION, PROMPTS, TINY_MODELS

TEXTS = ["reward model", "a", "a longer text, of 9 words", "why?", "model", "reward 0.5 - model!"]


def open_plain(folder: Path):
    from sentence_transformers import SentenceTransformer

    with quiet():
        return SentenceTransformer(str(folder), device="cpu")


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=() if k == "mean" else pytest.mark.slow) for k in TINY_MODELS],
)
def test_compiled_vectors_are_those_of_sentence_transformers(
    kind: str, make_model: Callable[[str], Path], open_tiny: Callable[[str], Embedder]
) -> None:
    plain, compiled = open_plain(make_model(kind)), open_tiny(kind)
    assert isinstance(compiled, GraphEmbedder)
    expected = plain.encode_document(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(compiled.embed_passages(TEXTS), expected, atol=1e-5)
    for text in TEXTS:
        query = plain.encode_query(text, normalize_embeddings=True)
        np.testing.assert_allclose(compiled.embed_query(text), query, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "operators"),
    [("mean", {"MultiHeadAttention"}), pytest.param("causal", {"Softmax"}, marks=pytest.mark.slow)],
)
def test_attention_is_one_operator_where_every_token_sees_every_other(
    kind: str,
    operators: set[str],
    open_tiny: Callable[[str], Embedder],
    cache_dir: Path,
) -> None:
    folder = folder_of(cache_dir, open_tiny(kind).fingerprint)
    graph = onnx.load(folder / GRAPH, load_external_data=False).graph
    used = {node.op_type for node in graph.node}
    assert used & {"MultiHeadAttention", "Softmax"} == operators


def test_graph_without_a_mask_refuses_a_second_row(
    open_tiny: Callable[[str], Embedder], cache_dir: Path
) -> None:
    folder = folder_of(cache_dir, open_tiny("mean").fingerprint)
    manifest, engine = open_manifest(folder), open_engine(folder / GRAPH)
    assert manifest is not None
    with pytest.raises(Exception, match="Got invalid dimensions for input"):
        engine.run(pad_rows([[2, 7, 3], [2, 8, 7, 3]], manifest.shape))


@pytest.mark.slow
def test_bundled_model_agrees_to_four_nines(bundled_embedder: Embedder) -> None:
    source = find_source(BUNDLED)
    assert source is not None
    texts = ["attention is all you need", "KL", "word " * 250, "日本語 и русский, naïve", "x = 1\n"]
    expected = open_plain(source.folder).encode(texts, normalize_embeddings=True)
    cosines = (bundled_embedder.embed_passages(texts) * expected).sum(axis=1)
    assert cosines.min() >= 0.9999


@pytest.mark.slow
def test_prompts_of_the_model_change_both_vectors(open_tiny: Callable[[str], Embedder]) -> None:
    embedder = open_tiny("prompts")
    query, passage = embedder.embed_query("model"), embedder.embed_passages(["model"])[0]
    assert query @ passage < 0.999


@pytest.mark.slow
def test_empty_prompts_in_the_settings_overrule_those_of_the_model(
    make_model: Callable[[str], Path], cache_dir: Path
) -> None:
    folder = make_model("static prompts")
    choice = ModelChoice(name=str(folder), query_prompt="", passage_prompt="")
    embedder = load_embedder(choice, cache_dir=cache_dir)
    expected = open_plain(folder).encode(["model"], prompt="", normalize_embeddings=True)[0]
    np.testing.assert_allclose(embedder.embed_query("model"), expected, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_passages(["model"])[0], expected, atol=1e-5)


def test_truncated_vectors_have_the_dimension_asked_for_and_length_1(
    make_model: Callable[[str], Path], cache_dir: Path, open_tiny: Callable[[str], Embedder]
) -> None:
    choice = ModelChoice(name=str(make_model("static")), truncate_dim=4)
    short = load_embedder(choice, cache_dir=cache_dir)
    assert short.dimension == 4
    whole = open_tiny("static").embed_passages(TEXTS)[:, :4]
    expected = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    np.testing.assert_allclose(short.embed_passages(TEXTS), expected, atol=1e-5)


@pytest.mark.slow
def test_pooling_that_leaves_out_the_prompt_runs_through_torch_and_says_why(
    make_model: Callable[[str], Path], cache_dir: Path
) -> None:
    folder, warnings = make_model("left out"), []
    embedder = load_embedder(
        ModelChoice(name=str(folder)), cache_dir=cache_dir, warn=warnings.append
    )
    assert warnings == [
        "tiny-left out runs through torch, slower: its pooling leaves out the prompt"
    ]
    expected = open_plain(folder).encode(
        TEXTS, prompt=PROMPTS["document"], normalize_embeddings=True
    )
    np.testing.assert_allclose(embedder.embed_passages(TEXTS), expected, atol=1e-5)
    assert embedder.embed_query("model").shape == (DIMENSION,)
    assert embedder.embed_passages([]).shape == (0, DIMENSION)


def test_many_passages_run_through_torch_and_agree_with_the_compiled_form(
    make_model: Callable[[str], Path],
    cache_dir: Path,
    open_tiny: Callable[[str], Embedder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from notesearch.embedding.compile import torch_models

    compiled = open_tiny("mean")
    # Where a GPU would be, torch on the CPU.
    monkeypatch.setattr(models, "may_have_accelerator", lambda *device: True)
    texts = TEXTS * (FEW_PASSAGES // len(TEXTS) + 1)
    monkeypatch.setattr(models, "BULK_PASSAGES", len(texts))
    monkeypatch.setattr(torch_models, "pick_device", lambda wanted: "cpu:0")
    opened: list[str] = []
    open_engine = torch_models.open_torch_engine
    monkeypatch.setattr(
        torch_models,
        "open_torch_engine",
        lambda model: opened.append(model.device) or open_engine(model),
    )
    by_torch = load_embedder(ModelChoice(str(make_model("mean"))), cache_dir=cache_dir)
    np.testing.assert_array_equal(by_torch.embed_query("model"), compiled.embed_query("model"))
    np.testing.assert_array_equal(by_torch.embed_passages(["a"]), compiled.embed_passages(["a"]))
    assert not opened
    np.testing.assert_allclose(
        by_torch.embed_passages(texts), compiled.embed_passages(texts), atol=1e-5
    )
    assert opened == ["cpu:0"]
