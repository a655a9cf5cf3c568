"""Texts and models as they come."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from notesearch import Index, Settings
from notesearch.embedding import (
    Embedder,
    ModelChoice,
    Precision,
    load_counter,
    load_embedder,
    models,
)
from notesearch.embedding.graph_engine import FEW_PASSAGES
from notesearch.embedding.token_reader import open_tokenizer
from notesearch.errors import ModelError
from tests.conftest import BUNDLED, write_notes
from tests.tiny_models import DIMENSION, TINY_LIMIT


def test_empty_list_gives_no_rows(default_embedder: Embedder) -> None:
    assert default_embedder.embed_passages([]).shape == (0, 384)


def test_empty_string_has_a_vector_of_length_1(default_embedder: Embedder) -> None:
    assert default_embedder.count_tokens("") == 0
    assert np.linalg.norm(default_embedder.embed_passages([""])[0]) == pytest.approx(1, abs=1e-5)


def test_empty_string_is_a_row_of_zeros_where_the_model_adds_no_tokens(
    open_tiny: Callable[[str], Embedder],
) -> None:
    vectors = open_tiny("static").embed_passages(["", "model"])
    assert vectors[0].tolist() == [0.0] * DIMENSION
    assert np.linalg.norm(vectors[1]) == pytest.approx(1, abs=1e-5)


def test_million_characters_are_counted_and_refused_as_a_passage(
    default_embedder: Embedder,
) -> None:
    text, limit = "word " * 200_000, default_embedder.max_tokens
    assert default_embedder.count_tokens(text) == 200_000
    with pytest.raises(
        ModelError,
        match=f"passage 1 of those to embed: 200000 tokens, notesearch-encoder reads {limit}",
    ):
        default_embedder.embed_passages(["short", text])


def test_text_at_the_limit_is_read_whole_and_one_token_more_is_refused(
    default_embedder: Embedder,
) -> None:
    limit = default_embedder.max_tokens
    whole, other = "word " * limit, "word " * (limit - 1) + "different"
    vectors = default_embedder.embed_passages([whole, other])
    assert vectors[0] @ vectors[1] < 0.99999
    with pytest.raises(ModelError, match=f"{limit + 1} tokens"):
        default_embedder.embed_passages(["word " * (limit + 1)])


def test_long_query_is_cut_at_its_end_with_a_warning(
    make_model: Callable[[str], Path], cache_dir: Path
) -> None:
    warnings: list[str] = []
    choice = ModelChoice(name=str(make_model("mean")))
    embedder = load_embedder(choice, cache_dir=cache_dir, warn=warnings.append)
    kept = "model " * embedder.max_tokens
    np.testing.assert_allclose(
        embedder.embed_query(kept + "reward"), embedder.embed_query(kept), atol=1e-6
    )
    assert warnings == [
        f"query of {TINY_LIMIT + 1} tokens: tiny-mean reads the first {TINY_LIMIT}, "
        "the rest is left out"
    ]


def test_update_says_nothing_of_its_own_questions_and_a_query_does(
    make_model: Callable[[str], Path], tmp_path: Path
) -> None:
    warnings: list[str] = []
    write_notes(tmp_path / "corpus")
    settings = Settings(model=ModelChoice(str(make_model("mean"))))
    with Index.open(
        tmp_path / "index", create=True, settings=settings, warn=warnings.append
    ) as index:
        index.update(tmp_path / "corpus")
        assert warnings == []
        index.query("model " * 50)
    assert warnings == [
        f"query of 52 tokens: tiny-mean reads the first {TINY_LIMIT}, the rest is left out"
    ]


def test_million_characters_are_cut_as_a_query(
    make_model: Callable[[str], Path], cache_dir: Path
) -> None:
    warnings: list[str] = []
    choice = ModelChoice(name=str(make_model("mean")))
    embedder = load_embedder(choice, cache_dir=cache_dir, warn=warnings.append)
    assert embedder.embed_query("x" * 1_000_000).shape == (DIMENSION,)
    assert embedder.embed_query("model " * 200_000).shape == (DIMENSION,)
    assert len(warnings) == 1  # a word of a million letters is one unknown token


def test_lone_surrogates_are_read_as_unknown_characters(default_embedder: Embedder) -> None:
    vectors = default_embedder.embed_passages(
        ["na\udcefve \ud800 model", "na\ufffdve \ufffd model"]
    )
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert default_embedder.embed_query("\ud83d").shape == (384,)


def test_order_of_texts_is_kept_whatever_their_lengths(default_embedder: Embedder) -> None:
    texts = ["word " * count for count in (3, 200, 1, 50, 7)]
    together = default_embedder.embed_passages(texts)
    alone = np.stack([default_embedder.embed_query(text) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_counts_are_the_models_own_less_what_it_adds(
    open_tiny: Callable[[str], Embedder], default_embedder: Embedder
) -> None:
    assert default_embedder.count_tokens("embeddings") == 4  # em ##bed ##ding ##s
    prompted = open_tiny("prompts")
    assert prompted.max_tokens == TINY_LIMIT - 4  # [CLS] passage : [SEP]
    assert prompted.count_tokens("reward model") == 2


@pytest.mark.slow
def test_counter_of_the_uncompiled_bundled_model_counts_as_the_compiled_one(
    tmp_path: Path, bundled_embedder: Embedder
) -> None:
    counter = load_counter(BUNDLED, cache_dir=tmp_path)
    texts = ["", "a b c", "naïve Größe, 注意力", "x" * 300, "pi_theta(y|x)"]
    assert counter.count_many(texts) == [bundled_embedder.count_tokens(text) for text in texts]
    assert counter.max_tokens == bundled_embedder.max_tokens == 256 - 2
    assert not (tmp_path / "compiled").exists()


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        ({}, "it has no modules.json or config.json"),
        ({"notes.md": "# A note"}, "it has no modules.json or config.json"),
        ({"config.json": "{}"}, r"it has no weights \(model.safetensors\)"),
    ],
)
def test_folder_that_is_no_model_is_named_with_what_it_lacks(
    files: dict[str, str], finding: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=finding):
        load_embedder(ModelChoice(name=str(tmp_path)), cache_dir=tmp_path / "cache")


def test_folder_with_broken_weights_is_an_error_and_leaves_nothing_compiled(
    tmp_path: Path,
) -> None:
    model = tmp_path / "broken"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "bert"}')
    (model / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="sentence-transformers cannot load it"):
        load_embedder(ModelChoice(name=str(model)), cache_dir=tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache" / "compiled").iterdir()] == [".lock"]


def test_path_that_does_not_exist_is_an_error_without_a_look_at_the_network(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match="no such folder, and not a hub id"):
        load_embedder(ModelChoice(name=str(tmp_path / "nowhere")), cache_dir=tmp_path)


@pytest.mark.parametrize("name", ["~/model", "~nobody-of-that-name/model"])
def test_path_in_a_home_folder_that_is_not_known_is_an_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_entry(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    monkeypatch.delenv("HOME")
    with pytest.raises(ModelError, match="no home folder is known; set model to a whole path"):
        load_embedder(ModelChoice(name=name), cache_dir=tmp_path)


def test_folder_of_the_working_folder_does_not_take_the_place_of_a_hub_model(
    make_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(make_model("static"), tmp_path / "some" / "model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    with pytest.raises(ModelError, match=r"like a hub id, and a folder here; .* ./some/model for"):
        load_embedder(ModelChoice("some/model", trust_remote_code=True), cache_dir=tmp_path / "c")


@pytest.mark.parametrize(
    ("choice", "finding"),
    [
        (ModelChoice(device="gpu"), "device gpu: not known"),
        (ModelChoice(dtype="float8"), "dtype float8: not known; use one of float32, float16, bfl"),
        (ModelChoice(truncate_dim=0), "truncate_dim 0: no number of dimensions; set it to 1"),
        (ModelChoice(truncate_dim=-3), "truncate_dim -3: no number of dimensions"),
        (ModelChoice(device="cuda", precision=Precision.INT8), "int8 runs on the CPU"),
    ],
)
def test_choice_that_cannot_be_is_an_error(choice: ModelChoice, finding: str) -> None:
    with pytest.raises(ModelError, match=finding):
        load_embedder(choice)


def test_more_dimensions_than_the_model_has_are_an_error(
    make_model: Callable[[str], Path], tmp_path: Path
) -> None:
    choice = ModelChoice(str(make_model("static")), truncate_dim=9999)
    finding = f"truncate_dim 9999: tiny-static gives {DIMENSION} dimensions; set it to {DIMENSION}"
    with pytest.raises(ModelError, match=finding):
        load_embedder(choice, cache_dir=tmp_path)


def test_prompt_that_leaves_no_room_is_an_error(
    make_model: Callable[[str], Path], tmp_path: Path
) -> None:
    choice = ModelChoice(str(make_model("mean")), passage_prompt="model " * 40)
    with pytest.raises(ModelError, match=r"reads 32 tokens, .* take 42; shorten passage_prompt"):
        load_embedder(choice, cache_dir=tmp_path)


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_device_that_is_not_there_is_an_error_before_torch_is_imported(device: str) -> None:
    if models.may_have_accelerator(device):
        pytest.skip("there may be one")
    program = (
        "import sys; from notesearch.embedding import *\n"
        f"try: load_embedder(ModelChoice('all-MiniLM-L6-v2', device={device!r}))\n"
        "except Exception as error: print(error, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == f"device {device}: there is none here; set device to auto or cpu False\n"


def test_device_that_torch_does_not_find_is_an_error(
    make_model: Callable[[str], Path],
    cache_dir: Path,
    open_tiny: Callable[[str], Embedder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if has_gpu():
        pytest.skip("there is a GPU")
    # As where there is one that torch has not been built for.
    monkeypatch.setattr(models, "may_have_accelerator", lambda *device: True)
    open_tiny("static")
    choice = ModelChoice(str(make_model("static")), device="cuda")
    embedder = load_embedder(choice, cache_dir=cache_dir)
    assert embedder.embed_query("model").shape == (DIMENSION,)
    with pytest.raises(ModelError, match="device cuda: torch finds none here; set device to auto"):
        embedder.embed_passages(["model"] * (FEW_PASSAGES + 1))


def put(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_what_cannot_be_read(path: Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/mem")  # whoever reads it, the first byte is an error


DAMAGE = [
    ("tokenizer.json", put("{"), "cannot load it: EOF while parsing an object"),
    ("tokenizer.json", put("[]"), "cannot load it: invalid type: sequence"),
    ("tokenizer.json", replace_by_pipe, "tokenizer.json is no regular file; remove it"),
    ("modules.json", put("nothing"), "sentence-transformers cannot load it: Expecting value"),
    ("model.safetensors", put("no tensors"), "sentence-transformers cannot load it: "),
    ("model.safetensors", replace_by_pipe, "no weights|is no regular file"),
    ("model.safetensors", replace_by_what_cannot_be_read, "model.safetensors cannot be read: "),
]


@pytest.mark.parametrize(("name", "damage", "finding"), DAMAGE)
def test_damaged_model_folder_is_an_error_of_one_line(
    name: str,
    damage: Callable[[Path], object],
    finding: str,
    make_model: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    model = Path(shutil.copytree(make_model("static"), tmp_path / "model"))
    damage(next(model.rglob(name)))
    with pytest.raises(ModelError, match=finding) as error:
        load_embedder(ModelChoice(str(model)), cache_dir=tmp_path / "cache")
    assert "\n" not in str(error.value)


def test_model_that_fails_when_it_runs_is_an_error_of_one_line(
    make_model: Callable[[str], Path], tmp_path: Path
) -> None:
    model = Path(shutil.copytree(make_model("mean"), tmp_path / "model"))
    config = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(json.dumps(config | {"model_max_length": -1}))
    settings = json.loads((model / "sentence_bert_config.json").read_text())
    settings["max_seq_length"] = -1
    (model / "sentence_bert_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError) as error:
        load_embedder(ModelChoice(str(model)), cache_dir=tmp_path / "cache")
    assert "\n" not in str(error.value)


def test_damaged_tokenizer_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json: no tokenizer: Model missing"):
        open_tokenizer(tmp_path / "tokenizer.json")
