"""Compiled models on disk: never half of one, never a damaged one, one for all processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from notesearch.embedding import Embedder, ModelChoice, load_embedder, store
from notesearch.embedding.store import GRAPH, MANIFEST, TOKENIZER, WEIGHTS

REPOSITORY = Path(__file__).resolve().parents[2]
OPEN = """
import sys
from pathlib import Path
from notesearch.embedding import ModelChoice, load_embedder
told = []
choice = ModelChoice(name=sys.argv[1])
load_embedder(choice, cache_dir=Path(sys.argv[2]), tell=told.append)
print(len(told))
"""
# Dies where the graph is on disk and the manifest is not.
DIE = (
    """
import os, signal
from notesearch.embedding import compiler
compiler.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""
    + OPEN
)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def choice(make_model: Callable[[str], Path]) -> ModelChoice:
    return ModelChoice(name=str(make_model("static")))


def compiled_folder(cache: Path) -> Path:
    return next(path for path in (cache / "compiled").iterdir() if path.is_dir())


@pytest.fixture
def cache(open_tiny: Callable[[str], Embedder], cache_dir: Path, tmp_path: Path) -> Path:
    """A cache of this test's own that holds the model, copied from where it was compiled."""
    compiled = store.folder_of(cache_dir, open_tiny("static").fingerprint)
    shutil.copytree(compiled, tmp_path / "compiled" / compiled.name)
    return tmp_path


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flip_a_byte, cut, Path.unlink])
@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, MANIFEST])
def test_damaged_file_is_compiled_anew(
    damage: Callable[[Path], object], name: str, cache: Path, choice: ModelChoice
) -> None:
    before = load_embedder(choice, cache_dir=cache).embed_query("reward model")
    damage(compiled_folder(cache) / name)
    told: list[str] = []
    embedder = load_embedder(choice, cache_dir=cache, tell=told.append)
    np.testing.assert_allclose(embedder.embed_query("reward model"), before, atol=1e-6)
    assert told == ["compiling tiny-static, once for this machine (about 15 s)"]


def test_copied_cache_is_used_as_it_is(cache: Path, choice: ModelChoice) -> None:
    os.utime(compiled_folder(cache) / GRAPH, (1, 1))
    load_embedder(choice, cache_dir=cache, tell=lambda message: pytest.fail(message))


def test_graph_that_onnxruntime_refuses_is_compiled_anew(cache: Path, choice: ModelChoice) -> None:
    folder = compiled_folder(cache)
    (folder / GRAPH).write_bytes(b"of another release")
    manifest = json.loads((folder / MANIFEST).read_text())
    stamps = {name: asdict(stamp) for name, stamp in store.stamp_files(folder).items()}
    manifest["files"] = {name: stamps[name] for name in manifest["files"]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert load_embedder(choice, cache_dir=cache).embed_query("model").shape == (16,)


@pytest.mark.slow
def test_process_killed_while_it_compiles_leaves_nothing_that_is_used(
    choice: ModelChoice, tmp_path: Path
) -> None:
    killed = start(DIE, choice.name, str(tmp_path))
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    left = [path for path in (tmp_path / "compiled").iterdir() if path.is_dir()]
    assert [path.name.startswith(".") for path in left] == [True]
    assert (left[0] / GRAPH).exists()

    load_embedder(choice, cache_dir=tmp_path)
    assert not left[0].exists()
    assert (compiled_folder(tmp_path) / MANIFEST).exists()


@pytest.mark.slow
def test_processes_that_start_at_once_compile_once(choice: ModelChoice, tmp_path: Path) -> None:
    processes = [start(OPEN, choice.name, str(tmp_path)) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert sorted(output.strip() for output, _ in outputs) == ["0", "1"], outputs


def test_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    monkeypatch.setattr(store.tempfile, "gettempdir", lambda: str(tmp_path))
    warnings: list[str] = []
    wanted = tmp_path / "file" / "cache"
    load_embedder(choice, cache_dir=wanted, warn=warnings.append)
    spare = tmp_path / f"notesearch-models-{os.getuid()}"
    assert warnings == [f"{wanted}: cannot be written; compiled models are kept in {spare} for now"]
    assert (compiled_folder(spare) / GRAPH).exists()


def test_full_disk_is_an_error_and_leaves_nothing(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.embedding import compiler
    from notesearch.errors import ModelError

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiler, "write_manifest", fail)
    with pytest.raises(ModelError, match=r"cannot be written: .*No space left"):
        load_embedder(choice, cache_dir=tmp_path)
    assert [path.suffix for path in (tmp_path / "compiled").iterdir()] == [".lock"]
