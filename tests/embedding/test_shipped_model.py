"""The model that comes with the package: whole, the same on every processor, never written to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from notesearch.embedding import ModelChoice, Precision, fingerprint_of, load_counter, load_embedder
from notesearch.embedding.compiled_form import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    open_manifest,
    write_manifest,
)
from notesearch.embedding.graph_engine import GraphEmbedder
from notesearch.embedding.shipped_model import ENCODER, open_shipped
from notesearch.errors import ModelError
from notesearch.file_sums import sum_file
from tests.embedding.test_model_cache import cut, flip_a_byte

REFERENCE = json.loads(Path(__file__).with_name("shipped_vectors.json").read_text(encoding="utf-8"))
# Integer products are the same on every processor. Between them numbers in float32 may differ in
# their last digit, and one that lies between two of 256 steps may be rounded to the other. On an
# emulated Haswell, without VNNI, the vectors were equal in the five digits of the file.
LEAST_COSINE = 0.9999
MOST_BYTES = 25_000_000


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder of this test's own with the shipped model."""
    return Path(shutil.copytree(ENCODER, tmp_path / "encoder"))


def manifest_of(folder: Path) -> Manifest:
    manifest = open_manifest(folder)
    assert manifest is not None
    return manifest


@pytest.mark.parametrize("entry", REFERENCE, ids=lambda entry: entry["text"][:20])
def test_vectors_are_those_that_it_was_shipped_with(entry, default_embedder):
    expected = np.array(entry["vector"])
    passage = default_embedder.embed_passages([entry["text"]])[0]
    assert passage @ expected > LEAST_COSINE
    assert default_embedder.embed_query(entry["text"]) @ expected > LEAST_COSINE


def test_no_weight_lets_a_processor_without_vnni_overflow():
    model = onnx.load(ENCODER / GRAPH)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [node.input[1] for node in model.graph.node if node.op_type == "MatMulInteger"]
    weights = [onnx.numpy_helper.to_array(tensors[name]).astype(int) for name in products]
    largest = max(int(np.abs(numbers).max()) for numbers in weights)
    assert 2 * 255 * largest < 2**15


def test_it_is_small_and_its_table_of_tokens_is_checked_row_by_row():
    table = manifest_of(ENCODER).table
    assert sum(path.stat().st_size for path in ENCODER.iterdir()) < MOST_BYTES
    assert table is not None
    assert (table.rows, table.row_bytes) == (30522, 384)


def test_graph_names_no_path_of_the_machine_that_made_it():
    assert str(Path(__file__).parents[2]).encode() not in (ENCODER / GRAPH).read_bytes()
    assert b"/site-packages/" not in (ENCODER / GRAPH).read_bytes()


def flip_the_last_byte(path: Path) -> None:
    flip_a_byte(path, -1)


@pytest.mark.parametrize("damage", [flip_the_last_byte, cut, Path.unlink])
@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, MANIFEST])
def test_damaged_file_is_an_error_that_says_to_reinstall(
    damage: Callable[[Path], object], name: str, copy: Path
):
    damage(copy / name)
    before = {path: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(ModelError, match=r"; reinstall notesearch, which it came with$") as error:
        open_shipped(ModelChoice(), copy).open_engine()
    assert str(copy) in str(error.value)
    assert {path: path.read_bytes() for path in copy.iterdir()} == before


def test_damaged_token_is_noticed_by_the_text_that_reads_it(copy, monkeypatch):
    manifest, reader = manifest_of(copy), load_counter()
    monkeypatch.setattr("notesearch.file_sums.PIECE_BYTES", 384)
    files = {name: sum_file(copy / name) for name in manifest.files}
    write_manifest(copy, replace(manifest, files=files))
    form = open_shipped(ModelChoice(), copy)
    table = form.manifest.table
    _, token, _ = reader.read_query("reward", pytest.fail)
    flip_a_byte(copy / WEIGHTS, table.offset + token * table.row_bytes + 3)
    engine, shape = form.open_engine(), form.manifest.shape
    engine.run_all(reader.read_passages(["policy"]), shape)
    with pytest.raises(ModelError, match=r"model.weights: is not as it was written; reinstall"):
        engine.run_all(reader.read_passages(["reward"]), shape)


def test_fingerprint_is_that_of_the_manifest_and_asks_for_no_cache(tmp_path):
    (tmp_path / "file").write_text("in the way of a cache folder")
    found = fingerprint_of(cache_dir=tmp_path / "file" / "cache", warn=pytest.fail)
    assert found == manifest_of(ENCODER).fingerprint == load_embedder().fingerprint
    name, precision, digest = found.split(" ")
    assert (name, precision, len(digest)) == (ModelChoice().name, "int8", 8)


@pytest.mark.parametrize(
    ("asked", "setting"),
    [
        ({"precision": Precision.FLOAT32}, "precision float32"),
        ({"device": "cuda"}, "device cuda"),
        ({"dtype": "float16"}, "dtype float16"),
        ({"truncate_dim": 128}, "truncate_dim 128"),
        ({"query_prompt": "q: "}, "query_prompt q: "),
        ({"passage_prompt": ""}, "passage_prompt "),
        ({"revision": "main"}, "revision main"),
    ],
)
@pytest.mark.parametrize("load", [load_embedder, load_counter, fingerprint_of])
def test_form_that_it_does_not_come_in_is_an_error_that_says_what_to_do(load, asked, setting):
    with pytest.raises(ModelError) as error:
        load(ModelChoice(**asked))
    key = setting.split(" ")[0]
    assert str(error.value) == (
        f"{setting}: notesearch-encoder comes compiled, in int8 for the CPU; "
        f"leave {key} out, or set model to another"
    )


def test_what_it_is_may_be_said():
    choice = ModelChoice(precision=Precision.INT8, device="cpu")
    assert isinstance(load_embedder(choice), GraphEmbedder)
