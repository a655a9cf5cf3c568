"""Passages in bfloat16 through OpenVINO; what needs it is skipped where it is not installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from notesearch.embedding import Embedder, ModelChoice, Precision, compiler, load_embedder
from notesearch.embedding.compiled import open_engine, pad_rows
from notesearch.embedding.openvino_engine import has_bfloat16, import_openvino
from notesearch.embedding.store import GRAPH, folder_of, open_manifest
from notesearch.errors import ModelError
from tests.embedding.test_offline import FORBID_SOCKETS, HEAVY, run
from tests.tiny_models import DIMENSION

TEXTS = ["reward model", "a", "a longer text, of 9 words", "why?", "model", "reward 0.5 - model!"]


@pytest.fixture
def choice(make_model: Callable[[str], Path]) -> ModelChoice:
    return ModelChoice(name=str(make_model("static")), precision=Precision.BFLOAT16)


@pytest.fixture
def with_openvino() -> None:
    """Skip where OpenVINO is not installed, or has no bfloat16 here."""
    try:
        if not has_bfloat16():
            pytest.skip("this processor has no bfloat16")
    except ModelError as error:
        pytest.skip(str(error))


def take_openvino_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)


def put_openvino_without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    core = SimpleNamespace(get_property=lambda device, name: ["FP32", "INT8"])
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(Core=lambda: core))


def test_without_openvino_the_error_names_the_command_that_installs_it(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_openvino_away(monkeypatch)
    with pytest.raises(
        ModelError, match=r'run: pip install "notesearch\[openvino\]", or set precision to float32$'
    ):
        load_embedder(choice, cache_dir=tmp_path)
    assert not list((tmp_path / "compiled").glob("*/manifest.json"))


def test_what_is_imported_for_openvino_alone_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace())
    before = set(sys.modules)
    import_openvino()
    assert set(sys.modules) == before


def test_processor_without_bfloat16_runs_in_float32_and_is_told_so(
    choice: ModelChoice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    open_tiny: Callable[[str], Embedder],
) -> None:
    put_openvino_without_bfloat16(monkeypatch)
    warnings: list[str] = []
    embedder = load_embedder(choice, cache_dir=tmp_path, warn=warnings.append)
    assert warnings == ["tiny-static runs in float32: this processor has no bfloat16"]
    expected = open_tiny("static").embed_passages(TEXTS)
    np.testing.assert_array_equal(embedder.embed_passages(TEXTS), expected)
    assert embedder.fingerprint.startswith("tiny-static bfloat16 ")


def test_graph_for_openvino_takes_batches_and_heeds_their_mask(
    make_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_openvino_without_bfloat16(monkeypatch)  # onnxruntime runs its graph then
    choice = ModelChoice(name=str(make_model("mean")), precision=Precision.BFLOAT16)
    embedder = load_embedder(choice, cache_dir=tmp_path, warn=lambda _: None)
    folder = folder_of(tmp_path, embedder.fingerprint)
    manifest, engine = open_manifest(folder), open_engine(folder / GRAPH)
    assert manifest is not None
    rows = [[2, 7, 3], [2, 8, 7, 8, 7, 3]]
    alone = [engine.run(pad_rows([row], manifest.shape))[0] for row in rows]
    np.testing.assert_allclose(engine.run(pad_rows(rows, manifest.shape)), alone, atol=1e-5)


@pytest.mark.usefixtures("with_openvino")
def test_vectors_that_differ_too_much_run_in_float32_and_are_told_so(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "MEAN_COSINE_BFLOAT16", 1.1)
    warnings: list[str] = []
    load_embedder(choice, cache_dir=tmp_path, warn=warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(
        "tiny-static runs in float32: in bfloat16 its vectors differ too much (mean cosine "
    )


@pytest.mark.usefixtures("with_openvino")
def test_passages_need_openvino_and_questions_do_not(
    choice: ModelChoice, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_embedder(choice, cache_dir=cache_dir)
    take_openvino_away(monkeypatch)
    embedder = load_embedder(choice, cache_dir=cache_dir)
    assert embedder.embed_query("model").shape == (DIMENSION,)
    assert embedder.embed_passages([]).shape == (0, DIMENSION)
    with pytest.raises(ModelError, match="OpenVINO"):
        embedder.embed_passages(["model"])


@pytest.mark.slow
@pytest.mark.usefixtures("with_openvino")
class TestTheDefaultModel:
    @pytest.fixture
    def embedder(self, cache_dir: Path) -> Embedder:
        choice = ModelChoice(precision=Precision.BFLOAT16)
        return load_embedder(choice, cache_dir=cache_dir)

    def test_passages_agree_to_four_nines_and_questions_are_those_of_float32(
        self, embedder: Embedder, default_embedder: Embedder
    ) -> None:
        texts = ["why DPO needs no reward model", "KL", "", "word " * 250, "naïve 注意力", "x = 1"]
        found, expected = embedder.embed_passages(texts), default_embedder.embed_passages(texts)
        assert (found * expected).sum(axis=1).mean() >= 0.9999
        assert not np.array_equal(found, expected)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        query = embedder.embed_query("reward model")
        expected_query = default_embedder.embed_query("reward model")
        np.testing.assert_allclose(query, expected_query, atol=1e-5)

    def test_several_threads_get_what_one_gets(self, embedder: Embedder) -> None:
        texts = [[f"text {number} " * length for length in (1, 20, 60)] for number in range(4)]
        alone = [embedder.embed_passages(part) for part in texts]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(embedder.embed_passages, texts))
        np.testing.assert_allclose(together, alone, atol=1e-6)

    def test_a_question_imports_no_openvino_and_a_passage_nothing_that_reports_its_use(
        self, embedder: Embedder, cache_dir: Path
    ) -> None:
        names = (*HEAVY, "openvino", "openvino.tools.ovc", "openvino_telemetry")
        code = f"""{FORBID_SOCKETS}
from pathlib import Path
from notesearch.embedding import ModelChoice, Precision, load_embedder
choice = ModelChoice(precision=Precision.BFLOAT16)
embedder = load_embedder(choice, cache_dir=Path({str(cache_dir)!r}))
embedder.embed_query("why")
"""
        assert run(code, names) == ""
        assert run(code + 'embedder.embed_passages(["because"])', names) == "openvino"
