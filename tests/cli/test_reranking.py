"""A cross-encoder in the settings, as a person meets it: off, on, asked for, not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from notesearch import Index, RerankerChoice, Settings
from notesearch.cli.output import ExitCode
from notesearch.embedding.compile.pretrained import quiet
from notesearch.errors import UsageError
from tests.cli.conftest import ROOT
from tests.fakes import WordEmbedder


@pytest.fixture(scope="session")
def model(make_model: Callable[[str], Path]) -> Path:
    """A random cross-encoder."""
    return make_model("pairs")


@pytest.fixture
def configured(here: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library, and settings that name the cross-encoder."""
    monkeypatch.setenv("NOTESEARCH_RERANK", str(model))
    return here


def asked(run, *arguments: str) -> list[dict[str, object]]:
    ended = run("query", "reward model", "--json", *arguments)
    assert ended.code == ExitCode.OK, ended.err
    return json.loads(ended.out)


def predicted(model: Path, hits: list[dict[str, object]], index: Path) -> list[float]:
    from sentence_transformers import CrossEncoder

    with Index.open(index, WordEmbedder()) as opened, quiet():
        passages = {p.id: p for hit in hits for p in opened.show(str(hit["note_id"]))[1]}
        pairs = [("reward model", passages[hit["passage_id"]].search_text) for hit in hits]
        scores = CrossEncoder(str(model), device="cpu").predict(
            pairs, processing_kwargs={"text": {"truncation": "only_second"}}
        )
    return [float(score) for score in scores]


def test_hits_come_in_the_order_of_the_model_with_its_probability(configured, run, model):
    hits = asked(run)
    scores = [hit["score"] for hit in hits]
    np.testing.assert_allclose(scores, predicted(model, hits, Path("index")), atol=1e-4)
    assert scores == sorted(scores, reverse=True)
    plain = asked(run, "--no-rerank")
    assert {hit["note_id"] for hit in plain} == {hit["note_id"] for hit in hits}
    assert [hit["score"] for hit in plain] != scores


def test_without_the_model_the_answer_is_that_of_no_settings(configured, run, monkeypatch):
    plain = asked(run, "--no-rerank")
    monkeypatch.delenv("NOTESEARCH_RERANK")
    assert asked(run) == plain


def test_filters_and_passages_of_a_note_hold(configured, run):
    assert [hit["path"] for hit in asked(run, "--tag", "dpo")] == ["rl/dpo.md"]
    both = asked(run, "--tag", "alignment", "--per-note", "2")
    assert sorted(hit["path"] for hit in both) == ["rl/dpo.md", "rl/ppo.md"]
    assert len(asked(run, "-k", "2")) == 2


def test_explain_shows_the_probability_and_the_score_before(configured, run):
    (hit,) = asked(run, "--tag", "dpo")
    (before,) = asked(run, "--tag", "dpo", "--no-rerank")
    ended = run("query", "reward model", "--tag", "dpo", "--explain")
    assert f" · fused {before['score']:.3f} · reranked {hit['score']:.3f}" in ended.out
    assert "reranked" not in run("query", "reward", "--explain", "--no-rerank").out


def test_depth_bounds_what_the_model_reads(configured, run):
    Path("notesearch.yaml").write_text("rerank_depth: 1\n", encoding="utf-8")
    assert run("query", "reward", "--explain").out.count("reranked") == 1


def test_eval_measures_with_the_model_and_without(configured, run):
    Path("queries.yaml").write_text(
        "- id: q1\n  text: reward model\n  relevant: {rl/ppo.md: 2}\n", encoding="utf-8"
    )

    def reciprocal_rank(*options: str) -> float:
        ended = run("eval", "queries.yaml", "--json", *options)
        assert ended.code == ExitCode.OK, ended.err
        return json.loads(ended.out)["settings"][0]["groups"][0]["MRR@10"]["mean"]

    for options in ([], ["--no-rerank"]):
        notes = [hit["note_id"] for hit in asked(run, *options)]
        assert reciprocal_rank(*options) == 1 / (1 + notes.index("rl/ppo.md"))


def test_model_that_is_not_there_is_one_line_and_its_exit_code(here, run, monkeypatch):
    monkeypatch.setenv("NOTESEARCH_RERANK", "./nowhere")
    ended = run("query", "reward")
    assert (ended.code, ended.out) == (ExitCode.MODEL, "")
    assert ended.err.count("\n") == 1
    assert "model ./nowhere: no such folder" in ended.err
    assert run("query", "reward", "--no-rerank").code == ExitCode.OK


def test_library_takes_a_reranker_of_its_own(library):
    class Backwards:
        def score_passages(self, question, passages):
            return np.linspace(0.1, 0.9, len(passages))

    with Index.open(library / "index", WordEmbedder(name="notesearch-encoder")) as index:
        before = index.query("policy reward")
        with pytest.raises(UsageError, match="nothing to rerank with"):
            index.query("policy reward", rerank=True)
    with Index.open(
        library / "index", WordEmbedder(name="notesearch-encoder"), reranker=Backwards()
    ) as index:
        after = index.query("policy reward")
        assert index.query("policy reward", rerank=False) == before
    assert [hit.passage_id for hit in after] != [hit.passage_id for hit in before]
    assert after[0].score == pytest.approx(0.9)


def test_library_takes_the_choice_of_a_model(configured, model):
    settings = Settings(rerank=RerankerChoice(str(model)), rerank_depth=2)
    with Index.open("index", WordEmbedder(name="notesearch-encoder"), settings=settings) as index:
        answer = index.search("reward model")
    assert len(answer.fused) == 2


PROGRAM = """
import sys
from notesearch import Index
from tests.fakes import WordEmbedder
with Index.open("index", WordEmbedder(name="notesearch-encoder")) as index:
    assert index.query("reward model")
print(*sorted(name for name in sys.modules if "rerank" in name))
"""


def test_nothing_of_it_is_imported_where_none_is_named(here):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ended.stdout == "\n"
