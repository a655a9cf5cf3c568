"""An engine for tests: Qdrant's own client in memory, or the server that a variable names."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")

from qdrant_client import QdrantClient

from notesearch import Index
from notesearch.engine_address import EngineAddress, read_engine_address
from notesearch.index.qdrant import engine_connection, engine_requests
from notesearch.index.qdrant.engine_connection import connect, disconnect
from tests.fakes import WordEmbedder

SERVER = os.environ.get("NOTESEARCH_QDRANT_URL", "")  # such as qdrant://localhost:6333
VOCABULARY = (
    *("policy", "reward", "graph", "image", "speech", "protein", "robot", "proof", "model"),
    *("language", "learning", "preference", "human", "feedback", "question", "reasoning", "data"),
    *("attention", "training", "agent", "search", "uncertainty", "chain", "thought", "tool"),
)


class KeptClient:
    """A client in memory that outlives the connections to it, as a server does."""

    def __init__(self) -> None:
        self.client = QdrantClient(":memory:")
        self.before: Callable[[str], None] = lambda request: None  # may raise
        self.options: dict[str, object] = {}  # of the last request

    def __getattr__(self, request: str) -> object:
        found = getattr(self.client, request)
        if not callable(found):
            return found

        def ask(**options: object) -> object:
            self.options = options
            self.before(request)
            return found(**options)

        return ask

    def close(self) -> None:
        """Leave it open."""


class ScatteredEmbedder(WordEmbedder):
    """Gives each word a direction of its own: cosines lie as far apart as those of real models."""

    def __init__(self) -> None:
        super().__init__((), name="scattered")
        self.dimension = 128
        self.fingerprint = "scattered-128"
        self._known: dict[str, np.ndarray] = {}

    def _direction(self, word: str) -> np.ndarray:
        if word not in self._known:
            self._known[word] = np.random.default_rng(zlib.crc32(word.encode())).normal(size=128)
        return self._known[word]

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        words = [text.lower().split() or [""] for text in texts]
        rows = np.array([sum(map(self._direction, set(of_text))) for of_text in words])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        query: NDArray[np.float32] = ScatteredEmbedder().embed_passages([text])[0]
        return query


def keep_clients(patch: pytest.MonkeyPatch) -> dict[Path, KeptClient]:
    """Have engines without a server stay in memory; return them by the folders they stand for."""
    clients: dict[Path, KeptClient] = {}

    def client_of(address: EngineAddress) -> KeptClient:
        assert address.folder is not None
        return clients.setdefault(address.folder, KeptClient())

    patch.setattr(engine_connection, "_client_of_folder", client_of)
    patch.setattr(engine_requests, "write_faster", lambda client: None)
    patch.setattr(engine_requests, "WAITS_S", (0.0, 0.0))
    return clients


@pytest.fixture
def kept_clients(monkeypatch: pytest.MonkeyPatch) -> dict[Path, KeptClient]:
    return keep_clients(monkeypatch)


@pytest.fixture
def address(tmp_path: Path, kept_clients: dict[Path, KeptClient]) -> Iterator[str]:
    """Where a test may keep an index."""
    if not SERVER:
        yield f"qdrant://{tmp_path}/engine/notes"
        return
    text = f"{SERVER.rstrip('/')}/test-{uuid4().hex[:12]}"
    yield text
    engine = connect(read_engine_address(text))
    engine.drop(*engine.names.all)
    disconnect(engine)


@pytest.fixture
def client(address: str, kept_clients: dict[Path, KeptClient]) -> KeptClient:
    """The engine in memory behind the address."""
    folder = read_engine_address(address).folder
    if folder is None:
        pytest.skip("looks inside, which a server does not let us do")
    return kept_clients.setdefault(folder, KeptClient())


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder(VOCABULARY)


@pytest.fixture(params=["folder", "engine"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each of the places that an index may be in."""
    if request.param == "folder":
        return str(tmp_path / "index")
    found: str = request.getfixturevalue("address")
    return found


def open_index(place: str, embedder: WordEmbedder) -> Index:
    return Index.open(place, embedder, create=True)
