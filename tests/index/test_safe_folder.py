"""An index folder that came from somebody else writes to nothing outside itself."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from notesearch.errors import NotesearchError, UnusableIndexError
from notesearch.index import index_layout
from notesearch.index.check import check_index
from notesearch.index.store import Store
from notesearch.index.update import update_index
from tests.index.contents import contents_of
from tests.index.corpora import LineCorpus, plan_of

NAMES = (
    "lock",
    "lock.holder",
    "embedded.journal",
    "catalog.sqlite",
    "catalog.sqlite.new",
    "catalog.sqlite-wal",
    "corpus.txt",
    "map.json",
    "vectors-1.faiss",
    "vectors-1.faiss.new",
    "vectors-2.faiss.new",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("there", ["nothing yet", "an index"])
def test_link_in_the_folder_is_refused_by_name(
    corpus: LineCorpus, index_dir: Path, tmp_path: Path, name: str, there: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    if there == "an index":
        update_index(index_dir, plan_of(corpus))
    index_dir.mkdir(exist_ok=True)
    (index_dir / name).unlink(missing_ok=True)
    (index_dir / name).symlink_to(precious)
    corpus.write("new.md", "robot")

    for use in (
        lambda: update_index(index_dir, plan_of(corpus)),
        lambda: update_index(index_dir, plan_of(corpus, rebuild=True)),
        lambda: Store(index_dir),
        lambda: check_index(index_dir, fix=True),
    ):
        with pytest.raises(UnusableIndexError):
            use()
    with pytest.raises(UnusableIndexError, match=f"{name}: is a link, and no index holds such"):
        update_index(index_dir, plan_of(corpus))
    assert precious.read_text(encoding="utf-8") == "mine"
    assert (index_dir / name).is_symlink()


@pytest.mark.parametrize("name", NAMES)
def test_pipe_in_the_folder_is_refused_and_not_waited_for(
    corpus: LineCorpus, index_dir: Path, name: str
) -> None:
    update_index(index_dir, plan_of(corpus))
    (index_dir / name).unlink(missing_ok=True)
    os.mkfifo(index_dir / name)

    with pytest.raises(UnusableIndexError, match=f"{name}: is no regular file"):
        update_index(index_dir, plan_of(corpus))
    with pytest.raises(UnusableIndexError, match=f"{name}: is no regular file"):
        Store(index_dir)


@pytest.mark.parametrize("name", NAMES)
def test_folder_in_the_place_of_a_file_is_an_error_of_one_line(
    corpus: LineCorpus, index_dir: Path, name: str
) -> None:
    update_index(index_dir, plan_of(corpus))
    (index_dir / name).unlink(missing_ok=True)
    (index_dir / name).mkdir()
    corpus.write("new.md", "robot")

    for use in (
        lambda: update_index(index_dir, plan_of(corpus)),
        lambda: contents_of(index_dir),
        lambda: check_index(index_dir, fix=True),
    ):
        with suppress(NotesearchError):
            use()


def test_link_to_nowhere_makes_nothing_there(
    corpus: LineCorpus, index_dir: Path, tmp_path: Path
) -> None:
    index_dir.mkdir()
    (index_dir / "lock.holder").symlink_to(tmp_path / "planted")

    with pytest.raises(UnusableIndexError, match=r"lock\.holder: is a link"):
        update_index(index_dir, plan_of(corpus))
    assert not (tmp_path / "planted").exists()


@pytest.mark.skipif(os.name == "nt", reason="folders have other permissions there")
def test_folder_of_somebody_else_that_others_write_into_is_refused(
    corpus: LineCorpus, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_index(index_dir, plan_of(corpus))
    me = os.getuid()
    monkeypatch.setattr(index_layout.os, "getuid", lambda: me + 1)

    index_dir.chmod(0o777)
    with pytest.raises(UnusableIndexError, match="another user's folder that others may write"):
        Store(index_dir)
    index_dir.chmod(0o755)  # one that somebody shares for reading
    Store(index_dir).close()


def test_folder_reached_by_a_link_is_fine(
    corpus: LineCorpus, index_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    index_dir.symlink_to(tmp_path / "far")

    assert update_index(index_dir, plan_of(corpus)).passages == 4
