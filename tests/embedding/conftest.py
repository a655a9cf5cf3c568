"""The real default model, and tiny random ones made on the spot, compiled once for all tests."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from notesearch.embedding import Embedder, ModelChoice, load_embedder
from notesearch.embedding.compile.pretrained import quiet
from tests.tiny_models import save_model


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def default_embedder(cache_dir: Path) -> Embedder:
    """The offline default, found, compiled and opened with the network forbidden."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        return load_embedder(cache_dir=cache_dir)


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with a random model of the kind named; the same folder when asked again."""
    folders: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = tmp_path_factory.mktemp("tiny") / f"tiny-{kind}"
            with quiet():
                save_model(kind, folders[kind])
        return folders[kind]

    return make


@pytest.fixture(scope="session")
def open_tiny(make_model: Callable[[str], Path], cache_dir: Path) -> Callable[[str], Embedder]:
    def open_model(kind: str) -> Embedder:
        choice = ModelChoice(name=str(make_model(kind)))
        return load_embedder(choice, cache_dir=cache_dir, warn=lambda _: None)

    return open_model
