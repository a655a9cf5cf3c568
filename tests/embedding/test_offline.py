"""What a process imports and touches, seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "sentence_transformers")
FORBID_SOCKETS = """
import socket
def refuse(*args, **kwargs):
    raise AssertionError("the network was touched")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""
LOADED = "\nimport sys; print(*(name for name in {names!r} if name in sys.modules))"


def run(code: str, names: tuple[str, ...], **environment: str) -> str:
    """The standard output's last line: which of the modules named were imported."""
    path = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED.format(names=names)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n").split("\n")[-1]


def test_importing_the_stage_imports_nothing_heavy() -> None:
    names = (*HEAVY, "onnxruntime", "tokenizers", "numpy", "onnx")
    assert run("import notesearch.embedding", names) == ""


@pytest.mark.usefixtures("bundled_embedder")  # compiles it
@pytest.mark.parametrize("name", ["notesearch-encoder", "all-MiniLM-L6-v2"])
def test_compiled_model_embeds_without_torch_and_without_network(
    name: str, cache_dir: Path
) -> None:
    code = f"""{FORBID_SOCKETS}
from pathlib import Path
from notesearch.embedding import ModelChoice, load_embedder
embedder = load_embedder(ModelChoice({name!r}), cache_dir=Path({str(cache_dir)!r}))
embedder.embed_query("why"); embedder.embed_passages(["because"])
"""
    assert run(code, (*HEAVY, "onnx", "filelock", "huggingface_hub")) == ""


@pytest.mark.parametrize("name", ["notesearch-encoder", "all-MiniLM-L6-v2"])
def test_counting_opens_no_graph(name: str, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from notesearch.embedding import ModelChoice, load_counter
counter = load_counter(ModelChoice({name!r}), cache_dir=Path({str(tmp_path)!r}))
assert counter.count_many(["a b", "c"]) == [2, 1]
"""
    assert run(code, (*HEAVY, "onnxruntime")) == ""


@pytest.mark.parametrize("name", ["notesearch-encoder", "all-MiniLM-L6-v2"])
def test_fingerprint_opens_neither_graph_nor_tokenizer(name: str, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from notesearch.embedding import ModelChoice, fingerprint_of
found = fingerprint_of(ModelChoice({name!r}), cache_dir=Path({str(tmp_path)!r}))
assert found.startswith({name!r} + " "), found
"""
    assert run(code, (*HEAVY, "onnxruntime", "tokenizers", "numpy")) == ""


@pytest.mark.parametrize("offline", ["0", "1"])
def test_hub_model_that_is_not_here_is_one_error_that_says_what_to_do(
    offline: str, tmp_path: Path
) -> None:
    code = f"""{FORBID_SOCKETS.replace("AssertionError", "OSError")}
from pathlib import Path
from notesearch.embedding import ModelChoice, load_embedder
from notesearch.errors import ModelError
try:
    load_embedder(ModelChoice(name="nobody/no-such-model"), cache_dir=Path({str(tmp_path)!r}))
except ModelError as error:
    line = str(error)
assert line.startswith("model nobody/no-such-model: not on this machine"), line
assert line.endswith("or set model to a folder, or leave it out"), line
assert "\\n" not in line
"""
    run(code, (), HF_HUB_OFFLINE=offline, HF_HOME=str(tmp_path))
