"""An index that came from elsewhere, is damaged or being made: real folder, index and command."""

from __future__ import annotations

import random
import shlex
import shutil
from pathlib import Path

import pytest

from notesearch import Index, Settings
from notesearch.cli.output import ExitCode
from notesearch.errors import CorpusError, LockedError, UnusableIndexError
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import is_remembered
from tests.cli.conftest import Run, run
from tests.conftest import write_notes
from tests.fakes import WordEmbedder
from tests.index.faults import flipped_byte, holding_the_lock

__all__ = ["run"]


def embedder() -> WordEmbedder:
    return WordEmbedder(name="notesearch-encoder")


def make(index_dir: Path, corpus: Path) -> None:
    write_notes(corpus)
    with Index.open(index_dir, embedder(), create=True) as index:
        index.update(corpus)


# ------------------------------------------------------------ an index that came from elsewhere


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index in a folder of somebody else's, made of a folder outside it."""
    make(tmp_path / "theirs/download/index", tmp_path / "private")
    shutil.rmtree(tmp_path / "state-of-the-user")
    return tmp_path / "theirs/download/index"


def test_folder_that_a_foreign_index_names_is_not_walked(
    foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.corpus import folder as corpus_folder

    walked: list[Path] = []
    plain = corpus_folder.list_files
    monkeypatch.setattr(
        corpus_folder,
        "list_files",
        lambda folder, *a, **k: walked.append(folder) or plain(folder, *a, **k),
    )
    with Index.open(foreign, embedder()) as index:
        assert index.query("reward model")
        with pytest.raises(CorpusError, match=r"made elsewhere, of .*private, which is left"):
            index.drift()
        with pytest.raises(CorpusError, match="was made elsewhere"):
            index.update()
        assert index.status().drift is None
        assert walked == []

        index.update(tmp_path / "private")  # who says so means it
        assert index.drift() is not None
    assert walked


def test_corpus_of_the_settings_is_walked_whoever_made_the_index(
    foreign: Path, tmp_path: Path
) -> None:
    settings = Settings(corpus=tmp_path / "private")
    with Index.open(foreign, embedder(), settings=settings) as index:
        assert index.drift() is not None


def test_corpus_beside_the_index_needs_nothing_remembered(tmp_path: Path) -> None:
    make(tmp_path / "index", tmp_path / "corpus")

    with Index.open(tmp_path / "index", embedder()) as index:
        assert index.drift() is not None
    assert not (tmp_path / "state-of-the-user").exists()


def test_index_of_notes_elsewhere_is_remembered_for_its_maker_alone(tmp_path: Path) -> None:
    make(tmp_path / "one/index", tmp_path / "notes")

    (kept,) = (tmp_path / "state-of-the-user").rglob("indexes/*")
    assert is_remembered(kept.name)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    with Index.open(tmp_path / "one/index", embedder()) as index:
        assert index.drift() is not None


def test_identity_that_is_a_path_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "state-of-the-user/notesearch/indexes").mkdir(parents=True)
    (tmp_path / "state-of-the-user/notesearch/x").touch()

    assert not is_remembered("../x")


@pytest.mark.parametrize("catalog", [None, b"no database " * 1000])
def test_folder_that_a_foreign_file_beside_the_catalog_names_is_not_walked(
    here: Path, run: Run, catalog: bytes | None
) -> None:
    (here.parent / "private").mkdir(exist_ok=True)
    (here.parent / "private/secret.md").write_text("# Secret\n\nA robot.\n", encoding="utf-8")
    shutil.rmtree(here / "index")
    (here / "index").mkdir()
    (here / "index/corpus.txt").write_text("../../private\n" + "0" * 32, encoding="utf-8")
    if catalog:
        (here / "index/catalog.sqlite").write_bytes(catalog)

    for command in (("query", "robot"), ("status",), ("index",), ("index", "--rebuild")):
        ended = run(*command)
        assert "private" not in ended.err + ended.out
        assert "Secret" not in ended.out


def test_link_in_the_place_of_the_default_corpus_is_not_followed(here: Path, run: Run) -> None:
    shutil.move(here / "corpus", here.parent / f"{here.name}-private")
    (here / "corpus").symlink_to(here.parent / f"{here.name}-private")
    shutil.rmtree(here / "index")

    ended = run("query", "reward model")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "corpus is a link out of this folder" in ended.err
    remedy = ended.err.splitlines()[-1].partition("run: ")[2]
    assert run(*shlex.split(remedy)[1:]).code == ExitCode.OK  # who says so means it
    assert run("query", "reward model").code == ExitCode.OK


def test_link_in_the_place_of_the_default_index_is_not_followed(here: Path, run: Run) -> None:
    shutil.move(here / "index", here.parent / f"{here.name}-index")
    (here / "index").symlink_to(here.parent / f"{here.name}-index")
    before = sorted(path.name for path in (here.parent / f"{here.name}-index").iterdir())

    for command in (("query", "reward model"), ("index", "--rebuild"), ("notes",)):
        ended = run(*command)
        assert (ended.code, ended.out) == (ExitCode.INDEX, "")
        assert "index is a link out of this folder" in ended.err
    assert before == sorted(path.name for path in (here.parent / f"{here.name}-index").iterdir())


def test_file_of_a_foreign_index_is_not_opened(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, run: Run, word_model: None
) -> None:
    monkeypatch.setenv("EDITOR", "cat")
    monkeypatch.delenv("VISUAL", raising=False)

    ended = run("show", "rl/dpo.md", "--open", "--index", str(foreign))
    assert ended.code == ExitCode.USAGE
    assert "was made elsewhere" in ended.err


# ------------------------------------------------------------ damage, and the way out


def test_remedy_followed_to_the_letter_mends_the_index_it_is_about(here: Path, run: Run) -> None:
    write_notes(here / "other notes")
    (here / "other notes/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    assert run("index", "other notes", "--index", "ix").code == ExitCode.OK
    (here / "ix/catalog.sqlite").write_bytes(b"no database " * 1000)

    ended = run("query", "robot", "--index", "ix")
    assert ended.code == ExitCode.INDEX
    remedy = ended.err.splitlines()[-1].partition("run: ")[2]
    assert shlex.split(remedy) == [
        "notesearch", "index", "other notes", "--index", "ix", "--rebuild",
    ]  # fmt: skip
    assert run(*shlex.split(remedy)[1:]).code == ExitCode.OK
    assert run("query", "robot", "--index", "ix", "--paths", "-k", "1").out == "new.md\n"


def test_damaged_catalog_without_its_corpus_asks_for_it(here: Path, run: Run) -> None:
    (here / "index/catalog.sqlite").write_bytes(b"no database " * 1000)
    (here / "index/corpus.txt").unlink()

    ended = run("index", "--rebuild")
    assert ended.code == ExitCode.INDEX
    assert "does not say which folder it was made of" in ended.err
    assert "with your folder of notes for CORPUS" in ended.err
    assert run("index", "corpus", "--rebuild").code == ExitCode.OK


def test_damaged_page_names_corpus_and_index(here: Path) -> None:
    catalog = here / "index/catalog.sqlite"
    place = catalog.read_bytes().index(b"A policy takes small steps")

    with (
        flipped_byte(catalog, random.Random(1), place),
        Index.open("index", embedder()) as index,
        pytest.raises(UnusableIndexError) as caught,
    ):
        index.show("rl/ppo.md")
    assert caught.value.for_shell.endswith("run: notesearch index corpus --index index --rebuild")


# ------------------------------------------------------------ a first build


def test_index_that_is_being_made_says_who_makes_it(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with holding_the_lock(tmp_path / "index") as holder, pytest.raises(LockedError) as caught:
        Index.open(tmp_path / "index", embedder())
    assert f"is being made by process {holder} since" in str(caught.value)
    with pytest.raises(UnusableIndexError, match="holds no index; open it with create=True"):
        Index.open(tmp_path / "index", embedder())


def test_interrupted_build_keeps_what_was_embedded_and_counts_it(tmp_path: Path) -> None:
    class Interrupted(WordEmbedder):
        def embed_passages(self, texts):  # type: ignore[no-untyped-def]
            if self.embedded:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(100):
        text = f"# Note {number}\n\nA policy with {number} rewards.\n"
        (corpus / f"{number}.md").write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", Interrupted(), create=True) as index:
        assert index.kept_passages() == 0
        with pytest.raises(KeyboardInterrupt):
            index.update(corpus)
        assert index.kept_passages() == 8
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        report = index.update(corpus)
        assert (report.passages, report.passages_embedded) == (100, 92)
        assert index.kept_passages() == 0


def test_full_disk_at_the_holders_note_is_no_reason_to_fail(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.index import lock

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock, "write_whole", full)
    with Index.open("index", embedder()) as index:
        assert index.update().is_unchanged
    assert not IndexLayout(here / "index").journal.exists()
