from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Index
from tests.fakes import WordEmbedder
from tests.web.running import Running, running

pytest.importorskip("starlette", reason="the extra serve")


@pytest.fixture(scope="session")
def page(library: Path) -> Iterator[Running]:
    """The page of the shared library, for tests that change nothing."""
    embedder = WordEmbedder(name="notesearch-encoder")
    with Index.open(library / "index", embedder) as index, running(index) as server:
        yield server
