"""Searchers over notes that a test writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notesearch.index.store import Store
from tests.fakes import WordEmbedder
from tests.search.written import AskedStore, Written, build_store

BuildSearcher = Callable[..., AskedStore]


@pytest.fixture
def searcher_of(tmp_path: Path) -> Iterator[BuildSearcher]:
    stores: list[Store] = []

    def build(*notes: Written) -> AskedStore:
        stores.append(build_store(tmp_path / f"index{len(stores)}", *notes))
        return AskedStore(stores[-1], WordEmbedder, least_relevance=0.0)

    yield build
    for store in stores:
        store.close()
