"""What each command waits for: heavy libraries are imported by those alone that use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from tests.conftest import write_notes

MODELS = {"torch", "transformers", "sentence_transformers", "onnx", "onnxscript", "tokenizers"}
READING = {"markdown_it", "mdit_py_plugins", "ftfy"}
ALL = MODELS | READING | {"onnxruntime", "faiss", "numpy", "apsw", "yaml"}

PROGRAM = """
import sys
from notesearch.cli import main
sys.argv = ["notesearch", *sys.argv[1:]]
try:
    main()
finally:
    names = {name.partition(".")[0] for name in sys.modules}
    print("imported:", *sorted(names & set(%r)), file=sys.stderr)
"""


def imported(*arguments: str, cwd: Path) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM % (sorted(ALL),), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines()[-1].split()[1:])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small library with an index of the real default model."""
    place = tmp_path_factory.mktemp("default")
    write_notes(place / "corpus")
    imported("index", cwd=place)
    return place


@pytest.mark.parametrize("arguments", [["--help"], ["query", "--help"], ["index", "--help"]])
def test_help_waits_for_nothing(tmp_path, arguments):
    assert imported(*arguments, cwd=tmp_path) == set()


def test_importing_the_package_waits_for_nothing(tmp_path):
    code = "import notesearch, sys; print(*(name.partition('.')[0] for name in sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(ended.stdout.split()) & ALL


def test_query_loads_the_compiled_model_and_reads_no_notes(place):
    found = imported("query", "reward model", cwd=place)
    assert {"onnxruntime", "tokenizers", "faiss"} <= found
    assert not found & ((MODELS - {"tokenizers"}) | READING)


def test_lexical_query_loads_no_model(place):
    found = imported("query", "reward model", "--mode", "lexical", cwd=place)
    assert not found & (MODELS | READING | {"onnxruntime"})


@pytest.mark.parametrize("arguments", [["status"], ["tags"], ["notes"], ["query", "tag:dpo"]])
def test_looking_loads_no_model_and_reads_no_notes(place, arguments):
    assert not imported(*arguments, cwd=place) & (MODELS | READING | {"onnxruntime"})


def test_update_with_nothing_to_do_loads_no_model(place):
    assert not imported("index", cwd=place) & (MODELS | READING | {"onnxruntime"})


def test_update_with_new_notes_loads_the_compiled_model_alone(place):
    (place / "corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    found = imported("index", cwd=place)
    assert "onnxruntime" in found
    assert not found & (MODELS - {"tokenizers"})
