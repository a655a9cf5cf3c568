"""What each command waits for: heavy libraries are imported by those alone that use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.cli.app import MODULES
from notesearch.embedding import Embedder
from tests.cli.conftest import ROOT
from tests.conftest import write_notes

MODELS = {"torch", "transformers", "sentence_transformers", "onnx", "onnxscript", "tokenizers"}
READING = {"markdown_it", "mdit_py_plugins", "ftfy"}
WATCHING = {"watchfiles", "anyio"}
SENDING = {"http", "ssl"}
ENGINE = {"qdrant_client", "grpc", "httpx"}  # of an index in an engine, and of no other
ALL = (
    ENGINE
    | MODELS
    | READING
    | WATCHING
    | SENDING
    | {"onnxruntime", "faiss", "numpy", "apsw", "yaml"}
)

# OpenSSL, what changes an index, other models than the shipped one, filters.
OF_NO_QUESTION = {
    "_hashlib",
    "notesearch.corpus.added_reader",
    "notesearch.corpus.reader",
    "notesearch.embedding.model_cache",
    "notesearch.embedding.model_files",
    "notesearch.index.filter_sql",
    "notesearch.index.update",
    "notesearch.search.likeness",
}

# Runs one command after the other: what none of them imports is imported by no one of them.
PROGRAM = """
import json, sys
from notesearch.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["notesearch", *arguments]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, arguments
print("imported:", *sys.modules, file=sys.stderr)
"""


def imported(*commands: tuple[str, ...], cwd: Path) -> set[str]:
    """Which of the libraries a process has imported that ran these commands."""
    return {name.partition(".")[0] for name in modules_imported(*commands, cwd=cwd)} & ALL


def modules_imported(*commands: tuple[str, ...], cwd: Path) -> set[str]:
    """Which modules a process has imported that ran these commands."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)],
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
def place(tmp_path_factory: pytest.TempPathFactory, default_embedder: Embedder) -> Path:
    """A small library with an index of the real default model, compiled before."""
    place = tmp_path_factory.mktemp("default")
    write_notes(place / "corpus")
    with Index.open(place / "index", default_embedder, create=True) as index:
        index.update(place / "corpus")
    return place


def test_package_and_help_wait_for_nothing(tmp_path):
    commands = (("--help",), ("query", "--help"), ("index", "--help"))
    assert imported(*commands, cwd=tmp_path) == set()


def test_a_command_imports_no_module_of_another(place):
    found = modules_imported(("query", "reward model", "--mode", "lexical"), cwd=place)
    commands = {f"notesearch.cli.{module}" for module in MODULES.values()}
    assert found & commands == {"notesearch.cli.query"}


def test_question_without_a_filter_imports_only_what_answers_it(place):
    found = modules_imported(("query", "reward model"), cwd=place)
    assert not found & OF_NO_QUESTION


def test_query_loads_the_compiled_model_and_reads_no_notes(place):
    found = imported(("query", "reward model"), cwd=place)
    assert {"onnxruntime", "tokenizers", "faiss"} <= found
    assert not found & ((MODELS - {"tokenizers"}) | READING | WATCHING | SENDING)


def test_what_embeds_nothing_loads_no_model_and_reads_no_notes(place):
    found = imported(
        ("query", "reward model", "--mode", "lexical"),
        ("query", "tag:dpo"),
        ("status",),
        ("tags",),
        ("notes",),
        ("index",),  # with nothing to do
        cwd=place,
    )
    assert "apsw" in found
    assert not found & (MODELS | READING | WATCHING | {"onnxruntime"})


def test_update_with_new_notes_loads_the_compiled_model_alone(place):
    (place / "corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    found = imported(("index",), cwd=place)
    assert "onnxruntime" in found
    assert not found & ((MODELS - {"tokenizers"}) | WATCHING)
