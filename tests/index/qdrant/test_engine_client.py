"""What a server is asked; in a folder, and in memory, the client compares all passages itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qdrant_client import models

from notesearch.engine_address import read_engine_address
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.point_conditions import all_of

NEAR = np.array([0.6, 0.8], dtype=np.float32)


class RecordingServer:
    """Keeps how it was asked to search, and finds nothing."""

    def __init__(self) -> None:
        self.parameters: list[models.SearchParams | None] = []

    def query_points(self, *, search_params, **others) -> SimpleNamespace:
        self.parameters.append(search_params)
        return SimpleNamespace(points=[])


@pytest.fixture
def server() -> RecordingServer:
    return RecordingServer()


def engine_at(address: str, server: RecordingServer) -> Engine:
    return Engine(read_engine_address(address), server)


def test_what_the_rounded_vectors_find_is_ranked_by_the_vectors(server):
    engine_at("qdrant://localhost/notes", server).nearest(NEAR, all_of(), 10)
    (asked,) = server.parameters
    assert asked.quantization.rescore
    assert not asked.exact


def test_an_exact_search_looks_at_no_rounded_vector(server):
    engine_at("qdrant://localhost/notes?exact", server).nearest(NEAR, all_of(), 10)
    (asked,) = server.parameters
    assert asked.exact
    assert asked.quantization.ignore


def test_words_are_added_up_as_they_are(server):
    engine_at("qdrant://localhost/notes", server).best_by_words("notes", {3: 1.5}, all_of(), 10, ())
    assert server.parameters == [None]
