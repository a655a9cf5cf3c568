from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.embedding import Embedder, ModelChoice, Precision, fingerprint_of, model_files
from notesearch.embedding.model_files import ModelSource
from notesearch.errors import ModelError
from tests.conftest import BUNDLED


@pytest.fixture
def model(make_model: Callable[[str], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(make_model("static"), tmp_path / "model"))


@pytest.mark.slow
def test_fingerprint_without_loading_is_that_of_the_loaded_model(
    bundled_embedder: Embedder, cache_dir: Path
) -> None:
    assert fingerprint_of(BUNDLED, cache_dir=cache_dir) == bundled_embedder.fingerprint
    name, precision, digest = bundled_embedder.fingerprint.split(" ")
    assert (name, precision, len(digest)) == ("all-MiniLM-L6-v2", "float32", 8)


@pytest.mark.parametrize(
    "change",
    [
        {"precision": Precision.INT8},
        {"truncate_dim": 4},
        {"query_prompt": "q: "},
        {"passage_prompt": "p: "},
        {"dtype": "float16"},
    ],
)
def test_whatever_changes_vectors_changes_the_fingerprint(
    change: dict[str, object], model: Path, tmp_path: Path
) -> None:
    choice = ModelChoice(name=str(model))
    before = fingerprint_of(choice, cache_dir=tmp_path)
    assert fingerprint_of(replace(choice, **change), cache_dir=tmp_path) != before


def test_another_way_to_quantise_changes_the_fingerprint_of_int8_alone(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = [ModelChoice(name=str(model), precision=precision) for precision in Precision]
    before = [fingerprint_of(choice, cache_dir=tmp_path) for choice in choices]
    monkeypatch.setattr(model_files, "QUANTISER_VERSION", model_files.QUANTISER_VERSION + 1)
    after = [fingerprint_of(choice, cache_dir=tmp_path) for choice in choices]
    changed = [
        choice.precision for choice, a, b in zip(choices, before, after, strict=True) if a != b
    ]
    assert changed == [Precision.INT8]


def test_device_leaves_the_fingerprint_alone(model: Path, tmp_path: Path) -> None:
    choice = ModelChoice(name=str(model))
    on_gpu = replace(choice, device="cuda")
    assert fingerprint_of(choice, cache_dir=tmp_path) == fingerprint_of(on_gpu, cache_dir=tmp_path)


def test_changed_weights_are_noticed_and_a_changed_readme_is_not(
    model: Path, tmp_path: Path
) -> None:
    choice = ModelChoice(name=str(model))
    before = fingerprint_of(choice, cache_dir=tmp_path)
    (model / "README.md").write_text("another text")
    assert fingerprint_of(choice, cache_dir=tmp_path) == before
    weights = next(model.rglob("model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    assert fingerprint_of(choice, cache_dir=tmp_path) != before


def test_files_that_did_not_move_are_not_hashed_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = ModelChoice(name=str(model))
    before = fingerprint_of(choice, cache_dir=tmp_path)
    monkeypatch.setattr(model_files, "sha256_of", lambda path: pytest.fail(f"hashed {path}"))
    assert fingerprint_of(choice, cache_dir=tmp_path) == before


def test_disk_too_full_to_remember_hashes_stops_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, content: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    choice = ModelChoice(name=str(model))
    before = fingerprint_of(choice, cache_dir=tmp_path / "one")
    monkeypatch.setattr(model_files, "write_whole", fail)
    assert fingerprint_of(choice, cache_dir=tmp_path / "other") == before


@pytest.mark.parametrize("damage", ["", "[]", '{"a": 1}', "\x00\x01"])
def test_damaged_memory_of_hashes_is_rebuilt(damage: str, model: Path, tmp_path: Path) -> None:
    choice = ModelChoice(name=str(model))
    before = fingerprint_of(choice, cache_dir=tmp_path)
    memory = next((tmp_path / "sources").iterdir())
    whole = memory.read_text()
    memory.write_text(damage)
    assert fingerprint_of(choice, cache_dir=tmp_path) == before
    assert memory.read_text() == whole


def test_weights_that_are_not_the_published_ones_are_refused(model: Path, tmp_path: Path) -> None:
    source = ModelSource(
        "bundled", model / "0_StaticEmbedding", weights_sha256="53aa51172d14" + "0"
    )
    if not source.folder.is_dir():
        source = replace(source, folder=model)
    with pytest.raises(ModelError, match="not the published weights of bundled"):
        model_files.hash_files(source, tmp_path)
