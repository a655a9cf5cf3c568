"""The int8 form of a small model: near to float32, and the same each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from notesearch.embedding import ModelChoice
from notesearch.embedding.shipped_model import open_shipped
from training.int8_graph import LARGEST_WEIGHT, round_weights


@pytest.mark.slow
def test_model_is_shipped_near_to_its_float32_form_and_the_same_each_time(
    make_model: Callable[[str], Path], tmp_path: Path
) -> None:
    from training.ship import LEAST_MEAN_COSINE, REFERENCE_TEXTS, ship  # imports torch

    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        reference = tmp_path / f"{folder.name}.json"
        comparison = ship(make_model("mean"), folder, reference)
        assert comparison.mean_cosine >= LEAST_MEAN_COSINE
        entries = json.loads(reference.read_text(encoding="utf-8"))
        assert tuple(entry["text"] for entry in entries) == REFERENCE_TEXTS
    one, other = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders)
    assert one == other
    form = open_shipped(ModelChoice(), folders[0])
    assert form.manifest.fingerprint.startswith("notesearch-encoder int8 ")
    assert form.open_engine().run


def test_rounding_comes_nearer_than_each_weight_alone_where_inputs_go_together() -> None:
    dice = np.random.default_rng(0)
    inputs = dice.normal(size=(500, 3)) @ dice.normal(size=(3, 24)) + 0.05 * dice.normal(
        size=(500, 24)
    )
    weights = dice.normal(size=(24, 8))
    numbers, scales = round_weights(weights, inputs.T @ inputs / len(inputs))
    assert np.abs(numbers).max() <= LARGEST_WEIGHT
    alone = np.round(weights / scales) * scales

    def error(rounded: np.ndarray) -> float:
        return float(np.square(inputs @ (rounded - weights)).mean())

    assert error(numbers * scales) < 0.5 * error(alone)
