"""Compiled models on disk: never half of one, never a damaged one, one for all processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from notesearch import file_sums
from notesearch.embedding import (
    Embedder,
    ModelChoice,
    fingerprint_of,
    load_embedder,
    model_cache,
)
from notesearch.embedding.compiled_form import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    TokenTable,
    open_manifest,
    write_manifest,
)
from notesearch.embedding.graph_engine import GraphEmbedder
from notesearch.errors import ModelError
from notesearch.file_sums import CheckedFile, DamagedFileError, sum_file
from tests.conftest import BUNDLED
from tests.tiny_models import DIMENSION

REPOSITORY = Path(__file__).resolve().parents[2]
OPEN = """
import sys
from pathlib import Path
from notesearch.embedding import ModelChoice, load_embedder
messages = []
choice = ModelChoice(name=sys.argv[1])
load_embedder(choice, cache_dir=Path(sys.argv[2]), announce=messages.append)
print(sum(message.startswith("compiling ") for message in messages))
"""
# Dies where the graph is on disk and the manifest is not.
DIE = (
    """
import os, signal
from notesearch.embedding.compile import model_compiler
model_compiler.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
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
    compiled = model_cache.folder_of(cache_dir, open_tiny("static").fingerprint)
    shutil.copytree(compiled, tmp_path / "compiled" / compiled.name)
    return tmp_path


def flip_a_byte(path: Path, at: int | None = None) -> None:
    """Change a byte as a worn disk does: size and time stay."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 0xFF
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def assert_compiled_again(messages: list[str], name: str) -> None:
    before, after = messages
    assert before == f"compiling {name} again, as its compiled form is damaged"
    assert re.fullmatch(rf"compiled {name} in \d+ s", after)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.usefixtures("compiling_copies")
@pytest.mark.parametrize("damage", [flip_a_byte, cut, Path.unlink])
@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, MANIFEST])
def test_damaged_file_is_compiled_anew(
    damage: Callable[[Path], object], name: str, cache: Path, choice: ModelChoice
) -> None:
    before = load_embedder(choice, cache_dir=cache).embed_query("reward model")
    damage(compiled_folder(cache) / name)
    messages: list[str] = []
    embedder = load_embedder(choice, cache_dir=cache, announce=messages.append)
    np.testing.assert_allclose(embedder.embed_query("reward model"), before, atol=1e-6)
    assert_compiled_again(messages, "tiny-static")


def test_copied_cache_is_used_as_it_is(cache: Path, choice: ModelChoice) -> None:
    os.utime(compiled_folder(cache) / GRAPH, (1, 1))
    load_embedder(choice, cache_dir=cache, announce=lambda message: pytest.fail(message))


def test_graph_that_onnxruntime_refuses_is_compiled_anew(cache: Path, choice: ModelChoice) -> None:
    folder = compiled_folder(cache)
    manifest = open_manifest(folder)
    assert manifest is not None
    (folder / GRAPH).write_bytes(b"of another release")
    files = manifest.files | {GRAPH: sum_file(folder / GRAPH)}
    write_manifest(folder, replace(manifest, files=files))
    assert load_embedder(choice, cache_dir=cache).embed_query("model").shape == (16,)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a token each, so that a tiny model has many of them."""
    monkeypatch.setattr(file_sums, "PIECE_BYTES", DIMENSION * 4)


def test_damaged_token_is_noticed_by_the_text_that_reads_it(
    small_pieces: None, choice: ModelChoice, tmp_path: Path
) -> None:
    messages: list[str] = []
    whole = load_embedder(choice, cache_dir=tmp_path)
    expected = {text: whole.embed_query(text) for text in ("reward", "model")}
    folder = compiled_folder(tmp_path)
    manifest = open_manifest(folder)
    assert manifest is not None
    assert manifest.table is not None
    token = whole._reader.read_query("model", messages.append)[0]
    flip_a_byte(folder / WEIGHTS, manifest.table.offset + token * manifest.table.row_bytes + 3)

    embedder = load_embedder(choice, cache_dir=tmp_path, announce=messages.append)
    np.testing.assert_array_equal(embedder.embed_query("reward"), expected["reward"])
    assert messages == []
    np.testing.assert_array_equal(embedder.embed_query("model"), expected["model"])
    assert_compiled_again(messages, "tiny-static")
    np.testing.assert_array_equal(embedder.embed_passages(["model"])[0], expected["model"])
    assert len(messages) == 2


# Whether a file is mapped, and whether its map is lent.
HELD = [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize("at", [0, 63, 64, 500, 4_000, 6_399])
@pytest.mark.parametrize("table", [TokenTable(100, 60, 50), TokenTable(0, 64, 20)])
def test_every_byte_is_checked_at_opening_or_with_its_row(
    small_pieces: None, tmp_path: Path, table: TokenTable, at: int
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(np.random.default_rng(0).bytes(6_400))
    sums = sum_file(file)
    flip_a_byte(file, at)
    with pytest.raises(DamagedFileError, match="weights: is not as it was written"):
        CheckedFile(file, sums).verify()

    def open_and_read(checked: CheckedFile) -> None:
        checked.verify(0, table.offset)
        checked.verify(table.end)
        checked.verify_rows(table.offset, table.row_bytes, np.arange(table.rows)[None, :])

    for mapped, lent in HELD:
        with pytest.raises(DamagedFileError):
            open_and_read(CheckedFile(file, sums, mapped=mapped, lent=lent))


@pytest.mark.parametrize(("mapped", "lent"), HELD)
def test_file_that_is_cut_short_while_it_is_open_is_damaged(
    tmp_path: Path, mapped: bool, lent: bool
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(bytes(200_000))
    checked = CheckedFile(file, sum_file(file), mapped=mapped, lent=lent)
    os.truncate(file, 100_000)
    with pytest.raises(DamagedFileError, match="weights: has been cut short"):
        checked.verify()
    with pytest.raises(DamagedFileError, match="weights: has been cut short"):
        checked.verify(150_000)


def test_opening_reads_no_row_of_the_table(small_pieces: None, tmp_path: Path) -> None:
    file, table = tmp_path / "weights", TokenTable(640, 64, 50)
    file.write_bytes(bytes(6_400))
    checked = CheckedFile(file, sum_file(file), mapped=True)
    flip_a_byte(file, 640 + 7 * 64)
    checked.verify(0, table.offset)
    checked.verify(table.end)
    checked.verify_rows(table.offset, table.row_bytes, np.array([[6, 8, 49]]))
    with pytest.raises(DamagedFileError):
        checked.verify_rows(table.offset, table.row_bytes, np.array([[6, 7]]))


@pytest.mark.usefixtures("compiling_copies")
def test_damage_anywhere_in_the_bundled_model_is_noticed_by_the_question_that_reads_it(
    bundled_embedder: Embedder, cache_dir: Path, tmp_path: Path
) -> None:
    folder = model_cache.folder_of(tmp_path, bundled_embedder.fingerprint)
    shutil.copytree(model_cache.folder_of(cache_dir, bundled_embedder.fingerprint), folder)
    manifest = open_manifest(folder)
    assert manifest is not None
    assert manifest.table is not None
    expected = bundled_embedder.embed_query("reward")
    assert isinstance(bundled_embedder, GraphEmbedder)
    _, token, _ = bundled_embedder._reader.read_query("reward", pytest.fail)
    for at in (manifest.table.offset + token * manifest.table.row_bytes, manifest.table.end + 9):
        flip_a_byte(folder / WEIGHTS, at)
        messages: list[str] = []
        embedder = load_embedder(BUNDLED, cache_dir=tmp_path, announce=messages.append)
        np.testing.assert_allclose(embedder.embed_query("reward"), expected, atol=1e-6)
        assert len(messages) == 2


def test_model_that_changed_unseen_is_not_compiled_under_its_old_name(
    choice: ModelChoice, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(choice.name, tmp_path / "model"))
    changed = ModelChoice(name=str(model))
    fingerprint_of(changed, cache_dir=tmp_path)
    flip_a_byte(next(model.rglob("model.safetensors")))
    with pytest.raises(ModelError, match="its files changed and kept size and time"):
        load_embedder(changed, cache_dir=tmp_path)
    load_embedder(changed, cache_dir=tmp_path, warn=lambda _: None)


def test_cache_is_for_its_owner_alone(choice: ModelChoice, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_embedder(choice, cache_dir=tmp_path / "deep" / "cache")
    finally:
        os.umask(before)
    made = list((tmp_path / "deep").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}
    folders = [tmp_path / "deep", *(path for path in made if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


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


@pytest.mark.usefixtures("compiling_copies")
def test_who_waits_for_another_process_says_so(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_cache, "_PATIENCE_S", 0.01)
    folder = model_cache.folder_of(tmp_path, fingerprint_of(choice, cache_dir=tmp_path))
    folder.parent.mkdir()
    other = FileLock(folder.with_name(f"{folder.name}.lock"), thread_local=False)
    other.acquire()
    messages: list[str] = []

    def announce(message: str) -> None:
        messages.append(message)
        other.release()

    with ThreadPoolExecutor() as thread:  # a process of its own, as far as a lock knows
        load = partial(load_embedder, choice, cache_dir=tmp_path, announce=announce)
        thread.submit(load).result(timeout=120)
    assert messages[:2] == [
        "another process compiles tiny-static; waiting for it",
        "compiling tiny-static once on this machine, to start without PyTorch",
    ]
    assert re.fullmatch(r"compiled tiny-static in \d+ s", messages[2])


def test_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiling_copies: None
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    monkeypatch.setattr(model_cache.tempfile, "gettempdir", lambda: str(tmp_path))
    warnings: list[str] = []
    wanted = tmp_path / "file" / "cache"
    load_embedder(choice, cache_dir=wanted, warn=warnings.append)
    spare = tmp_path / f"notesearch-models-{os.getuid()}"
    assert warnings == [f"{wanted}: cannot be written; compiled models are kept in {spare} for now"]
    assert (compiled_folder(spare) / GRAPH).exists()


def test_full_disk_is_an_error_and_leaves_nothing(
    choice: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.embedding.compile import model_compiler

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_compiler, "write_manifest", fail)
    with pytest.raises(ModelError, match=r"cannot be written: .*No space left"):
        load_embedder(choice, cache_dir=tmp_path)
    assert [path.suffix for path in (tmp_path / "compiled").iterdir()] == [".lock"]
