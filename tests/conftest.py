"""What many tests share, made once in a run: a small corpus with its index, and models.

Where several processes run the tests, what takes seconds lies in one folder for all of them.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from notesearch import Index
from notesearch.embedding import Embedder, ModelChoice, load_embedder
from notesearch.settings import FROM_ENVIRONMENT
from tests import laws
from tests.fakes import WordEmbedder
from tests.tiny_models import save_model
from tests.word_model import STAND_INS

settings.load_profile(laws.USUAL)

# Under nohup or behind a `&` the tests ignore these, and so would a program that a test starts.
for _name in ("SIGINT", "SIGHUP"):
    if signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        _default = signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL
        signal.signal(getattr(signal, _name), _default)

# A person's programs gather what they print, and find only at their end that nobody takes it.
os.environ.pop("PYTHONUNBUFFERED", None)

# Or each process that a test starts compiles the package anew: 0.15 s, some 250 times.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SHIPPED = Path(__file__).parents[1] / "corpus"
_USERS = itertools.count()
BUNDLED = ModelChoice("all-MiniLM-L6-v2")

NOTES = {
    "rl/dpo.md": """---
title: Direct Preference Optimization
tags: [dpo, alignment]
date: 2026-03-14
arxiv: 2305.18290
---

The reward model is implied by the policy.

## Limitations

The policy drifts where a proof is missing.
""",
    "rl/ppo.md": """---
title: Proximal Policy Optimization
tags: [ppo, alignment]
date: 2025-11-02
---

A policy takes small steps, and a reward model scores them.
""",
    "vision/vit.md": """---
title: An Image is Worth 16x16 Words
tags: [vision/transformers]
date: 2026-01-20
---

An image is cut into patches.
""",
    "vision/survey.md": "# A Survey\n\nEvery image model there is.\n",
    "speech/survey.md": "# A Survey\n\nEvery speech model there is.\n",
}


def pytest_collection_finish() -> None:
    """Spare the collector of garbage all tests and modules, which stay to the end."""
    gc.collect()
    gc.freeze()


def write_notes(corpus: Path) -> None:
    for path, text in NOTES.items():
        (corpus / path).parent.mkdir(parents=True, exist_ok=True)
        (corpus / path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run that all its processes share."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


def make_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Make the folder unless a process of this run has; the others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f"{folder.name}.made")
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not made.exists():
            make(folder)
            made.touch()
    return folder


@pytest.fixture(autouse=True, scope="session")
def nothing_of_the_user(
    tmp_path_factory: pytest.TempPathFactory, shared_dir: Path
) -> Iterator[None]:
    """Keep the settings, trusted files and models of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CONFIG", "STATE", "DATA"):
            patch.setenv(f"XDG_{kind}_HOME", str(tmp_path_factory.mktemp(kind.lower())))
        patch.setenv("XDG_CACHE_HOME", str(shared_dir / "cache"))
        for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):  # xdist sets the first
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def writes_wait_for_no_disk() -> Iterator[None]:
    """Let what a test writes stay in the system's memory: tests kill processes, no machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which refuses what is no open file, too
        yield


@pytest.fixture(autouse=True)
def state_of_its_own(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep what a test has remembered or made for its user apart from what other tests have."""
    # Most tests write nothing, and need no folder made.
    place: Path = (
        request.getfixturevalue("tmp_path")
        if "tmp_path" in request.fixturenames
        else tmp_path_factory.getbasetemp() / f"user-{next(_USERS)}"
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state-of-the-user"))
    monkeypatch.setenv("XDG_DATA_HOME", str(place / "data-of-the-user"))


@pytest.fixture
def word_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the words of a text in the place of the model that the settings name."""
    for name, stand_in in STAND_INS.items():
        monkeypatch.setattr(f"notesearch.chosen_models.{name}", stand_in)


def make_library(folder: Path) -> None:
    """Write the notes into `corpus`, and make its `index`."""
    write_notes(folder / "corpus")
    embedder = WordEmbedder(name="notesearch-encoder")
    with Index.open(folder / "index", embedder, create=True) as index:
        index.update(folder / "corpus")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `corpus` and its `index`, for tests that change neither."""
    folder = tmp_path_factory.mktemp("library")
    make_library(folder)
    return folder


@pytest.fixture(scope="session")
def closed_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `corpus` and its `index` that nobody opens: to copy it takes a tenth."""
    folder = tmp_path_factory.mktemp("closed-library")
    make_library(folder)
    return folder


@pytest.fixture
def here(
    closed_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_model: None
) -> Path:
    """A library of the test's own as the working folder."""
    shutil.copytree(closed_library, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in FROM_ENVIRONMENT:
        monkeypatch.delenv(f"NOTESEARCH_{name.upper()}", raising=False)
    return tmp_path


# ------------------------------------------------------------ models, each compiled once in a run


@pytest.fixture(scope="session")
def cache_dir(shared_dir: Path) -> Path:
    """The folder of compiled models that commands and library use, for tests that damage none."""
    return shared_dir / "cache" / "notesearch" / "models"


@pytest.fixture(scope="session")
def default_embedder() -> Embedder:
    """The model that comes with the package."""
    return load_embedder()


@pytest.fixture(scope="session")
def bundled_embedder(cache_dir: Path) -> Embedder:
    """all-MiniLM-L6-v2, found, compiled and opened with the network forbidden."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return load_embedder(BUNDLED, cache_dir=cache_dir)


@pytest.fixture(scope="session")
def make_model(shared_dir: Path) -> Callable[[str], Path]:
    """A folder with a random model of the kind named; the same folder when asked again."""

    def make(kind: str) -> Path:
        folder = shared_dir / "tiny" / kind.replace(" ", "-") / f"tiny-{kind}"
        return make_once(folder, lambda folder: save_model(kind, folder))

    return make


@pytest.fixture(scope="session")
def open_tiny(make_model: Callable[[str], Path], cache_dir: Path) -> Callable[[str], Embedder]:
    def open_model(kind: str) -> Embedder:
        choice = ModelChoice(name=str(make_model(kind)))
        return load_embedder(choice, cache_dir=cache_dir, warn=lambda _: None)

    return open_model


@pytest.fixture
def compiling_copies(monkeypatch: pytest.MonkeyPatch, cache_dir: Path) -> None:
    """Let compiling copy what was compiled before: for tests of when it happens, not of its result.

    Locks, the scratch folder and its replacement stay as they are; a model that is not in
    `cache_dir` is compiled.
    """
    from notesearch.embedding import model_cache
    from notesearch.embedding.compile import model_compiler
    from notesearch.embedding.compiled_form import Manifest, open_manifest

    compile_model = model_compiler.compile_model

    def copy_compiled(files: model_cache.ModelFiles, scratch: Path) -> Manifest:
        compiled = model_cache.folder_of(cache_dir, files.fingerprint)
        manifest = open_manifest(compiled)
        if manifest is None:
            return compile_model(files, scratch)
        shutil.copytree(compiled, scratch, dirs_exist_ok=True)
        return manifest

    monkeypatch.setattr(model_compiler, "compile_model", copy_compiled)


@pytest.fixture(scope="session")
def shipped_index(shared_dir: Path, default_embedder: Embedder) -> Path:
    """An index of the notes in `corpus/` by the real default model, for slow tests."""

    def make(index_dir: Path) -> None:
        with Index.open(index_dir, create=True) as index:
            index.update(SHIPPED)

    return make_once(shared_dir / "shipped-index", make)
