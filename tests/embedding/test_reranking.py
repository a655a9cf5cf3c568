"""A compiled cross-encoder says what the CrossEncoder of sentence-transformers says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from notesearch.embedding import RerankerChoice, load_reranker
from notesearch.embedding.compile.pretrained import quiet
from notesearch.embedding.compiled_form import GRAPH, MANIFEST, TOKENIZER, WEIGHTS
from notesearch.embedding.graph_engine import GraphReranker
from notesearch.embedding.model_cache import find_files
from notesearch.embedding.protocol import Reranker
from notesearch.errors import ModelError
from notesearch.odds import to_probabilities
from tests.tiny_models import TINY_LIMIT

from .test_model_cache import assert_compiled_again, compiled_folder, cut, flip_a_byte
from .test_offline import HEAVY, run

MakeModel = Callable[[str], Path]
QUESTION = "why a reward model?"
PASSAGES = ["reward model", "a", "of 9 words", "model model model", "", "reward 0.5 - model!"]


def open_tiny(make_model: MakeModel, cache_dir: Path, kind: str, **options) -> Reranker:
    choice = RerankerChoice(str(make_model(kind)))
    return load_reranker(choice, **{"cache_dir": cache_dir, "warn": pytest.fail, **options})


def expected(folder: Path, question: str, passages: Sequence[str], **options) -> np.ndarray:
    """What sentence-transformers says, cut where the passage ends."""
    import torch
    from sentence_transformers import CrossEncoder

    with quiet():
        return CrossEncoder(str(folder), device="cpu").predict(
            [(question, passage) for passage in passages],
            activation_fn=torch.nn.Sigmoid(),
            processing_kwargs={"text": {"truncation": "only_second"}},
        )


@pytest.mark.parametrize("kind", ["pairs", "plain pairs"])
def test_compiled_scores_are_those_of_the_cross_encoder(kind, make_model, cache_dir):
    reranker = open_tiny(make_model, cache_dir, kind)
    assert isinstance(reranker, GraphReranker)
    wanted = expected(make_model(kind), QUESTION, PASSAGES)
    assert np.ptp(wanted) > 0.1  # a graph that always says the same would not pass
    np.testing.assert_allclose(reranker.score_passages(QUESTION, PASSAGES), wanted, atol=1e-4)


def test_which_text_is_the_question_matters(make_model, cache_dir):
    reranker = open_tiny(make_model, cache_dir, "pairs")
    there, back = (reranker.score_passages(*pair) for pair in (("model", ["a"]), ("a", ["model"])))
    assert abs(there[0] - back[0]) > 1e-3


def test_long_passage_is_cut_at_its_end_and_the_question_stays_whole(make_model, cache_dir):
    reranker = open_tiny(make_model, cache_dir, "pairs")
    question = "reward " * 20
    room = TINY_LIMIT - 3 - 20
    passages = ["model " * room, "model " * room + "reward", "model " * 500]
    scores = reranker.score_passages(question, passages)
    np.testing.assert_allclose(scores, expected(make_model("pairs"), question, passages), atol=1e-4)
    np.testing.assert_allclose(scores, scores[0], atol=1e-6)


def test_question_that_leaves_no_room_is_cut_with_a_warning(make_model, cache_dir):
    warnings: list[str] = []
    reranker = open_tiny(make_model, cache_dir, "pairs", warn=warnings.append)
    most = (TINY_LIMIT - 3) - (TINY_LIMIT - 3) // 4
    cut_one = reranker.score_passages("model " * 100, ["reward"])
    np.testing.assert_allclose(cut_one, reranker.score_passages("model " * most, ["reward"]))
    assert warnings == [
        f"query of 100 tokens: tiny-pairs reads the first {most}, the rest is left out"
    ]


def test_scores_do_not_depend_on_the_other_passages(make_model, cache_dir):
    reranker = open_tiny(make_model, cache_dir, "pairs")
    together = reranker.score_passages(QUESTION, PASSAGES)
    alone = [reranker.score_passages(QUESTION, [passage])[0] for passage in PASSAGES]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert reranker.score_passages(QUESTION, []).shape == (0,)


def test_lone_surrogates_are_read_as_unknown_characters(make_model, cache_dir):
    reranker = open_tiny(make_model, cache_dir, "pairs")
    scores = reranker.score_passages("\ud800 model", ["na\udcefve", "na\ufffdve"])
    assert scores[0] == pytest.approx(scores[1])


def test_probabilities_keep_the_order_of_any_logits():
    logits = np.array([-1e4, -20, -1, 0, 1, 20, 1e4], dtype=np.float32)
    probabilities = to_probabilities(logits)
    assert (np.diff(probabilities) > 0).all()
    assert (probabilities[0], probabilities[3], probabilities[-1]) == (0.0, 0.5, 1.0)


def test_model_with_a_prompt_runs_through_torch_and_says_why(make_model, cache_dir):
    from notesearch.embedding.compile.torch_models import TorchReranker

    warnings: list[str] = []
    reranker = open_tiny(make_model, cache_dir, "prompted pairs", warn=warnings.append)
    assert isinstance(reranker, TorchReranker)
    assert warnings == [
        "tiny-prompted pairs runs through torch, slower: it puts a prompt before its pairs"
    ]
    wanted = expected(make_model("prompted pairs"), QUESTION, PASSAGES)
    np.testing.assert_allclose(reranker.score_passages(QUESTION, PASSAGES), wanted, atol=1e-4)
    assert reranker.score_passages(QUESTION, []).shape == (0,)
    long = reranker.score_passages("reward " * 100, ["model " * 100])
    assert 0 <= long[0] <= 1
    assert len(warnings) == 2


# ------------------------------------------------------------ compiled once, and kept


@pytest.fixture
def compiled(make_model: MakeModel, cache_dir: Path, tmp_path: Path) -> Path:
    """A cache of this test's own that holds the model, copied from where it was compiled."""
    open_tiny(make_model, cache_dir, "pairs")
    files = find_files(RerankerChoice(str(make_model("pairs"))), cache_dir, pytest.fail)
    shutil.copytree(files.folder, tmp_path / "compiled" / files.folder.name)
    return tmp_path


def test_compiled_model_scores_without_torch(make_model, compiled):
    code = f"""
from pathlib import Path
from notesearch.embedding import RerankerChoice
from notesearch.embedding import load_reranker
choice = RerankerChoice({str(make_model("pairs"))!r})
def fail(message): raise AssertionError(message)
reranker = load_reranker(choice, cache_dir=Path({str(compiled)!r}), warn=fail, announce=fail)
assert reranker.score_passages("why", ["because"]).shape == (1,)
"""
    assert run(code, (*HEAVY, "onnx", "filelock", "huggingface_hub")) == ""


@pytest.mark.usefixtures("compiling_copies")
@pytest.mark.parametrize(
    ("name", "damage"),
    [(WEIGHTS, flip_a_byte), (GRAPH, cut), (TOKENIZER, flip_a_byte), (MANIFEST, Path.unlink)],
)
def test_damaged_file_is_compiled_anew(name, damage, make_model, compiled):
    before = open_tiny(make_model, compiled, "pairs").score_passages(QUESTION, PASSAGES)
    damage(compiled_folder(compiled) / name)
    messages: list[str] = []
    reranker = open_tiny(make_model, compiled, "pairs", announce=messages.append)
    np.testing.assert_allclose(reranker.score_passages(QUESTION, PASSAGES), before, atol=1e-6)
    assert_compiled_again(messages, "tiny-pairs")


def test_other_weights_are_another_model(make_model, cache_dir, tmp_path):
    def compiled_form(folder):
        return find_files(RerankerChoice(str(folder)), cache_dir, pytest.fail).folder

    copy = Path(shutil.copytree(make_model("pairs"), tmp_path / "tiny-pairs"))
    assert compiled_form(copy) == compiled_form(make_model("pairs"))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    assert compiled_form(copy) != compiled_form(make_model("pairs"))


# ------------------------------------------------------------ what is no model to rerank with


def test_model_with_two_labels_is_one_error(make_model, tmp_path):
    with pytest.raises(ModelError, match="gives 2 labels for a pair, and ranking takes one"):
        open_tiny(make_model, tmp_path, "two labels")


def test_embedder_is_refused_before_it_is_given_a_random_head(make_model, tmp_path):
    with pytest.raises(ModelError, match="not a CrossEncoder but SentenceTransformer; set rerank"):
        open_tiny(make_model, tmp_path, "static", announce=pytest.fail)
    with pytest.raises(ModelError, match="not a CrossEncoder but SentenceTransformer"):
        load_reranker(RerankerChoice("all-MiniLM-L6-v2"), cache_dir=tmp_path)
    plain = make_model("mean").with_name("tiny-mean-base")
    with pytest.raises(ModelError, match="not a CrossEncoder but BertModel"):
        load_reranker(RerankerChoice(str(plain)), cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        ({}, r"no modules.json or config.json; save one there with CrossEncoder.save_pretrained"),
        ({"config.json": "{}", "model.safetensors": ""}, "not a CrossEncoder but of unknown"),
        ({"config.json": "[", "model.safetensors": ""}, "not a CrossEncoder but of unknown"),
        (
            {
                "config.json": '{"architectures": ["BertForSequenceClassification"]}',
                "model.safetensors": "",
            },
            "sentence-transformers cannot load it: .* or rerank_trust_remote_code where",
        ),
    ],
)
def test_wrong_folder_is_one_clear_error(files, finding, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(ModelError, match=finding) as error:
        load_reranker(RerankerChoice(str(folder)), cache_dir=tmp_path / "cache")
    assert "\n" not in str(error.value)


def test_path_that_does_not_exist_is_an_error_that_names_the_setting(tmp_path):
    with pytest.raises(ModelError, match=r"no such folder.*set rerank to an existing folder"):
        load_reranker(RerankerChoice(str(tmp_path / "nowhere")), cache_dir=tmp_path)


def test_hub_model_that_is_not_here_is_one_error_that_says_what_to_do(tmp_path):
    code = f"""
from pathlib import Path
from notesearch.embedding import RerankerChoice
from notesearch.embedding import load_reranker
from notesearch.errors import ModelError
try:
    load_reranker(RerankerChoice("nobody/no-such-model"), cache_dir=Path({str(tmp_path)!r}))
except ModelError as error:
    line = str(error)
assert line.startswith("model nobody/no-such-model: not on this machine"), line
assert line.endswith("connect once to fetch it, or set rerank to a folder, or leave it out"), line
"""
    run(code, (), HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
