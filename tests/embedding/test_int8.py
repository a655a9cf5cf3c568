"""Vectors in int8: near to those of float32, a text's own whatever stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from notesearch.embedding import Embedder, ModelChoice, Precision, load_embedder
from tests.conftest import BUNDLED

TEXTS = ["reward model", "a", "query: why does the model pass 0.5?", "", "model model model"]


def load_int8(model: Path, cache_dir: Path, warnings: list[str]) -> Embedder:
    choice = ModelChoice(name=str(model), precision=Precision.INT8)
    return load_embedder(choice, cache_dir=cache_dir, warn=warnings.append)


@pytest.mark.parametrize("kind", ["mean", pytest.param("outliers", marks=pytest.mark.slow)])
def test_vectors_are_near_to_those_of_float32_and_the_same_in_any_company(
    kind: str,
    make_model: Callable[[str], Path],
    open_tiny: Callable[[str], Embedder],
    cache_dir: Path,
) -> None:
    warnings: list[str] = []
    embedder = load_int8(make_model(kind), cache_dir, warnings)
    found, expected = embedder.embed_passages(TEXTS), open_tiny(kind).embed_passages(TEXTS)
    assert not warnings
    assert not np.array_equal(found, expected)
    assert (found * expected).sum(axis=1).mean() >= 0.99
    assert embedder.fingerprint.startswith(f"tiny-{kind} int8 ")
    alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
    np.testing.assert_array_equal(found, alone)


@pytest.mark.slow
def test_model_with_outliers_cannot_have_all_its_products_in_int8(
    make_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.embedding.compile import model_compiler

    whole = [attempt for attempt in model_compiler.INT8_ATTEMPTS if not attempt.spares_narrowing]
    monkeypatch.setattr(model_compiler, "INT8_ATTEMPTS", whole)
    warnings: list[str] = []
    load_int8(make_model("outliers"), tmp_path, warnings)
    assert len(warnings) == 1
    assert warnings[0].startswith(
        "tiny-outliers runs in float32: in int8 its vectors differ too much (mean cosine "
    )


@pytest.mark.slow
def test_bundled_model_stays_near(cache_dir: Path, bundled_embedder: Embedder) -> None:
    choice = replace(BUNDLED, precision=Precision.INT8)
    embedder = load_embedder(choice, cache_dir=cache_dir)
    texts = ["why does DPO avoid the reward model", "graph neural networks for molecules"]
    cosines = (embedder.embed_passages(texts) * bundled_embedder.embed_passages(texts)).sum(axis=1)
    assert cosines.min() >= 0.97
    assert embedder.fingerprint.startswith("all-MiniLM-L6-v2 int8 ")
