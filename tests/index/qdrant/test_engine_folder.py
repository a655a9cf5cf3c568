"""An engine without a server: the folder of its client, on a real disk."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.index.qdrant import engine_requests
from notesearch.index.qdrant.engine_errors import EngineError
from tests.conftest import write_notes
from tests.fakes import WordEmbedder


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an index that has been made."""
    monkeypatch.setattr(engine_requests, "WAITS_S", (0.0,))
    write_notes(tmp_path / "notes")
    (tmp_path / "engine").mkdir(mode=0o755)
    address = f"qdrant://{tmp_path}/engine/notes"
    with Index.open(address, WordEmbedder(), create=True) as index:
        index.update(tmp_path / "notes")
    return address


@contextmanager
def full_disk(most_bytes: int) -> Iterator[None]:
    """Have no file grow beyond so many bytes."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def test_full_disk_is_named_and_leaves_the_index_as_it_was(made: str, tmp_path: Path) -> None:
    with Index.open(made, WordEmbedder()) as index:
        before = index.query("policy reward")
    (tmp_path / "notes/new.md").write_text("# Robots\n\n" + "A robot has a policy. " * 5000)
    with (
        Index.open(made, WordEmbedder()) as index,
        full_disk(20_000),
        pytest.raises(EngineError, match="whether its disk is full"),
    ):
        index.update(tmp_path / "notes")
    with Index.open(made, WordEmbedder()) as index:
        assert index.query("policy reward") == before
        index.update(tmp_path / "notes")
        index.check(fix=True)
        assert index.check() == ()
        assert index.query("robot policy")[0].path == "new.md"


@pytest.mark.parametrize("name", ["meta.json", "collection/notes-records/storage.sqlite"])
def test_damaged_files_are_named(made: str, tmp_path: Path, name: str) -> None:
    assert (tmp_path / "engine" / name).is_file()
    (tmp_path / "engine" / name).write_bytes(b"\x00\xff rubbish" * 1000)
    with pytest.raises(EngineError, match=r"cannot be used .*; check the folder"):
        Index.open(made, WordEmbedder())


def test_folder_that_others_may_write_into_is_not_opened(made: str, tmp_path: Path) -> None:
    (tmp_path / "engine").chmod(0o777)
    with pytest.raises(EngineError, match="another user may write into"):
        Index.open(made, WordEmbedder())
