from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.engine_address import (
    engine_of_folder,
    folder_of_engine,
    is_engine_address,
    read_engine_address,
    shown_index,
)
from notesearch.errors import UsageError


@pytest.mark.parametrize(
    ("text", "host", "port", "folder", "name"),
    [
        ("qdrant://localhost:6333/notes", "localhost", 6333, None, "notes"),
        ("qdrant://Search.example.org/my-notes", "search.example.org", 6333, None, "my-notes"),
        ("qdrants://[::1]:7000/n", "[::1]", 7000, None, "n"),
        ("qdrant:///srv/engine/notes", "", 6333, Path("/srv/engine"), "notes"),
        ("qdrant://host/notes?exact", "host", 6333, None, "notes"),
    ],
)
def test_address_is_taken_apart(text, host, port, folder, name):
    address = read_engine_address(text)
    assert (address.host, address.port, address.folder, address.name) == (host, port, folder, name)
    assert address.is_encrypted == text.startswith("qdrants")
    assert address.is_exact == text.endswith("exact")
    assert engine_of_folder(folder_of_engine(address)) == address
    assert shown_index(folder_of_engine(address)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("qdrant://", "qdrant://host", "qdrant://host/", "qdrant://host/a/b", "qdrant:///notes"),
        *("qdrant://host:0/n", "qdrant://host:port/n", "qdrant://ho st/n", "qdrants:///srv/n"),
        *("qdrant://host/No", "qdrant://host/../n?x", f"qdrant://{'h' * 300}/n"),
        *("qdrant://host/n#x", "qdrant://host/n?limit=1"),
    ],
)
def test_what_is_no_address_is_refused_with_the_forms(text):
    with pytest.raises(UsageError) as refused:
        read_engine_address(text)
    assert "qdrant" in str(refused.value)


def test_a_key_in_an_address_is_refused_and_not_shown():
    with pytest.raises(UsageError) as refused:
        read_engine_address("qdrant://me:secret@host/notes")
    assert "secret" not in str(refused.value)


def test_a_folder_that_came_from_elsewhere_names_no_engine(tmp_path):
    name = folder_of_engine(read_engine_address("qdrant://evil.example.org/notes")).name
    assert engine_of_folder(tmp_path / name) is None
    assert engine_of_folder(Path("index")) is None
    assert not is_engine_address("index")
    assert not is_engine_address("C:/notes")
